package io.flotilla.state;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.scheduler.Schedulers;

/**
 * Values that many agents read and write: immutable, each with a version, so nobody overwrites what he has not seen.
 *
 * <pre>{@code
 * static final StateKey<Integer> STOCK = StateKey.of("stock", Integer.class);
 * static final StateKey<Integer> SOLD = StateKey.of("sold", Integer.class);
 *
 * Write<Integer> write = state.transact(transaction -> {
 *     int left = transaction.get(STOCK) - 1;
 *     transaction.put(STOCK, left);
 *     transaction.put(SOLD, transaction.get(SOLD) + 1);
 *     return left;
 * });
 * }</pre>
 *
 * <p>Two who read the same version and write cannot both succeed: the second is told with a {@link Write.Conflict}, and nothing
 * of it takes effect. {@link #update} does what is asked for again until it succeeds. Values are not copied: what is put in
 * must not be changed afterwards.
 *
 * <p>Writes take a lock for a few instructions; no code of the caller's runs under it. Thread-safe.
 *
 * @since 0.1
 */
public final class SharedState {

    /** How many versions of each key are kept unless told otherwise. */
    public static final int DEFAULT_HISTORY = 10;

    private final int historySize;

    // Guarded by this.
    private final Map<String, Deque<Versioned<Object>>> values = new HashMap<>();
    private long version;

    private final List<Watcher> watchers = new CopyOnWriteArrayList<>();

    private record Watcher(String key, FluxSink<Versioned<Object>> sink) {}

    private SharedState(int historySize) {
        this.historySize = historySize;
    }

    /**
     * State that keeps {@value #DEFAULT_HISTORY} versions of each key.
     *
     * @return without values
     */
    public static SharedState create() {
        return keeping(DEFAULT_HISTORY);
    }

    /**
     * State that keeps some versions of each key.
     *
     * @param versions how many of each key, the current one included; 1 or more
     * @return without values
     * @throws IllegalArgumentException if {@code versions} is below 1
     */
    public static SharedState keeping(int versions) {
        if (versions < 1) {
            throw new IllegalArgumentException("versions must be >= 1, was " + versions);
        }
        return new SharedState(versions);
    }

    // --- reading

    /**
     * The current value.
     *
     * @param key whose value
     * @param <T> its type
     * @return the value and its version; without a value if there is none
     * @throws NullPointerException if {@code key} is null
     * @throws StateTypeException if the value is of another type
     */
    public synchronized <T> Versioned<T> get(StateKey<T> key) {
        return typed(key, current(key.name()));
    }

    /**
     * The versions that are kept, with the removals.
     *
     * @param key whose values
     * @param <T> their type
     * @return a copy, the oldest first; empty if it was never written
     * @throws NullPointerException if {@code key} is null
     * @throws StateTypeException if a value is of another type
     */
    public synchronized <T> List<Versioned<T>> history(StateKey<T> key) {
        List<Versioned<T>> history = new ArrayList<>();
        for (Versioned<Object> each : values.getOrDefault(key.name(), new ArrayDeque<>())) {
            history.add(typed(key, each));
        }
        return history;
    }

    /**
     * All values of one moment.
     *
     * @return a copy by name, in alphabetical order; without removed ones
     */
    public synchronized Map<String, Versioned<Object>> snapshot() {
        Map<String, Versioned<Object>> snapshot = new TreeMap<>();
        values.keySet().forEach(name -> {
            Versioned<Object> now = current(name);
            if (now.isPresent()) {
                snapshot.put(name, now);
            }
        });
        return snapshot;
    }

    /**
     * The version of the last write.
     *
     * @return 0 if nothing was written
     */
    public synchronized long version() {
        return version;
    }

    private Versioned<Object> current(String name) {
        Deque<Versioned<Object>> history = values.get(name);
        return history == null ? new Versioned<>(null, 0) : history.getLast();
    }

    private static <T> Versioned<T> typed(StateKey<T> key, Versioned<Object> any) {
        Object value = any.value();
        if (value != null && !key.type().isInstance(value)) {
            throw new StateTypeException(key, value.getClass());
        }
        return new Versioned<>(value == null ? null : key.type().cast(value), any.version());
    }

    // --- writing

    /**
     * Writes a value if its version is still the expected one.
     *
     * @param key whose value
     * @param expectedVersion the version that was read; 0 if there was none
     * @param value the value, which must not be changed any more
     * @param <T> its type
     * @return {@link Write.Committed}, or {@link Write.Conflict}
     * @throws NullPointerException if an argument is null
     * @throws ClassCastException if the value is not of the key's type
     */
    public <T> Write<T> compareAndSet(StateKey<T> key, long expectedVersion, T value) {
        Objects.requireNonNull(value, "value");
        return commit(
                Map.of(key.name(), expectedVersion),
                Map.of(key.name(), change(key.type().cast(value))),
                value);
    }

    /**
     * Removes a value if its version is still the expected one. Its version goes on, so one who has read it before is told.
     *
     * @param key whose value
     * @param expectedVersion the version that was read
     * @param <T> its type
     * @return {@link Write.Committed} with null, or {@link Write.Conflict}
     * @throws NullPointerException if {@code key} is null
     */
    public <T> Write<T> compareAndRemove(StateKey<T> key, long expectedVersion) {
        return commit(Map.of(key.name(), expectedVersion), Map.of(key.name(), change(null)), null);
    }

    /**
     * Changes a value, again and again until nobody else has written in between. The function may be called several times, and
     * on no other thread than the caller's.
     *
     * @param key whose value
     * @param change makes the new value of the current one, which is null if there is none; null removes it
     * @param <T> its type
     * @return the new value and its version
     * @throws NullPointerException if an argument is null
     * @throws StateTypeException if the value is of another type
     */
    public <T> Versioned<T> update(StateKey<T> key, UnaryOperator<@Nullable T> change) {
        Objects.requireNonNull(change, "change");
        while (true) {
            Versioned<T> before = get(key);
            T after = change.apply(before.value());
            Write<T> write = after == null
                    ? compareAndRemove(key, before.version())
                    : compareAndSet(key, before.version(), after);
            if (write instanceof Write.Committed<T> committed) {
                return new Versioned<>(after, committed.version());
            }
        }
    }

    /**
     * Reads and writes many keys: all writes take effect at one moment, or none does. Nothing takes effect if the function
     * throws, or if somebody else has written one of the keys that it read or wrote.
     *
     * @param work reads and writes; called once, on the caller's thread
     * @param <R> what it returns
     * @return {@link Write.Committed}, {@link Write.Conflict}, or {@link Write.RolledBack} with what the function threw
     * @throws NullPointerException if {@code work} is null
     */
    public <R> Write<R> transact(Function<? super Transaction, ? extends @Nullable R> work) {
        Objects.requireNonNull(work, "work");
        OpenTransaction transaction = begin();
        R result;
        try {
            result = work.apply(transaction);
        } catch (Throwable thrown) {
            return new Write.RolledBack<>(thrown);
        } finally {
            transaction.end();
        }
        return commit(transaction.expected(), transaction.changes(), result);
    }

    private synchronized OpenTransaction begin() {
        Map<String, Versioned<Object>> start = new HashMap<>();
        values.keySet().forEach(name -> start.put(name, current(name)));
        return new OpenTransaction(start);
    }

    /** A new value; null in it removes. */
    record Change(@Nullable Object value) {}

    private static Change change(@Nullable Object value) {
        return new Change(value);
    }

    private synchronized <R> Write<R> commit(
            Map<String, Long> expected, Map<String, Change> changes, @Nullable R result) {
        Set<String> conflicts = new TreeSet<>();
        expected.forEach((name, read) -> {
            if (current(name).version() != read) {
                conflicts.add(name);
            }
        });
        if (!conflicts.isEmpty()) {
            return new Write.Conflict<>(List.copyOf(conflicts), version);
        }
        if (!changes.isEmpty()) {
            version++;
            changes.forEach((name, change) -> write(name, new Versioned<>(change.value(), version)));
        }
        return new Write.Committed<>(result, version);
    }

    private void write(String name, Versioned<Object> value) {
        Deque<Versioned<Object>> history = values.computeIfAbsent(name, any -> new ArrayDeque<>());
        if (history.size() == historySize) {
            history.removeFirst();
        }
        history.addLast(value);
        for (Watcher watcher : watchers) {
            if (watcher.key().equals(name)) {
                watcher.sink().next(value);
            }
        }
    }

    // --- watching

    /**
     * The current value, and each later one. A subscriber that is slow misses values in between, and never the latest.
     *
     * <p>Each subscription starts with the value of its moment.
     *
     * <ul>
     *   <li><b>onNext</b>: values with rising versions; without a value for one that is not there, or has been removed.
     *   <li><b>onError</b>: {@link StateTypeException} if a value is of another type.
     *   <li><b>onComplete</b>: never.
     *   <li><b>demand</b>: honoured; between requests the latest value waits, and no other.
     *   <li><b>threads</b>: {@link Schedulers#boundedElastic()}; the subscriber may block, and holds up no writer.
     * </ul>
     *
     * @param key whose values
     * @param <T> their type
     * @return the values
     * @throws NullPointerException if {@code key} is null
     */
    public <T> Flux<Versioned<T>> watch(StateKey<T> key) {
        Objects.requireNonNull(key, "key");
        return Flux.defer(() -> Flux.<Versioned<Object>>create(
                        sink -> add(new Watcher(key.name(), sink)), FluxSink.OverflowStrategy.LATEST)
                .publishOn(Schedulers.boundedElastic(), 1)
                .map(any -> typed(key, any)));
    }

    /** Under the lock: what is written next comes after the current value. */
    private synchronized void add(Watcher watcher) {
        watchers.add(watcher);
        watcher.sink().onDispose(() -> watchers.remove(watcher));
        watcher.sink().next(current(watcher.key()));
    }

    /** The names and their versions, without values. */
    @Override
    public synchronized String toString() {
        Map<String, Long> versions = new TreeMap<>();
        values.keySet().forEach(name -> versions.put(name, current(name).version()));
        return "SharedState" + versions;
    }
}
