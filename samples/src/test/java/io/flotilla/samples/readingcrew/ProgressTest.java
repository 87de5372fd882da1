package io.flotilla.samples.readingcrew;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.samples.shell.Output;
import io.flotilla.step.FailureMode;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepFailedException;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
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

        run(agents, FailureMode.ISOLATE);

        List<String> lines = printed.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(lines).hasSize(10);
        assertThat(lines.get(0)).startsWith("  10 %  20 of 200: 15 done, 5 failed");
        assertThat(lines.get(9)).isEqualTo(" 100 %  200 of 200: 150 done, 50 failed, 0 in flight");
    }

    @Test
    void lines_failFast_noneAfterTheFailure() {
        Agent<String, String> silent = Agent.of("silent", (input, context) -> Mono.never());
        Progress progress = new Progress(new LineView(4, output), true);
        StepEngine engine = StepEngine.builder()
                .failureMode(FailureMode.FAIL_FAST)
                .with(progress)
                .build();

        StepVerifier.create(engine.<String, String>run(List.of(silent, silent, BAD, GOOD), "go"))
                .verifyError(StepFailedException.class);

        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .singleElement()
                .asString()
                .contains("1 of 4: 0 done, 1 failed");
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

    private void run(List<Agent<String, String>> agents, FailureMode mode) {
        Progress progress = new Progress(new LineView(agents.size(), output), false);
        StepEngine engine =
                StepEngine.builder().failureMode(mode).with(progress).build();
        StepVerifier.create(engine.run(agents, "go")).expectNextCount(1).verifyComplete();
        progress.close();
    }
}
