package io.flotilla.samples.networks;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import io.flotilla.samples.shell.Sample;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class NetworkSamplesTest {

    @TempDir
    private Path home;

    /** Runs it twice: the same seed prints the same. */
    private String output(Sample sample) {
        Captured run = Captured.run(sample, home, Map.of("seed", "42"));
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(Captured.run(sample, home, Map.of("seed", "42")).out()).isEqualTo(run.out());
        assertThat(run.out().lines().count()).as("one screen").isLessThan(25);
        return run.out();
    }

    @Test
    void hub_failuresAreContained() {
        assertThat(output(new HubSample()))
                .containsPattern("ask flaky +\\w+ +-> HANDLER_FAILED: I cannot spell \\w+")
                .containsPattern("ask flaky +\\w+ +-> \\w(-\\w)+")
                .contains("-> AHOY")
                .contains("-> UNKNOWN_RECIPIENT")
                .contains("two answers are enough: met")
                .contains("publish on a hub: [nobody NO_RECEIVER]")
                .contains("a dead letter after 6 hops")
                .contains("accepted is delivered and dead-lettered: true");
    }

    @Test
    void mesh_partitionCutsAndHealsAndTheBrokenNodeHarmsNobody() {
        assertThat(output(new MeshSample()))
                .contains("known by node#0 node#1 node#2 node#4 node#5 node#6 node#7\n  dead letters: ")
                .contains("known by node#0 node#1 node#2\n")
                .contains("from node#3 to node#4: [node#4 PARTITIONED]")
                .containsPattern("healed\\n  known by node#0 node#1 node#2 node#4 node#5 node#6 node#7\\n")
                .containsPattern("accepted (\\d+) = delivered");
    }

    @Test
    void topics_slowAndFailingSubscribersHoldUpNobody() {
        assertThat(output(new TopicsSample()))
                .contains("accepted by 3 of 3")
                .contains("dashboard: 20, while the archive is stuck")
                .containsPattern("broke down at (\\d+) of \\1 hot ones")
                .contains("archive:   6 kept, the 14 oldest in its mailbox were dropped")
                .contains("without the alarm: 2 receivers")
                .contains("[nobody NO_RECEIVER]");
    }

    @Test
    void seed_another_printsAnother() {
        assertThat(Captured.run(new TopicsSample(), home, Map.of("seed", "7")).out())
                .isNotEqualTo(Captured.run(new TopicsSample(), home, Map.of("seed", "42"))
                        .out());
    }
}
