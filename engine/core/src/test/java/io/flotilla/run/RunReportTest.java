package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** A recorded run as one page. */
@Timeout(60)
class RunReportTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final String HOSTILE = "</script><script>alert(1)</script><!-- password=hunter2";

    @TempDir
    private Path folder;

    private final Journal journal = Journal.inMemory();

    private Workflow<String, String> workflow() {
        return Workflow.builder(
                        Topology.parse("start -> Boss\nBoss <-> Worker\nBoss -> end\nBoss -> user"), String.class)
                .name("crew")
                .version("7")
                .journal(journal)
                .engine(StepEngine.builder()
                        .redactor(text -> text.replace("hunter2", "***"))
                        .build())
                .joinAt("Boss", Join.allSettled().orProceed())
                .agent("Boss", Agent.of("Boss", (turn, context) -> Mono.fromSupplier(() -> decide(turn))))
                .agent(
                        "Worker",
                        Agent.of(
                                "Worker",
                                (turn, context) -> Objects.equals(turn.input(), 3)
                                        ? Mono.error(new IllegalStateException(HOSTILE))
                                        : Mono.just(Decision.answer(turn.input()))))
                .build();
    }

    @Test
    void report_ofARunWithAState_hasWhatWasWrittenRedacted() throws IOException {
        Workflow<String, String> writing = TestRuns.alone(Agent.of("Solo", (turn, context) -> {
                    context.state().put("plan", "password=hunter2");
                    return Mono.just(Decision.answer("done"));
                }))
                .journal(journal)
                .engine(StepEngine.builder()
                        .redactor(text -> text.replace("hunter2", "***"))
                        .build())
                .build();
        Run<String> run = writing.start("go");
        assertThat(TestRuns.ended(run).isSucceeded()).isTrue();

        Path page =
                writing.runs().report(run.runId(), folder.resolve("state.html")).block(SOON);
        assertThat(Files.readString(page))
                .contains("state-written", "password=***")
                .doesNotContain("hunter2");
    }

    private static Decision decide(Turn turn) {
        return switch (turn.reason()) {
            case REQUESTED ->
                "ask".equals(turn.input())
                        ? Decision.ask(Question.of("May I?"))
                        : Decision.fanOut(Stream.of(1, 2, 3, 4)
                                .map(number -> Invocation.of("Worker", number))
                                .toList());
            default -> Decision.answer("done, password=hunter2 " + HOSTILE);
        };
    }

    private String page(Workflow<String, String> workflow, String runId) throws IOException {
        Path file = folder.resolve("new/reports/run.html");
        assertThat(workflow.runs().report(runId, file).block(SOON)).isEqualTo(file);
        try (Stream<Path> files = Files.list(Objects.requireNonNull(file.getParent()))) {
            assertThat(files).containsExactly(file);
        }
        return Files.readString(file);
    }

    @Test
    void report_endedRun_hasItsEventsTopologyAndResult() throws IOException {
        Workflow<String, String> workflow = workflow();
        RunResult<String> result = Objects.requireNonNull(workflow.run("go").block(SOON));

        String page = page(workflow, result.runId());

        long events = Objects.requireNonNull(
                workflow.runs().events(result.runId()).count().block(SOON));
        assertThat(occurrences(page, "\"type\":\"[a-z-]+\",\"sequence\":")).isEqualTo(events);
        assertThat(page)
                .contains("<title>crew " + result.runId() + "</title>")
                .contains("\"workflow\":\"crew\",\"version\":\"7\",\"status\":\"succeeded\"")
                .contains("{\"name\":\"Worker\",\"kind\":\"agent\"}", "{\"name\":\"user\",\"kind\":\"user\"}")
                .contains("[\"Boss\",\"Worker\"]", "[\"start\",\"Boss\"]", "[\"Boss\",\"user\"]")
                .contains("\"type\":\"branch-failed\"")
                .contains("\"result\":\"done, password=***");
    }

    @Test
    void report_hostileTexts_areDataAndRedacted() throws Exception {
        Workflow<String, String> workflow = workflow();
        RunResult<String> result = Objects.requireNonNull(workflow.run("go").block(SOON));

        String page = page(workflow, result.runId()).replace("http://www.w3.org/2000/svg", "(a namespace)");

        assertThat(page)
                .doesNotContain("hunter2", "alert(1)</script>", "http://", "https://", "//cdn")
                .contains("\\u003c/script\\u003e\\u003cscript\\u003ealert(1)");
        assertThat(occurrences(page, "<script")).isEqualTo(2);
        assertThat(occurrences(page, "</script>")).isEqualTo(2);
        assertThat(occurrences(page, "<!--")).isZero();
        for (String element : List.of("style", "script")) {
            Matcher matcher = Pattern.compile("<" + element + ">(.*?)</" + element + ">", Pattern.DOTALL)
                    .matcher(page.replace("(a namespace)", "http://www.w3.org/2000/svg"));
            assertThat(matcher.find()).isTrue();
            byte[] hash =
                    MessageDigest.getInstance("SHA-256").digest(matcher.group(1).getBytes(StandardCharsets.UTF_8));
            assertThat(page)
                    .contains(element + "-src 'sha256-" + Base64.getEncoder().encodeToString(hash) + "'");
        }
    }

    private static long occurrences(String text, String pattern) {
        return Pattern.compile(pattern).matcher(text).results().count();
    }

    @Test
    void report_runThatWaits_isShownAsFarAsItIs() throws IOException {
        Workflow<String, String> workflow = workflow();
        Run<String> run = workflow.start("ask");
        run.events().filter(RunEvent.QuestionAsked.class::isInstance).blockFirst(SOON);

        String page = page(workflow, run.runId());

        assertThat(page)
                .contains("\"status\":\"running\"", "\"type\":\"question-asked\"", "\"text\":\"May I?\"")
                .doesNotContain("\"result\":");
        run.cancel();
    }

    @Test
    void report_labels_areShown() throws IOException {
        Workflow<String, String> workflow = workflow();
        Run<String> run = Objects.requireNonNull(
                workflow.submit("go", RunOptions.none().label("tenant", "blue")).block(SOON));
        run.result().block(SOON);

        assertThat(page(workflow, run.runId())).contains("\"labels\":{\"tenant\":\"blue\"}");
    }

    @Test
    void report_unknownRun_isAnErrorAndLeavesNoFile() {
        Path file = folder.resolve("run.html");

        StepVerifier.create(workflow().runs().report("nobody", file))
                .expectError(UnknownRunException.class)
                .verify(SOON);

        assertThat(file).doesNotExist();
    }

    @Test
    void report_fileCannotBeWritten_isAnErrorThatNamesIt() throws IOException {
        Workflow<String, String> workflow = workflow();
        RunResult<String> result = Objects.requireNonNull(workflow.run("go").block(SOON));
        Path taken = Files.createDirectories(folder.resolve("taken/full"));

        StepVerifier.create(workflow.runs().report(result.runId(), Objects.requireNonNull(taken.getParent())))
                .expectErrorSatisfies(failed -> assertThat(failed)
                        .isInstanceOf(UncheckedIOException.class)
                        .hasMessageContaining("cannot write the report"))
                .verify(SOON);
    }

    @Test
    void report_null_isRefusedAtTheCall() {
        Runs<String> runs = workflow().runs();

        assertThatThrownBy(() -> runs.report(null, folder)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> runs.report("run", null)).isInstanceOf(NullPointerException.class);
    }
}
