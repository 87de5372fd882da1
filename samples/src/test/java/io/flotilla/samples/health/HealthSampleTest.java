package io.flotilla.samples.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class HealthSampleTest {

    @TempDir
    private Path home;

    @Test
    void run_clerkThatGetsStuck_isSeenRoutedAroundAndComesBack() {
        Captured run = Captured.run(new HealthSample(), home, Map.of());

        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(run.out().lines().map(line -> line.replaceAll(" +", " ").strip()))
                .containsExactly(
                        "two clerks write letters, each with a timer that ticks whatever happens",
                        "letters written by {clerk#1=3, clerk#2=3}",
                        "a note to clerk#1: clerk#1 answers A NOTE; news to all: [clerk#1, clerk#2]",
                        "clerk#1 UP",
                        "clerk#2 UP",
                        "the timer of clerk#1 UP",
                        "the whole UP, ready",
                        "clerk#1 gets stuck in a letter",
                        "clerk#1 DOWN",
                        "clerk#2 UP",
                        "the timer of clerk#1 UP",
                        "the whole DEGRADED, ready",
                        "letters written by {clerk#2=6}",
                        "a note to clerk#1: clerk#2 answers A NOTE; news to all: [clerk#1 UNHEALTHY, clerk#2]",
                        "clerk#1 is back, and has written its letter after all: A LONG LETTER",
                        "clerk#1 UP",
                        "clerk#2 UP",
                        "the timer of clerk#1 UP",
                        "the whole UP, ready",
                        "letters written by {clerk#1=3, clerk#2=3}",
                        "a note to clerk#1: clerk#1 answers A NOTE; news to all: [clerk#1, clerk#2]");
    }
}
