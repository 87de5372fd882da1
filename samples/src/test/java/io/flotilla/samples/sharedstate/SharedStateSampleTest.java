package io.flotilla.samples.sharedstate;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SharedStateSampleTest {

    @TempDir
    private Path home;

    @Test
    void run_manyClerks_noSeatIsLostOrSoldTwice() {
        Captured run = Captured.run(new SharedStateSample(), home, Map.of());

        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .contains("one:   Committed[result=99, version=3]")
                .contains("other: Conflict[keys=[seats], version=3]")
                .contains(
                        "a sale that breaks down: RolledBack[cause=java.lang.IllegalStateException: the till is broken]")
                .contains("seats left: 99")
                .containsPattern("left \\d+ \\+ sold \\d+ = 100");
        assertThat(run.out().lines().count()).isLessThan(25);
        assertThat(Captured.run(new SharedStateSample(), home, Map.of()).out())
                .as("the same every time")
                .isEqualTo(run.out());
    }
}
