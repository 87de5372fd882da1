package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/** Where there is no browser: tests are skipped with a message, but fail where there must be one. */
class ChromiumTest {

    @TempDir
    private Path folder;

    @Test
    void found_noneOnThePath_skipsTheTestAndSaysWhy() {
        assertThatThrownBy(() -> Chromium.found(folder.toString(), Map.of()))
                .isInstanceOf(TestAbortedException.class)
                .hasMessageContaining("no Chromium is installed");
    }

    @Test
    void found_noneOnThePathInCiOrWhereOneIsRequired_fails() {
        for (Map<String, String> environment : List.of(Map.of("CI", "true"), Map.of("FLOTILLA_BROWSER", "required"))) {
            assertThatThrownBy(() -> Chromium.found(folder.toString(), environment))
                    .isInstanceOf(AssertionFailedError.class)
                    .hasMessageContaining("apt-get install chromium");
        }
    }

    @Test
    void found_oneOnThePath_isTheFirst() throws IOException {
        Path chromium = Files.createFile(folder.resolve("chromium-browser"));
        assertThat(chromium.toFile().setExecutable(true)).isTrue();

        assertThat(Chromium.found("/none" + File.pathSeparator + folder, Map.of("CI", "true")))
                .isEqualTo(chromium);
    }
}
