package io.flotilla.samples.batching;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class BatchingTest {

    @TempDir
    private Path home;

    @Test
    void run_aHundredSteps_fourCallsAndTheFailuresOfTheirOwn() {
        Captured run = Captured.run(new Batching(), home, Map.of());

        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .contains("4 calls of [25, 25, 25, 25] texts")
                .contains("answered: 74")
                .contains("failed:   1, java.lang.IllegalArgumentException: unreadable text")
                .contains("failed:   25, io.flotilla.pool.BatchException: the batch function failed")
                .contains("when the batcher is closed: 10000");
        assertThat(Captured.run(new Batching(), home, Map.of()).out())
                .as("the same every time")
                .isEqualTo(run.out());
    }
}
