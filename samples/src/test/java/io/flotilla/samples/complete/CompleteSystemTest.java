package io.flotilla.samples.complete;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;

@Timeout(120)
class CompleteSystemTest {

    /** Threads that Reactor and Flotilla share in a process, and keep for whoever comes next; they are daemons. */
    private static final String SHARED = "(parallel|single|boundedElastic(-evictor)?|flotilla-[a-z]+(-evictor)?"
            + "|flotilla-call-watch|flotilla-health-timer-1|loom-boundedElastic|Cleaner|Common-Cleaner|ForkJoinPool\\.commonPool-worker|Attach Listener)[-0-9]*";

    @TempDir
    private Path home;

    @Test
    void run_oneIsBrokenAndHealed_isDetectedReroutedAndRecovered_twiceInOneProcess() {
        Set<String> before = threads();

        for (int time = 0; time < 2; time++) {
            Map<String, String> stays = time == 0 ? Map.of() : Map.of("inspect", "true", "inspectIdle", "PT0.2S");
            Captured run = Captured.run(new CompleteSystem(), home, stays);

            assertThat(run.err()).isEmpty();
            assertThat(run.code()).as(run.out()).isZero();
            assertThat(run.out().replaceAll(" +", " "))
                    .containsSubsequence(
                            "the inspector is at http://127.0.0.1:",
                            "all are well",
                            "18 of 18 items",
                            "health UP",
                            "analyst#2 is broken",
                            "18 of 18 items",
                            "health analyst#2 UP -> DOWN",
                            "health the whole UP -> DEGRADED",
                            "breaker analyst#2 CLOSED -> OPEN",
                            "18 of 18 items",
                            "analyst#2=0",
                            "health DEGRADED",
                            "detected after",
                            "degraded after",
                            "rerouted after",
                            "analyst#2 is healed",
                            "breaker analyst#2 HALF_OPEN -> CLOSED",
                            "18 of 18 items",
                            "health UP",
                            "recovered after",
                            "an unsigned message is refused",
                            "chaos: ",
                            "flotilla.run ");
            assertThat(run.out().contains("the inspector stays: http://127.0.0.1:"))
                    .isEqualTo(time == 1);
            assertThat(run.out().lines()).as("one screen").hasSizeLessThan(60);
        }

        Set<String> left = Flux.interval(Duration.ofMillis(50))
                .map(tick -> threads())
                .doOnNext(now -> now.removeAll(before))
                .takeUntil(Set::isEmpty)
                .take(Duration.ofSeconds(15))
                .blockLast();
        assertThat(left).as("threads").isEmpty();
    }

    private static Set<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !(thread.isDaemon() && thread.getName().matches(SHARED)))
                .map(Thread::getName)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
