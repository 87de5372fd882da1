package io.flotilla.state;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import io.flotilla.observe.Redactor;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.EngineClock;
import io.flotilla.step.StepEngine;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/**
 * A kind of state that is what its events have made of it: the journal has the events, and what happened can be replayed, up to
 * any version or instant.
 *
 * <pre>{@code
 * EventSourced<Integer, Event> accounts = EventSourced.<Integer, Event>builder("account", 0, Event::applyTo, format, journal)
 *         .snapshots(100, 1, balance -> Map.of("balance", balance), fields -> (Integer) fields.get("balance"))
 *         .build();
 * EventSourcedState<Integer, Event> account = accounts.of("4711");
 * Mono<Write<Integer>> write = account.append(0, List.of(new Deposited(100)));
 * Mono<Versioned<Integer>> yesterday = account.at(instant);
 * }</pre>
 *
 * <p>Each state has a log of its own in the journal, {@code state:NAME:ID}, and up to two for snapshots. A journal may have
 * runs as well: they are not mixed up, {@link io.flotilla.run.Runs} sees runs only. With {@code flotilla-journal} what is
 * acknowledged survives a kill of the process.
 *
 * <p>The engine's redactor goes over all texts of events and snapshots. The state is always made of what is in the journal, so
 * the writer of an event sees it redacted, too.
 *
 * <p>Immutable, thread-safe.
 *
 * @param <S> the type of the state; immutable
 * @param <E> the type of the events
 * @since 0.1
 */
public final class EventSourced<S, E> {

    /** The most characters of a name or an id. */
    public static final int MAX_LENGTH = 90;

    static final String ENTRY_TYPE = RunSummary.STATE_TYPE_PREFIX + "event";

    final EventSourcedSettings<S, E> settings;
    final EngineClock clock;
    final Redactor redactor;

    private EventSourced(EventSourcedSettings<S, E> settings) {
        EngineAccess access = EngineAccess.of(settings.engine);
        this.settings = settings;
        this.clock = access.clock();
        this.redactor = access.redactor();
    }

    /**
     * Starts a configuration.
     *
     * @param name the name of this kind of state in the journal: 1 to {@value #MAX_LENGTH} printable ASCII characters without
     *     spaces and colons
     * @param initial the state before the first event
     * @param apply makes the state after an event of the state before; a pure function, called again at every replay
     * @param format how the events are written and read
     * @param journal has the events
     * @param <S> the type of the state
     * @param <E> the type of the events
     * @return a builder without snapshots
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code name} is out of its bounds
     */
    public static <S, E> Builder<S, E> builder(
            String name,
            S initial,
            BiFunction<? super S, ? super E, ? extends S> apply,
            EventFormat<E> format,
            Journal journal) {
        return new Builder<>(new EventSourcedSettings<>(
                check("name", name, ':'),
                Objects.requireNonNull(initial, "initial"),
                Objects.requireNonNull(apply, "apply"),
                Objects.requireNonNull(format, "format"),
                Objects.requireNonNull(journal, "journal")));
    }

    private static String check(String what, String text, char forbidden) {
        if (Objects.requireNonNull(text, what).isEmpty() || text.length() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    what + " must have 1 to " + MAX_LENGTH + " characters, had " + text.length());
        }
        if (text.chars().anyMatch(each -> each <= ' ' || each > '~' || each == forbidden)) {
            throw new IllegalArgumentException(
                    what + " must be of printable ASCII without spaces" + (forbidden == ':' ? " and colons" : ""));
        }
        return text;
    }

    /**
     * One state of this kind. It exists in the journal from its first event on.
     *
     * @param id which: 1 to {@value #MAX_LENGTH} printable ASCII characters without spaces
     * @return the state; keep it if it is used again and again, it remembers the last version
     * @throws NullPointerException if {@code id} is null
     * @throws IllegalArgumentException if {@code id} is out of its bounds
     */
    public EventSourcedState<S, E> of(String id) {
        return new EventSourcedState<>(this, check("id", id, ' '));
    }

    /**
     * The ids of all states of this kind that have events.
     *
     * @return their ids; signals as {@link Journal#list}
     */
    public Flux<String> ids() {
        String prefix = log("");
        return settings.journal
                .list(JournalFilter.all().lastTypeIn(ENTRY_TYPE))
                .map(RunSummary::runId)
                .filter(log -> log.startsWith(prefix))
                .map(log -> log.substring(prefix.length()));
    }

    String log(String id) {
        return "state:" + settings.name + ":" + id;
    }

    String name() {
        return settings.name;
    }

    /** The name and the events. */
    @Override
    public String toString() {
        return "EventSourced[" + settings.name + ", " + settings.format + "]";
    }

    /**
     * The configuration. Each setting checks its argument at once. Not thread-safe.
     *
     * @param <S> the type of the state
     * @param <E> the type of the events
     */
    public static final class Builder<S, E> {

        private final EventSourcedSettings<S, E> settings;

        private Builder(EventSourcedSettings<S, E> settings) {
            this.settings = settings;
        }

        /**
         * Keeps the last two snapshots, so that a state with many events is read without all of them. They are a copy of what
         * the events say: one that cannot be written or read costs time and nothing else.
         *
         * @param every after how many events a snapshot is written; 1 or more; default: no snapshots
         * @param version the version of {@code apply} and of these functions; 1 or more. Raise it when they change: snapshots
         *     of other versions are passed over
         * @param write the fields of a state, a tree as for events
         * @param read makes a state of the fields
         * @return this builder
         * @throws NullPointerException if an argument is null
         * @throws IllegalArgumentException if {@code every} or {@code version} is below 1
         */
        public Builder<S, E> snapshots(
                int every,
                int version,
                Function<? super S, ? extends Map<String, ?>> write,
                Function<Map<String, @Nullable Object>, ? extends S> read) {
            settings.snapshots(every, version, write, read);
            return this;
        }

        /**
         * The engine whose clock and redactor it uses.
         *
         * @param engine default: one with all defaults
         * @return this builder
         * @throws NullPointerException if {@code engine} is null
         */
        public Builder<S, E> engine(StepEngine engine) {
            settings.engine = Objects.requireNonNull(engine, "engine");
            return this;
        }

        /**
         * Makes it. The builder may be changed and used again.
         *
         * @return the kind of state
         */
        public EventSourced<S, E> build() {
            return new EventSourced<>(new EventSourcedSettings<>(settings));
        }
    }
}
