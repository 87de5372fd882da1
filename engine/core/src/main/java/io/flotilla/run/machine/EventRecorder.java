package io.flotilla.run.machine;

import io.flotilla.run.RunEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The events of a run, as they come from one fact after another; numbers them. */
final class EventRecorder {

    private final List<RunEvent> emitted = new ArrayList<>();
    private Instant at = Instant.EPOCH;
    private long next;

    /** Begins the events of another fact. */
    void begin(Instant fact) {
        at = fact;
        emitted.clear();
    }

    void record(RunEvent event) {
        emitted.add(event);
    }

    /** The number of the next event; to be taken once for each. */
    long next() {
        return next++;
    }

    /** When the fact happened. */
    Instant at() {
        return at;
    }

    /** The events of the last fact; valid until the next. */
    List<RunEvent> emitted() {
        return emitted;
    }
}
