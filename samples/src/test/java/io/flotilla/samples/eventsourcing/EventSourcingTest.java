package io.flotilla.samples.eventsourcing;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EventSourcingTest {

    @TempDir
    private Path home;

    @Test
    void run_logIsReadAgainInItsNewForm() {
        Captured run = Captured.run(new EventSourcing(), home, Map.of("seed", "42"));

        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(run.out())
                .contains("one:   Committed[")
                .contains("other: Conflict[keys=[flotilla-1], version=13]")
                .contains("event 16 of flotilla-1: NOT_APPLICABLE, Anchored")
                .contains("as it was at 0: Position[east=0, north=0, port=home]")
                .contains("13: Anchored[port=Kiel]")
                .contains("nothing is changed by looking: true");
        assertThat(run.out().lines().count()).isLessThan(25);
        assertThat(Captured.run(new EventSourcing(), home, Map.of("seed", "42")).out())
                .as("the same every time")
                .isEqualTo(run.out());
    }
}
