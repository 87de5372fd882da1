package io.flotilla.run.machine;

import io.flotilla.run.RunEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What comes of a fact: effects to be carried out, and events, which it numbers. All parts of the machine write into it. */
final class Output {

    private final List<Effect> effects = new ArrayList<>();
    private final List<RunEvent> events = new ArrayList<>();
    private Instant at = Instant.EPOCH;
    private long next;

    /** Begins the output of another fact. */
    void begin(Instant fact) {
        at = fact;
        effects.clear();
        events.clear();
    }

    void add(Effect effect) {
        effects.add(effect);
    }

    void record(RunEvent event) {
        events.add(event);
    }

    /** The number of the next event; to be taken once for each. */
    long next() {
        return next++;
    }

    /** When the fact happened. */
    Instant at() {
        return at;
    }

    /** The effects of the last fact; cannot be changed. */
    List<Effect> effects() {
        return List.copyOf(effects);
    }

    /** The events of the last fact; cannot be changed. */
    List<RunEvent> events() {
        return List.copyOf(events);
    }
}
