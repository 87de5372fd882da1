package io.flotilla.samples.recordreplay;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class RecordReplayTest {

    @TempDir
    private Path home;

    private String run() {
        Captured run = Captured.run(new RecordReplay(), home, Map.of());
        assertThat(run.code()).isZero();
        return run.out();
    }

    @Test
    void run_always_matchesAndThenNamesTheFirstDivergence() {
        String output = run();

        assertThat(output)
                .contains("letter-3.4   billing -> closed    paid 900")
                .contains("11 messages received, 8 sent as recorded" + System.lineSeparator() + "  no difference")
                .contains("first difference: DIFFERENT_RECIPIENT")
                .contains("message   letter-3.2")
                .contains("agent     billing")
                .contains("expected  MESSAGE to boss: refund 900")
                .contains("found     MESSAGE to closed: paid 900");
        assertThat(output.lines().count()).as("one screen").isLessThan(25);
    }

    @Test
    void run_again_printsTheSame() {
        assertThat(run()).isEqualTo(run());
    }
}
