package io.flotilla.state;

import io.flotilla.journal.Journal;
import io.flotilla.step.StepEngine;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What the builder of an event-sourced state has been given so far; what is built has a copy. Not thread-safe. */
final class EventSourcedSettings<S, E> {

    final String name;
    final S initial;
    final BiFunction<? super S, ? super E, ? extends S> apply;
    final EventFormat<E> format;
    Journal journal;
    StepEngine engine = StepEngine.builder().build();

    /** 0 for no snapshots. */
    int snapshotEvery;

    int snapshotVersion;
    private @Nullable Function<? super S, ? extends Map<String, ?>> snapshotWriter;
    private @Nullable Function<Map<String, @Nullable Object>, ? extends S> snapshotReader;

    EventSourcedSettings(
            String name,
            S initial,
            BiFunction<? super S, ? super E, ? extends S> apply,
            EventFormat<E> format,
            Journal journal) {
        this.name = name;
        this.initial = initial;
        this.apply = apply;
        this.format = format;
        this.journal = journal;
    }

    EventSourcedSettings(EventSourcedSettings<S, E> other) {
        this(other.name, other.initial, other.apply, other.format, other.journal);
        engine = other.engine;
        snapshotEvery = other.snapshotEvery;
        snapshotVersion = other.snapshotVersion;
        snapshotWriter = other.snapshotWriter;
        snapshotReader = other.snapshotReader;
    }

    void snapshots(
            int every,
            int version,
            Function<? super S, ? extends Map<String, ?>> write,
            Function<Map<String, @Nullable Object>, ? extends S> read) {
        snapshotEvery = atLeastOne("every", every);
        snapshotVersion = atLeastOne("version", version);
        snapshotWriter = Objects.requireNonNull(write, "write");
        snapshotReader = Objects.requireNonNull(read, "read");
    }

    private static int atLeastOne(String what, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(what + " must be >= 1, was " + value);
        }
        return value;
    }

    Map<String, ?> writeSnapshot(S state) {
        return Objects.requireNonNull(Objects.requireNonNull(snapshotWriter).apply(state), "no fields");
    }

    S readSnapshot(Map<String, @Nullable Object> fields) {
        return Objects.requireNonNull(snapshotReader).apply(fields);
    }
}
