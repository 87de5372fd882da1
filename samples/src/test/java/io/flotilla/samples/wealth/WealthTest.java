package io.flotilla.samples.wealth;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WealthTest {

    @TempDir
    private Path home;

    @Test
    void run_sameSeed_samePrint() {
        Captured first = Captured.run(new Wealth(), home, Map.of("seed", "7"));
        Captured second = Captured.run(new Wealth(), home, Map.of("seed", "7"));

        assertThat(first.code()).isZero();
        assertThat(first.err()).isEmpty();
        assertThat(first).isEqualTo(second);
        assertThat(first.out()).contains("seed 7").contains("100000 coins in all");
    }

    @Test
    void run_otherSeed_otherPrint() {
        String seven = Captured.run(new Wealth(), home, Map.of("seed", "7")).out();
        String eight = Captured.run(new Wealth(), home, Map.of("seed", "8")).out();

        assertThat(seven.replace("seed 7", "")).isNotEqualTo(eight.replace("seed 8", ""));
    }

    @Test
    void run_badSeed_oneLine() {
        Captured run = Captured.run(new Wealth(), home, Map.of("seed", "many"));

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err().lines()).containsExactly("wealth: -Dseed must be a whole number of 64 bits, was \"many\"");
    }
}
