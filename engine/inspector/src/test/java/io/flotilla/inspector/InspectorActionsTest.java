package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.flotilla.journal.Journal;
import io.flotilla.run.Run;
import io.flotilla.run.RunResult;
import io.flotilla.run.RunState;
import io.flotilla.run.Workflow;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/** What can be done. */
class InspectorActionsTest {

    private static final String TOKEN = "correct-horse-battery-staple";

    private final Journal journal = Journal.inMemory();
    private final Workflow<Object, String> crew = Flows.crew("crew", journal);
    private final Workflow<Object, String> asking = Flows.asking("asking", journal);
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(Inspector.class);
    private Inspector inspector;
    private Client client;

    @BeforeEach
    void start() {
        inspector = Inspector.on(crew.runs(), asking.runs())
                .token(TOKEN)
                .allowActions(true)
                .start()
                .block(Client.PATIENCE);
        client = Client.of(inspector).token(TOKEN).with("X-Inspector-User", "ada");
        logger.setLevel(Level.INFO);
        lines.start();
        logger.addAppender(lines);
    }

    @AfterEach
    void stop() {
        logger.detachAppender(lines);
        logger.setLevel(null);
        inspector.stop().block(Client.PATIENCE);
    }

    private Run<String> asked() {
        Run<String> run = asking.start("x");
        while (run.questions().isEmpty()) {
            Thread.onSpinWait();
        }
        return run;
    }

    private Client.Answer post(Run<?> run, String action, String body) {
        return client.post("/api/runs/" + run.runId() + "/" + action, body);
    }

    @Test
    void pauseAndUnpause_ofALiveRun_changeItsState() {
        Run<String> run = asked();

        assertThat(post(run, "pause", "{}").json().get("paused").asBoolean()).isTrue();
        assertThat(run.state().block(Client.PATIENCE).status()).isEqualTo(RunState.Status.PAUSED);
        assertThat(post(run, "unpause", "").json().get("paused").asBoolean()).isFalse();
        assertThat(run.state().block(Client.PATIENCE).status()).isEqualTo(RunState.Status.RUNNING);
        run.cancel();
    }

    @Test
    void cancel_ofALiveRun_endsIt() {
        Run<String> run = asked();

        assertThat(post(run, "cancel", "{}").json().get("status").asString()).isEqualTo("cancelled");
        assertThat(run.result().block(Client.PATIENCE).status()).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(post(run, "cancel", "{}").code()).isEqualTo("run-ended");
    }

    @Test
    void recover_ofASuspendedRun_makesItLive() {
        Run<String> run = asked();
        assertThat(post(run, "recover", "{}").code()).isEqualTo("already-live");
        run.suspend().block(Client.PATIENCE);

        assertThat(post(run, "pause", "{}").code()).isEqualTo("not-live");
        assertThat(post(run, "recover", "{}").json().get("live").asBoolean()).isTrue();
        assertThat(asking.runs().find(run.runId())).isPresent();
        assertThat(post(run, "cancel", "{}").status()).isEqualTo(200);
        assertThat(post(run, "recover", "{}").code()).isEqualTo("run-ended");
        assertThat(post(run, "pause", "{}").code()).isEqualTo("run-ended");
    }

    @Test
    void answer_toAQuestion_isTakenOnce() {
        Run<String> run = asked();
        String question = run.questions().get(0).id();

        assertThat(post(run, "answer", "{\"question\":\"" + question + "\",\"value\":\"perhaps\"}")
                        .code())
                .isEqualTo("invalid-input");
        assertThat(post(run, "answer", "{\"question\":\"" + question + "\"}").code())
                .isEqualTo("invalid-parameter");
        assertThat(post(run, "answer", "{\"value\":1}").code()).isEqualTo("invalid-parameter");
        assertThat(post(run, "answer", "{\"question\":\"none\",\"value\":1}").code())
                .isEqualTo("question-not-open");
        assertThat(post(run, "answer", "{\"question\":\"" + question + "\",\"value\":\"yes\"}")
                        .json()
                        .get("answered")
                        .asBoolean())
                .isTrue();
        assertThat(run.result().block(Client.PATIENCE).answer()).isEqualTo("the answer is yes");
    }

    @Test
    void fork_atAnAnswer_isAnotherRunThatDiffersThere() {
        Run<String> run = asked();
        run.answer(run.questions().get(0).id(), "yes").block(Client.PATIENCE);
        run.result().block(Client.PATIENCE);

        JsonNode forked = post(run, "fork", "{\"at\":2,\"input\":\"no\"}").json();

        String fork = forked.get("run").asString();
        assertThat(asking.runs()
                        .recover(fork)
                        .flatMap(Run::result)
                        .block(Client.PATIENCE)
                        .answer())
                .isEqualTo("the answer is no");
        JsonNode compared =
                client.get("/api/compare?a=" + run.runId() + "&b=" + fork).json();
        assertThat(compared.get("common").asLong()).isEqualTo(2);
        assertThat(compared.get("difference").get("position").asLong()).isEqualTo(2);
        assertThat(compared.get("difference").get("a").get("type").asString()).isEqualTo("question-answered");
        assertThat(client.get("/api/compare?a=" + fork + "&b=" + fork)
                        .json()
                        .get("difference")
                        .isNull())
                .isTrue();
    }

    @Test
    void fork_ofTheStart_hasAnotherTask() {
        Run<String> run = crew.start(2);
        run.result().block(Client.PATIENCE);

        String fork =
                post(run, "fork", "{\"at\":0,\"input\":5}").json().get("run").asString();

        assertThat(crew.runs()
                        .recover(fork)
                        .flatMap(Run::result)
                        .block(Client.PATIENCE)
                        .answer())
                .isEqualTo("read 5");
        assertThat(client.get("/api/runs").json().get("runs").get(0).get("id").asString())
                .as("a fork is the newest")
                .isEqualTo(fork);
    }

    @Test
    void fork_byTheNumberOfAnEvent_isThatOfItsFact() {
        Run<String> run = crew.start(2);
        run.result().block(Client.PATIENCE);
        long settled = crew.runs()
                .events(run.runId())
                .filter(event -> event.type().equals("step-settled"))
                .next()
                .block(Client.PATIENCE)
                .sequence();

        Client.Answer answer = post(
                run, "fork", "{\"event\":" + settled + ",\"decision\":{\"kind\":\"answer\",\"value\":\"at once\"}}");

        String fork = answer.json().get("run").asString();
        assertThat(crew.runs()
                        .recover(fork)
                        .flatMap(Run::result)
                        .block(Client.PATIENCE)
                        .answer())
                .isEqualTo("at once");
    }

    @Test
    void fork_thatCannotBe_isATypedError() {
        Run<String> run = crew.start(2);
        run.result().block(Client.PATIENCE);

        assertThat(post(run, "fork", "{\"at\":99,\"input\":1}").code()).isEqualTo("invalid-input");
        assertThat(post(run, "fork", "{\"at\":-1}").code()).isEqualTo("invalid-parameter");
        assertThat(post(run, "fork", "{}").code()).isEqualTo("invalid-parameter");
        assertThat(post(run, "fork", "{\"at\":1,\"decision\":{\"kind\":\"dance\"}}")
                        .code())
                .isEqualTo("invalid-parameter");
    }

    @Test
    void cancelBranch_ofALiveRun_endsTheBranch() {
        Run<String> run = asked();
        String branch = run.questions().get(0).branch().toString();

        assertThat(post(run, "branches/nonsense/cancel", "{}").code()).isEqualTo("invalid-parameter");
        assertThat(post(run, "branches/9/cancel", "{}").status()).isBetween(400, 409);
        assertThat(post(
                                run,
                                "branches/"
                                        + java.net.URLEncoder.encode(branch, java.nio.charset.StandardCharsets.UTF_8)
                                        + "/cancel",
                                "{}")
                        .json()
                        .get("cancelled")
                        .asBoolean())
                .isTrue();
        assertThat(run.result().block(Client.PATIENCE).status()).isEqualTo(RunResult.Status.FAILED);
    }

    @Test
    void action_doneOrRefused_isLoggedWithWhoAndWhat() {
        Run<String> run = asked();

        post(run, "pause", "{}");
        post(run, "cancel", "{}");
        post(run, "cancel", "{}");

        assertThat(lines.list.stream().map(ILoggingEvent::getFormattedMessage))
                .hasSize(3)
                .allMatch(line -> line.contains(run.runId()) && line.contains("from=/127.0.0.1"))
                .anyMatch(line -> line.startsWith("inspector: action=pause") && line.endsWith("outcome=done"))
                .anyMatch(line -> line.contains("action=cancel") && line.endsWith("outcome=run-ended"));
        JsonNode recent = client.get("/api/actions").json().get("actions");
        assertThat(recent).hasSize(3);
        assertThat(recent.get(2).get("action").asString()).isEqualTo("pause");
        assertThat(recent.get(0).get("outcome").asString()).isEqualTo("run-ended");
        assertThat(recent.get(0).get("at").asString()).endsWith("Z");
    }
}
