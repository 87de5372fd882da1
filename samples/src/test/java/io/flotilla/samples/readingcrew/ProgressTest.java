package io.flotilla.samples.readingcrew;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.samples.shell.Output;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import io.flotilla.testkit.UndisturbedTime;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

class ProgressTest {

    private static final Agent<String, String> GOOD = Agent.of("good", (input, context) -> Mono.just("done"));
    private static final Agent<String, String> BAD =
            Agent.of("bad", (input, context) -> Mono.error(new IllegalStateException("bad")));

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    private final Output output = new Output(out, out, false);

    @Test
    void lines_manySteps_oneForEveryTenth() {
        List<Agent<String, String>> agents = new ArrayList<>();
        IntStream.range(0, 200).forEach(at -> agents.add(at % 4 == 0 ? BAD : GOOD));

        StepVerifier.create(results(agents, new Progress(new LineView(200, output))))
                .expectNextCount(200)
                .verifyComplete();

        List<String> lines = printed.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(lines).hasSize(10);
        assertThat(lines.get(0)).startsWith("  10 %  20 of 200: 15 done, 5 failed");
        assertThat(lines.get(9)).isEqualTo(" 100 %  200 of 200: 150 done, 50 failed, 0 in flight");
    }

    @Test
    void show_stepsInFlight_countedUntilTheirResult() {
        List<String> shown = new ArrayList<>();
        Progress progress = new Progress(recording(shown));
        Sinks.One<String> answer = Sinks.one();
        Agent<String, String> waiting = Agent.of("waiting", (input, context) -> answer.asMono());

        StepVerifier.create(results(List.of(waiting, BAD, GOOD), progress))
                .expectNextCount(2)
                .then(() -> answer.tryEmitValue("done"))
                .expectNextCount(1)
                .verifyComplete();

        assertThat(shown).contains("1 done, 1 failed, 1 in flight").endsWith("2 done, 1 failed, 0 in flight");
    }

    @Test
    void show_stepTimesOut_failed() {
        List<String> shown = new ArrayList<>();
        Agent<String, String> silent = Agent.of("silent", (input, context) -> Mono.never());

        UndisturbedTime.verifier(() -> results(List.of(silent), new Progress(recording(shown))))
                .thenAwait(StepEngine.DEFAULT_STEP_TIMEOUT)
                .expectNextCount(1)
                .verifyComplete();

        assertThat(shown).endsWith("0 done, 1 failed, 0 in flight");
    }

    @Test
    void close_resultsComeLater_notShown() {
        List<String> shown = new ArrayList<>();
        Progress progress = new Progress(recording(shown));
        progress.close();
        progress.close();

        StepVerifier.create(results(List.of(GOOD), progress)).expectNextCount(1).verifyComplete();

        assertThat(shown).containsExactly("closed");
    }

    @Test
    void bar_steps_drawnOverItself() {
        ProgressView bar = new BarView(2, out);
        bar.show(1, 1, 0);
        bar.close();

        assertThat(printed.toString(StandardCharsets.UTF_8))
                .contains("\rReading")
                .contains("1 done, 1 failed, 0 in flight")
                .contains("100%");
    }

    private static Flux<StepResult<String>> results(List<Agent<String, String>> agents, Progress progress) {
        Flux<StepResult<String>> results = StepEngine.builder().interceptor(progress).build().stream(agents, "go");
        return results.doOnNext(progress::ended);
    }

    private static ProgressView recording(List<String> shown) {
        return new ProgressView() {
            @Override
            public void show(int done, int failed, int inFlight) {
                shown.add(done + " done, " + failed + " failed, " + inFlight + " in flight");
            }

            @Override
            public void close() {
                shown.add("closed");
            }
        };
    }
}
