package io.flotilla.samples;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoTest {

    @TempDir
    private Path home;

    @Test
    void run_unknownSample_oneLineThatListsTheNames() {
        Captured run = Captured.run(new Demo("no\nsuch"), home, Map.of());

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines())
                .containsExactly(
                        "demo: -Dsample must be one of reading-crew, reading-round, secret-word, time-travel, isolation, shape, wealth, hub, mesh, topics, hierarchy, peers, hybrid, shared-state, trusted-network, state-agent, event-sourcing, batching, pooling, patterns, verify, health, meters, record-replay, simulation, traces, complete-system, was \"no such\"");
    }

    @Test
    void run_namedSample_runsIt() {
        Captured run = Captured.run(new Demo("isolation"), home, Map.of());

        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("the worker's counter is 1");
    }

    @Test
    void name_namedSample_itsOwnSoThatErrorsNameIt() {
        assertThat(new Demo("wealth").name()).isEqualTo("wealth");
        assertThat(new Demo("wealthy").name()).isEqualTo("demo");
    }
}
