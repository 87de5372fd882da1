package io.flotilla.samples.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class VerifyTest {

    @TempDir
    private Path home;

    @Test
    void run_saysWhichVersionFitsAndWhyTheOtherDoesNot() {
        Captured run = Captured.run(new Verify(), home, Map.of());

        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .contains("Version 2: fits", "3 runs replayed, 0 diverge")
                .contains("Version 3: does not fit", "3 runs replayed, 3 diverge")
                .contains("run apples diverges", "agent Writer is gone")
                .contains("Run pears to version 3: cannot go over");
    }
}
