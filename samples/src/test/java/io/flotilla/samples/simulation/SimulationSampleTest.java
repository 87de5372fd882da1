package io.flotilla.samples.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class SimulationSampleTest {

    @TempDir
    private Path home;

    private String run() {
        Captured run = Captured.run(new SimulationSample(), home, Map.of());
        assertThat(run.code()).isZero();
        return run.out();
    }

    @Test
    void run_always_findsShrinksAndReplaysTheFault() {
        String output = run();

        assertThat(output)
                .containsPattern("seed \\d+ fails: \\d+ booked one seat")
                .contains("20 clerks, ")
                .contains("agents=2 messages=1")
                .contains("faults=[]")
                .contains("2 booked one seat")
                .contains("replayed: the same log, to the byte")
                .contains("500 seeds passed");
        assertThat(output.lines().count()).as("one screen").isLessThan(25);
        assertThat(run()).as("every time").isEqualTo(output);
    }
}
