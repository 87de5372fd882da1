package io.flotilla.samples.shape;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import io.flotilla.step.ResultSink;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import io.flotilla.testkit.UndisturbedTime;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShapeTest {

    @TempDir
    private Path home;

    @Test
    void run_threeForms_haveTheSameOutcomesAndKeepEveryResult() {
        Captured run = Captured.run(new Shape(), home, Map.of());

        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        for (String line : new String[] {
            "counter  10 characters",
            "shouter  AHOY THERE",
            "parser   failed: java.lang.NumberFormatException: For input string: \"ahoy there\"",
            "caller   failed: java.lang.IllegalStateException: nobody answers",
            "silent   no answer in time"
        }) {
            assertThat(run.out().lines().filter(printed -> printed.strip().equals(line)))
                    .as(line)
                    .hasSize(3);
        }
        assertThat(run.out()).contains("the sink: 5 steps: 2 succeeded, 2 failed, 1 timed_out");
        assertThat(run.out().lines()).last().isEqualTo("The three are the same.");
    }

    @Test
    void forms_inVirtualTime_eachTakesTheLimitOfTheSilentAgent() {
        UndisturbedTime.verifier(() -> Shape.byHand(Shape.crew()))
                .expectNextCount(3)
                .thenAwait(Duration.ofMillis(20))
                .expectNextCount(1)
                .expectNoEvent(Duration.ofMillis(280))
                .expectNext(new Shape.Outcome("silent", "no answer in time"))
                .verifyComplete();

        ResultSink<String> sink = ResultSink.keepingAll();
        UndisturbedTime.verifier(() -> Shape.composed(
                        StepEngine.builder().stepTimeout(Duration.ofMillis(300)).build(), Shape.crew(), sink))
                .expectNextCount(3)
                .thenAwait(Duration.ofMillis(20))
                .expectNextCount(1)
                .expectNoEvent(Duration.ofMillis(280))
                .expectNextMatches(result -> result.kind() == StepResult.Kind.TIMED_OUT)
                .verifyComplete();
        assertThat(sink.report().size()).isEqualTo(5);
        assertThat(sink.report().resultsOf("silent")).hasSize(1);
    }
}
