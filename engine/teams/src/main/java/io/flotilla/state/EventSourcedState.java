package io.flotilla.state;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalBounds;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.StaleAppendException;
import io.flotilla.state.EventReplayException.EventFault;
import io.flotilla.state.EventReplayException.Reason;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One state of an {@link EventSourced} kind. Its version is the number of its events.
 *
 * <p>Writers may be many, in many processes: each append states the version that it has seen, so of two that have seen the same
 * one is a {@link Write.Conflict}. Reading changes nothing, neither the journal nor the state of now.
 *
 * <p>Thread-safe.
 *
 * @param <S> the type of the state
 * @param <E> the type of the events
 * @since 0.1
 */
public final class EventSourcedState<S, E> {

    private final EventSourced<S, E> of;
    private final Journal journal;
    private final String id;
    private final String log;
    private final Snapshots<S, E> snapshots;

    /** What this object knows; somebody else may have appended more. */
    private final AtomicReference<@Nullable Known<S>> last = new AtomicReference<>();

    EventSourcedState(EventSourced<S, E> of, String id) {
        this.of = of;
        this.journal = of.settings.journal;
        this.id = id;
        this.log = of.log(id);
        this.snapshots = new Snapshots<>(of, id);
    }

    /**
     * Which state.
     *
     * @return its id
     */
    public String id() {
        return id;
    }

    // --- reading

    /**
     * The state of now.
     *
     * <p>Cold: every subscription reads.
     *
     * <ul>
     *   <li><b>onNext</b>: the state after all events; the initial one at version 0 if there are none.
     *   <li><b>onError</b>: {@link EventReplayException}, and what the journal fails with.
     *   <li><b>threads</b>: those of the journal.
     * </ul>
     *
     * @return the state and its version
     */
    public Mono<Versioned<S>> load() {
        return Mono.defer(() -> {
                    Known<S> known = last.get();
                    return known == null ? known(any -> true, any -> true) : onward(known);
                })
                .doOnNext(this::remember)
                .map(Known::versioned);
    }

    /**
     * The state as it was at a version.
     *
     * <ul>
     *   <li><b>onNext</b>: the state after that many events; after all there are, if there are fewer.
     *   <li><b>onError</b>, <b>threads</b>: as for {@link #load}.
     * </ul>
     *
     * @param version how many events; 0 for before the first
     * @return the state and its version
     * @throws IllegalArgumentException if {@code version} is negative (the call itself, not a signal)
     */
    public Mono<Versioned<S>> at(long version) {
        if (version < 0) {
            throw new IllegalArgumentException("version must be >= 0, was " + version);
        }
        return known(known -> known.version() <= version, event -> event.sequence() < version)
                .map(Known::versioned);
    }

    /**
     * The state as it was at an instant, by the timestamps of its events.
     *
     * <ul>
     *   <li><b>onNext</b>: the state after the events until then, inclusive.
     *   <li><b>onError</b>, <b>threads</b>: as for {@link #load}.
     * </ul>
     *
     * @param instant when
     * @return the state and its version
     * @throws NullPointerException if {@code instant} is null (the call itself, not a signal)
     */
    public Mono<Versioned<S>> at(Instant instant) {
        Objects.requireNonNull(instant, "instant");
        return known(
                        known -> !known.at().isAfter(instant),
                        event -> !event.timestamp().isAfter(instant))
                .map(Known::versioned);
    }

    /**
     * The events after a version, each in its present form.
     *
     * <ul>
     *   <li><b>onNext</b>: the events, in order, as they are at subscription.
     *   <li><b>onError</b>, <b>threads</b>: as for {@link #load}.
     *   <li><b>demand</b>: honoured, as {@link Journal#read} does.
     * </ul>
     *
     * @param afterVersion 0 for all
     * @return the events
     * @throws IllegalArgumentException if {@code afterVersion} is negative (the call itself, not a signal)
     */
    public Flux<RecordedEvent<E>> events(long afterVersion) {
        JournalBounds.checkSequence("afterVersion", afterVersion);
        return journal.read(log, afterVersion)
                .map(entry -> new RecordedEvent<>(entry.sequence() + 1, entry.timestamp(), eventOf(entry)));
    }

    /** From the last snapshot that is early enough; from the first event if the snapshot is not of these events. */
    private Mono<Known<S>> known(Predicate<Known<S>> early, Predicate<JournalEntry> wanted) {
        return Mono.defer(() -> snapshots.latest(early))
                .flatMap(start -> onward(start, wanted))
                .onErrorResume(OtherEventsException.class, none -> onward(Known.initial(of.settings.initial), wanted));
    }

    private Mono<Known<S>> onward(Known<S> known) {
        return onward(known, any -> true)
                .onErrorResume(OtherEventsException.class, none -> known(any -> true, any -> true));
    }

    /** Reads the last event again that made what is known: the log may have been deleted and begun anew. */
    private Mono<Known<S>> onward(Known<S> start, Predicate<JournalEntry> wanted) {
        if (start.version() == 0) {
            return journal.read(log, 0).takeWhile(wanted).reduce(start, this::apply);
        }
        long base = start.version() - 1;
        return journal.read(log, base)
                .takeWhile(entry -> entry.sequence() == base || wanted.test(entry))
                .switchIfEmpty(Flux.error(OtherEventsException::new))
                .reduce(start, (known, entry) -> {
                    if (entry.sequence() > base) {
                        return apply(known, entry);
                    }
                    if (Known.fingerprint(entry) != start.fingerprint()) {
                        throw new OtherEventsException();
                    }
                    return known;
                });
    }

    private static final class OtherEventsException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        OtherEventsException() {
            super("other events", null, false, false);
        }
    }

    private E eventOf(JournalEntry entry) {
        try {
            if (!entry.type().equals(EventSourced.ENTRY_TYPE)) {
                throw new EventFault(Reason.NO_EVENT, "it is a " + entry.type(), null);
            }
            return of.settings.format.read(journal.codec().decode(entry.payload()));
        } catch (EventFault fault) {
            throw new EventReplayException(id, entry.sequence() + 1, fault);
        } catch (Throwable unreadable) { // also what Reactor signals nobody: somebody waits
            throw new EventReplayException(
                    id, entry.sequence() + 1, new EventFault(Reason.MALFORMED, "it cannot be read", unreadable));
        }
    }

    private Known<S> apply(Known<S> known, JournalEntry entry) {
        E event = eventOf(entry);
        try {
            return known.next(
                    Objects.requireNonNull(of.settings.apply.apply(known.state(), event), "there is no state"), entry);
        } catch (Throwable thrown) {
            throw new EventReplayException(
                    id,
                    entry.sequence() + 1,
                    new EventFault(Reason.NOT_APPLICABLE, event.getClass().getSimpleName(), thrown));
        }
    }

    private void remember(Known<S> known) {
        last.set(known);
    }

    // --- writing

    /**
     * Appends events: all of them, or none.
     *
     * <p>Cold: every subscription appends.
     *
     * <ul>
     *   <li><b>onNext</b>: {@link Write.Committed} with the state after the events, when the journal has them; {@link
     *       Write.Conflict} if the state has another version; {@link Write.RolledBack} with an {@link EventReplayException} if an
     *       event cannot be written or applied.
     *   <li><b>onError</b>: {@link EventReplayException} if the events so far cannot be replayed; what the journal fails with, see
     *       {@link Journal#append}.
     *   <li><b>cancel</b>: ends the waiting; an append that has reached the journal is carried out or refused all the same.
     *   <li><b>threads</b>: those of the journal.
     * </ul>
     *
     * @param expectedVersion the version that was seen; 0 if there was no event
     * @param events 1 to 10,000
     * @return what became of it
     * @throws NullPointerException if {@code events} or one of them is null (the call itself, not a signal)
     * @throws IllegalArgumentException if there are no events or too many, or {@code expectedVersion} is negative (the call
     *     itself, not a signal)
     */
    public Mono<Write<S>> append(long expectedVersion, List<? extends E> events) {
        JournalBounds.checkSequence("expectedVersion", expectedVersion);
        List<E> copy = List.copyOf(events);
        if (copy.isEmpty() || copy.size() > JournalBounds.MAX_ENTRIES) {
            throw new IllegalArgumentException(
                    "events must be 1 to " + JournalBounds.MAX_ENTRIES + ", were " + copy.size());
        }
        return Mono.defer(() -> {
            Known<S> known = last.get();
            return known != null && known.version() == expectedVersion
                    ? append(known, copy)
                    : known(any -> true, any -> true)
                            .doOnNext(this::remember)
                            .flatMap(read -> read.version() == expectedVersion
                                    ? append(read, copy)
                                    : Mono.just(conflict(read.version())));
        });
    }

    private Write<S> conflict(long version) {
        return new Write.Conflict<>(List.of(id), version);
    }

    private Mono<Write<S>> append(Known<S> before, List<E> events) {
        List<JournalEntry> entries = new ArrayList<>();
        Known<S> state = before;
        Instant now = of.clock.now();
        Instant at = now.isBefore(before.at()) ? before.at() : now;
        try {
            for (E event : events) {
                JournalEntry entry = entry(state.version(), at, event);
                entries.add(entry);
                state = apply(state, entry);
            }
        } catch (EventReplayException refused) {
            return Mono.just(new Write.RolledBack<>(refused));
        }
        Known<S> after = state;
        return journal.append(log, before.version(), entries)
                .<Write<S>>flatMap(next -> {
                    remember(after);
                    Write<S> committed = new Write.Committed<>(after.state(), after.version());
                    return isDue(before, after) ? snapshots.write(after).thenReturn(committed) : Mono.just(committed);
                })
                .onErrorResume(StaleAppendException.class, stale -> {
                    last.set(null);
                    return Mono.just(conflict(stale.actual()));
                });
    }

    private JournalEntry entry(long sequence, Instant at, E event) {
        try {
            return new JournalEntry(
                    sequence,
                    at,
                    EventSourced.ENTRY_TYPE,
                    journal.codec().encode(of.settings.format.write(event), of.redactor::redact));
        } catch (EventFault fault) {
            throw new EventReplayException(id, sequence + 1, fault);
        } catch (Throwable unwritable) {
            throw new EventReplayException(
                    id, sequence + 1, new EventFault(Reason.MALFORMED, "it cannot be written", unwritable));
        }
    }

    private boolean isDue(Known<S> before, Known<S> after) {
        int every = of.settings.snapshotEvery;
        return every > 0 && after.version() / every > before.version() / every;
    }

    /**
     * Appends what a function makes of the state of now, again and again until nobody else has appended in between. Each try
     * that fails is one of somebody else's that succeeded.
     *
     * <ul>
     *   <li><b>onNext</b>: the state after the events; the state of now if the function returns none.
     *   <li><b>onError</b>: what the function throws; {@link EventReplayException} if an event cannot be written or applied; as
     *       for {@link #append}.
     *   <li><b>threads</b>: the function is called on those of the journal.
     * </ul>
     *
     * @param decide the events that follow from a state; may be called several times
     * @return the state and its version
     * @throws NullPointerException if {@code decide} is null (the call itself, not a signal)
     */
    public Mono<Versioned<S>> update(Function<? super S, ? extends List<? extends E>> decide) {
        Objects.requireNonNull(decide, "decide");
        return Mono.defer(() -> load().flatMap(now -> {
                    S state = Objects.requireNonNull(now.value(), "there is always one");
                    List<? extends E> events = decided(decide, state);
                    return events.isEmpty()
                            ? Mono.just(now)
                            : append(now.version(), events).flatMap(EventSourcedState::committed);
                }))
                .repeatWhenEmpty(again -> again);
    }

    private static <S, E> List<? extends E> decided(Function<? super S, ? extends List<? extends E>> decide, S state) {
        try {
            return Objects.requireNonNull(decide.apply(state), "decide returned null");
        } catch (Error fatal) { // Reactor signals no LinkageError, and somebody waits
            throw new IllegalStateException("decide threw", fatal);
        }
    }

    /** Empty if it is to be tried again. */
    private static <S> Mono<Versioned<S>> committed(Write<S> write) {
        if (write instanceof Write.RolledBack<S> rolledBack) {
            return Mono.error(rolledBack.cause());
        }
        return write instanceof Write.Committed<S> committed
                ? Mono.just(new Versioned<>(committed.result(), committed.version()))
                : Mono.empty();
    }

    /**
     * Deletes the state with all its events and snapshots. Its version is 0 again.
     *
     * @return whether it had events; signals as {@link Journal#delete}
     */
    public Mono<Boolean> delete() {
        return Mono.defer(() -> {
            last.set(null);
            return snapshots.delete().then(journal.delete(log)).doOnNext(any -> last.set(null));
        });
    }

    /** Name and id. */
    @Override
    public String toString() {
        return "EventSourcedState[" + of.name() + " " + id + "]";
    }
}
