package io.flotilla.samples.pooling;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class PoolingTest {

    @TempDir
    private Path home;

    @Test
    void run_crashedSession_failsOneStepAndIsReplaced() {
        Captured run = Captured.run(new Pooling(), home, Map.of("seed", "42"));

        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(run.out())
                .contains("warm: 3 sessions opened")
                .contains("40 steps: 39 succeeded, 1 failed, never more than 3 at work")
                .contains("the session has crashed")
                .contains("CREATION_FAILED")
                .contains("the crashed session was replaced: true");
        assertThat(run.out().lines().count()).isLessThan(25);
        assertThat(Captured.run(new Pooling(), home, Map.of("seed", "42")).out())
                .as("the same every time")
                .isEqualTo(run.out());
    }
}
