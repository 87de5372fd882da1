package io.flotilla.samples.isolation;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IsolationTest {

    @TempDir
    private Path home;

    @Test
    void run_oneAgentFails_workerCountsToOneAndFailureIsReported() {
        Captured run = Captured.run(new Isolation(), home, Map.of());

        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .contains("isolate: the worker's counter is 1")
                .containsPattern("failing +FAILED +java.lang.IllegalStateException: this agent always fails")
                .containsPattern("worker +SUCCEEDED +1")
                .contains("report: 2 steps: 1 succeeded, 1 failed");
    }

    @Test
    void run_failFast_raisesTheFailureAndNamesTheAgent() {
        Captured run = Captured.run(new Isolation(), home, Map.of());

        assertThat(run.out())
                .contains("fail-fast: raised StepFailedException")
                .containsPattern("agent: +failing")
                .containsPattern("cause: +java.lang.IllegalStateException: this agent always fails");
    }
}
