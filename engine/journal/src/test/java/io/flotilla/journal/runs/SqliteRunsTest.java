package io.flotilla.journal.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepStateException;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.PayloadException;
import io.flotilla.journal.RunSummary;
import io.flotilla.journal.json.JsonPayloadCodec;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.Decision;
import io.flotilla.run.Question;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunResult;
import io.flotilla.run.RunState;
import io.flotilla.run.Runs;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

/** Runs in a file, gone on with by another journal and another workflow. */
@Timeout(60)
class SqliteRunsTest {

    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String SECRET = "sk-canary-4711";

    record Note(String text, int pages) {}

    private static final JsonPayloadCodec NOTES =
            JsonPayloadCodec.builder().register("note", Note.class).build();

    @TempDir
    Path folder;

    private SqliteJournal journal;
    private final List<String> ran = new CopyOnWriteArrayList<>();

    @BeforeEach
    void open() {
        journal = open(NOTES);
    }

    @AfterEach
    void close() {
        journal.close().block(SOON);
    }

    private SqliteJournal open(JsonPayloadCodec codec) {
        return SqliteJournal.builder(folder.resolve("runs.db")).codec(codec).open();
    }

    /** As after a restart, but for the process. */
    private void reopen(JsonPayloadCodec codec) {
        close();
        journal = open(codec);
        ran.clear();
    }

    /** Reads, asks, and gives a note of what it was answered. */
    private Workflow<String, Note> notes() {
        Agent<Turn, Decision> reader = Agent.of("Reader", (turn, context) -> {
            ran.add(context.idempotencyKey());
            return Mono.just(Decision.handOff("Writer", new Note(turn.input(String.class), 3)));
        });
        Agent<Turn, Decision> writer = Agent.of("Writer", (turn, context) -> {
            ran.add(context.idempotencyKey());
            return Mono.just(
                    turn.reason() == Turn.Reason.ANSWERED
                            ? Decision.handOff("end", turn.answer(Note.class))
                            : Decision.ask(Question.of("print " + turn.input(Note.class) + "?")));
        });
        return Workflow.builder(Topology.parse("start -> Reader -> Writer\nWriter -> user\nWriter -> end"), Note.class)
                .agent("Reader", reader)
                .agent("Writer", writer)
                .engine(StepEngine.builder()
                        .redactor(text -> text.replace(SECRET, "***"))
                        .build())
                .journal(journal)
                .build();
    }

    private Run<Note> asked() {
        Run<Note> run = notes().start("a book " + SECRET);
        run.events().ofType(RunEvent.QuestionAsked.class).blockFirst(SOON);
        return run;
    }

    @Test
    void recover_inAnotherJournal_goesOnWithoutRunningWhatHadSettled() {
        String runId = asked().runId();
        assertThat(ran).hasSize(2);
        reopen(NOTES);

        Runs<Note> runs = notes().runs();
        assertThat(runs.replay(runId).block(SOON).status()).isEqualTo(RunState.Status.RUNNING);
        Run<Note> resumed = runs.recoverAll().block(SOON).recovered().get(0);
        assertThat(resumed.runId()).isEqualTo(runId);
        assertThat(resumed.questions())
                .singleElement()
                .satisfies(question -> assertThat(question.toString()).contains("a book ***"));
        assertThat(resumed.answer(resumed.questions().get(0).id(), new Note("yes", 1))
                        .block(SOON))
                .isTrue();

        assertThat(resumed.result().block(SOON).answers()).containsExactly(new Note("yes", 1));
        assertThat(ran).hasSize(1).allMatch(key -> key.endsWith("#2"));
        reopen(NOTES);
        assertThat(notes().runs()
                        .recover(runId)
                        .flatMap(Run::result)
                        .block(SOON)
                        .answers())
                .containsExactly(new Note("yes", 1));
        assertThat(notes().runs().recoverAll().block(SOON).recovered()).isEmpty();
        assertThat(ran).isEmpty();
    }

    /** The note's class under its later name. */
    record Memo(String text, int pages) {}

    /** Keeps a note as its state, asks, and answers with what it reads of it then. */
    private <N> Workflow<String, String> keeping(Class<N> noteType) {
        return Workflow.builder(Topology.parse("start -> Solo\nSolo -> user, end"), String.class)
                .agent(
                        "Solo",
                        Agent.<Turn, Decision>of(
                                "Solo",
                                (turn, context) -> Mono.fromSupplier(() -> {
                                    if (turn.reason() == Turn.Reason.ANSWERED) {
                                        return Decision.answer(String.valueOf(
                                                (Object) context.state().get("note", noteType)));
                                    }
                                    context.state().merge("note", new Note("a", 3));
                                    return Decision.ask("go on?");
                                })))
                .mergeState("note", noteType, (N one, N other) -> other)
                .journal(journal)
                .build();
    }

    @Test
    void mergeState_ofAnIdThatTheRedactorMakesATextOf_isRefusedWhereItIsWritten() {
        List<String> refused = new CopyOnWriteArrayList<>();
        UUID secret = UUID.randomUUID();
        Workflow<String, String> flow = Workflow.builder(Topology.parse("start -> Solo -> end"), String.class)
                .agent(
                        "Solo",
                        Agent.<Turn, Decision>of(
                                "Solo",
                                (turn, context) -> Mono.fromSupplier(() -> {
                                    try {
                                        context.state().merge("id", secret);
                                    } catch (StepStateException no) {
                                        refused.add(no.getMessage());
                                    }
                                    context.state().merge("id", new UUID(0, 1));
                                    context.state().merge("seen", Set.of("a"));
                                    return Decision.answer("done");
                                })))
                .mergeState("id", UUID.class, (one, other) -> other)
                .mergeState("seen", Set.class, (one, other) -> other)
                .engine(StepEngine.builder()
                        .redactor(text -> text.replace(secret.toString(), "***"))
                        .build())
                .journal(journal)
                .build();
        Run<String> run = flow.start("x");

        assertThat(run.result().block(SOON).answer()).isEqualTo("done");
        assertThat(refused)
                .containsExactly(
                        "state \"id\": must be a java.util.UUID, and is read from the journal as a java.lang.String");
        assertThat(flow.runs().replay(run.runId()).block(SOON).values().keySet())
                .containsExactly("id", "seen");
    }

    @Test
    void state_ofAClassThatWasRenamed_isReadByItsNameInTheJournal() {
        Run<String> run = keeping(Note.class).start("x");
        run.events().ofType(RunEvent.QuestionAsked.class).blockFirst(SOON);
        reopen(JsonPayloadCodec.builder().register("note", Memo.class).build());

        Run<String> recovered = keeping(Memo.class).runs().recover(run.runId()).block(SOON);
        assertThat(recovered.answer("q0", "yes").block(SOON)).isTrue();

        assertThat(recovered.result().block(SOON).answer()).isEqualTo("Memo[text=a, pages=3]");
        assertThat(recovered.state().block(SOON).values().get("note").value()).isEqualTo(new Memo("a", 3));
    }

    @Test
    void state_ofAClassThatIsNotRegisteredAnyMore_isAnErrorThatNamesItAndNothingIsLost() {
        Run<String> run = keeping(Note.class).start("x");
        run.events().ofType(RunEvent.QuestionAsked.class).blockFirst(SOON);
        reopen(JsonPayloadCodec.builder().build());

        Runs<String> runs = keeping(Note.class).runs();
        assertThat(runs.stateAt(run.runId(), 1).block(SOON).values()).isEmpty();
        assertThatThrownBy(() -> runs.recover(run.runId()).block(SOON))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining("\"note\"");
        assertThatThrownBy(() -> runs.stateAt(run.runId(), 2).block(SOON)).isInstanceOf(PayloadException.class);
        reopen(NOTES);

        assertThat(keeping(Note.class)
                        .runs()
                        .replay(run.runId())
                        .block(SOON)
                        .values()
                        .get("note")
                        .value())
                .isEqualTo(new Note("a", 3));
    }

    @Test
    void listAndAtAndFork_inAnotherJournal_haveWhatWasRecorded() {
        Run<Note> run = asked();
        run.answer(run.questions().get(0).id(), new Note("yes", 1)).block(SOON);
        run.result().block(SOON);
        reopen(NOTES);
        Runs<Note> runs = notes().runs();

        assertThat(runs.list(JournalFilter.all())
                        .map(RunSummary::lastType)
                        .collectList()
                        .block(SOON))
                .containsExactly("run-finished");
        assertThat(runs.stateAt(run.runId(), 3).block(SOON).questions()).hasSize(1);
        RunResult<Note> other = runs.fork(run.runId(), 3, new Note("no", 0))
                .flatMap(Run::result)
                .block(SOON);
        assertThat(other.answers()).containsExactly(new Note("no", 0));
        assertThat(runs.replay(run.runId()).block(SOON).status()).isEqualTo(RunState.Status.SUCCEEDED);
        assertThat(runs.list(JournalFilter.all()).count().block(SOON)).isEqualTo(2);
    }

    @Test
    void journal_afterARun_hasNoSecretAndNoClassName() {
        Run<Note> run = asked();
        journal.read(run.runId(), 0)
                .map(entry -> new String(entry.payload(), StandardCharsets.UTF_8))
                .doOnNext(payload -> assertThat(payload)
                        .doesNotContain(SECRET)
                        .doesNotContain("io.flotilla")
                        .startsWith("{"))
                .blockLast(SOON);
        run.cancel();
    }

    @Test
    void run_withATypeThatIsNotRegistered_endsAndSaysWhich() {
        reopen(JsonPayloadCodec.builder().build());
        Run<Note> run = notes().start("a book");

        assertThatThrownBy(() -> run.result().block(SOON))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining("SqliteRunsTest$Note")
                .hasMessageContaining("register(");
        assertThat(ran).as("nothing came of it").hasSize(1);
        String runId = run.runId();
        reopen(NOTES);
        Run<Note> again = notes().runs().recover(runId).block(SOON);
        assertThat(again.events().ofType(RunEvent.QuestionAsked.class).blockFirst(SOON))
                .isNotNull();
        assertThat(ran).as("the step whose end was not written, and the next").hasSize(2);
        again.cancel();
        again.result().block(SOON);
    }

    @Test
    void recover_withoutATypeThatWasRegistered_saysUnderWhichName() {
        String runId = asked().runId();
        reopen(JsonPayloadCodec.builder().build());

        assertThatThrownBy(() -> notes().runs().recover(runId).block(SOON))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining("\"note\"");
    }

    @Test
    void resumeAndReplay_ofAWholeSum_runNothingTwice() {
        reopen(SumFlow.CODEC);
        Run<Long> run = SumFlow.over(journal, Duration.ZERO, ran::add).start(7L);
        assertThat(run.result().block(SOON).answer()).isEqualTo(SumFlow.answer(7));
        assertThat(ran).hasSize(SumFlow.steps()).doesNotHaveDuplicates();
        reopen(SumFlow.CODEC);

        Runs<Long> runs = SumFlow.over(journal, Duration.ZERO, ran::add).runs();
        assertThat(runs.replay(run.runId()).block(SOON).status()).isEqualTo(RunState.Status.SUCCEEDED);
        assertThat(runs.recover(run.runId()).flatMap(Run::result).block(SOON).answer())
                .isEqualTo(SumFlow.answer(7));
        assertThat(ran).isEmpty();
    }
}
