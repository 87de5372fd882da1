package io.flotilla.samples.teams;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import io.flotilla.samples.shell.Sample;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class TeamSamplesTest {

    @TempDir
    private Path home;

    private Captured run(Sample sample, String seed) {
        return Captured.run(sample, home, Map.of("seed", seed));
    }

    /** Runs it twice: the same seed prints the same. */
    private String output(Sample sample) {
        Captured run = run(sample, "42");
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(run(sample, "42").out()).isEqualTo(run.out());
        assertThat(run.out().lines().count()).as("one screen").isLessThan(25);
        return run.out();
    }

    @Test
    void hierarchy_aLeafsFailureIsAValueAtTheTop() {
        assertThat(output(new HierarchySample()))
                .contains("to check anchor   -> ANCHOR")
                .contains("to paint anchor   -> REJECTED: publisher: no worker is capable of \"paint\"")
                .contains("failed at [novice]: novice 3 has no idea")
                .contains("failed at [veteran]: nobody can write about")
                .contains("silent   QUARANTINED done 0, failed 1, restarts 0")
                .contains("novice   STOPPED  done 0, failed 3, restarts 2")
                .contains("accepted 7 = completed 5 + failed 2; refused 1");
    }

    @Test
    void peers_oneSinksAndTheFogLifts() {
        assertThat(output(new PeersSample()))
                .containsPattern("fetch water +-> done by boat#\\d")
                .containsPattern("brave the storm -> boat#\\d sinks without a word")
                .containsPattern("and again +-> done by boat#\\d")
                .containsPattern("fog: boat#0 and boat#\\d sail north\\n +the others sail south")
                .contains("it lifts: all sail south")
                .contains("the conflict was told: [south over north]");
    }

    @Test
    void hybrid_everyWayHasAnAnswer() {
        assertThat(output(new HybridSample()))
                .contains("captain assigns the mate    the mate sees to the sails")
                .contains("captain assigns a hand      hand#0 is not a worker of captain")
                .containsPattern("mate assigns the drunk one  failed: hand#\\d is drunk")
                .containsPattern("mate delegates +the deck done by hand#\\d")
                .contains("cook delegates              there is nobody DOWN")
                .contains("a hand syncs                sent to 2")
                .contains("a hand escalates            the mate sees to a leak")
                .contains("the mate is ill, once more  the captain knows about a leak, not mate")
                .contains("captain escalates           there is nobody UP")
                .contains("seen: captain has a part in 100 % of all messages, 90 % are allowed");
    }

    @Test
    void seed_another_printsAnother() {
        assertThat(run(new PeersSample(), "7").out())
                .isNotEqualTo(run(new PeersSample(), "42").out());
    }
}
