package io.flotilla.samples.stateagent;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class StateAgentSampleTest {

    @TempDir
    private Path home;

    @Test
    void run_badMessages_areRepliesAndNothingIsSoldTwice() {
        Captured run = Captured.run(new StateAgentSample(), home, Map.of("seed", "42"));

        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(run.out())
                .contains("sold + left = 120")
                .contains("reason=REFUSED, message=there are not 120 of rope")
                .contains("reason=UNKNOWN_MESSAGE")
                .contains("reason=FAILED, message=java.lang.IllegalStateException")
                .contains("a handler hangs:    no reply in time")
                .contains("what was left is still there: true");
        assertThat(run.out().lines().count()).isLessThan(25);
        assertThat(Captured.run(new StateAgentSample(), home, Map.of("seed", "42"))
                        .out())
                .as("the same every time")
                .isEqualTo(run.out());
    }
}
