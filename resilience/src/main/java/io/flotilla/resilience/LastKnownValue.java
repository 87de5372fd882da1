package io.flotilla.resilience;

import io.flotilla.agent.StepContext;
import io.flotilla.step.EngineClock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Stores the last successful value of each agent and input, for a fallback. Bounded: the least recently used entry is
 * removed first.
 *
 * <p>Ages are measured with the engine's timer, so changing the system clock has no effect. The store holds references to
 * the values and the keys.
 *
 * <p>A key whose {@code hashCode} or {@code equals} throws never changes a step's result: the value is not stored, or not
 * found, and the error is logged once. Thread-safe.
 *
 * @since 0.1
 */
public final class LastKnownValue {

    /** A value, and when it was good on which engine's timer. */
    private record Kept(Object value, EngineClock clock, long nanos) {}

    /**
     * A stored value.
     *
     * @param value the value
     * @param age how long ago the step that answered it ended; never negative
     */
    record Found(Object value, Duration age) {}

    private final int entries;
    private final Duration maxAge;
    private final BiFunction<? super StepContext, Object, ?> key;

    private final Complaint keys = new Complaint("the key of a last known value");

    /** Guarded by itself. */
    private final Map<Key, Kept> kept = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Kept> eldest) {
            return size() > entries;
        }
    };

    private LastKnownValue(int entries, Duration maxAge, BiFunction<? super StepContext, Object, ?> key) {
        this.entries = entries;
        this.maxAge = maxAge;
        this.key = key;
    }

    /**
     * A store with agent and input as key.
     *
     * @param entries the most values; 1 or more
     * @param maxAge older values are not used; more than zero
     * @return an empty store
     * @throws IllegalArgumentException if an argument is out of bounds
     */
    public static LastKnownValue of(int entries, Duration maxAge) {
        return new LastKnownValue(
                Check.atLeast(1, entries, "entries"),
                Check.positive(maxAge, "maxAge"),
                (context, input) -> List.of(context.agentId(), input));
    }

    /**
     * A store with the same bounds and another key, such as the agent's kind alone.
     *
     * @param key returns the key for context and input, which is compared by {@code equals}; if it throws or returns
     *     null, no value is stored or found
     * @return another, empty store
     * @throws NullPointerException if {@code key} is null
     */
    public LastKnownValue keyedBy(BiFunction<? super StepContext, Object, ?> key) {
        return new LastKnownValue(entries, maxAge, Objects.requireNonNull(key, "key"));
    }

    /**
     * The number of values now.
     *
     * @return at most the bound
     */
    public int size() {
        synchronized (kept) {
            return kept.size();
        }
    }

    /** Throws nothing: a success stays one, whatever its key does. */
    void keep(StepContext context, Object input, Object value, EngineClock clock) {
        try {
            Key of = keyOf(context, input);
            Kept good = new Kept(value, clock, clock.nanoTime());
            synchronized (kept) {
                kept.put(of, good);
            }
        } catch (Throwable thrown) {
            keys.about(thrown);
        }
    }

    /** Throws nothing: if the key does, nothing is found, and the next fallback is tried. */
    @Nullable Found find(StepContext context, Object input) {
        try {
            Key of = keyOf(context, input);
            Kept found;
            synchronized (kept) {
                found = kept.get(of);
            }
            return found == null ? null : young(found);
        } catch (Throwable thrown) {
            keys.about(thrown);
            return null;
        }
    }

    /** By the clock it was kept with: another clock's readings mean nothing. A clock that has gone back gives no age. */
    private @Nullable Found young(Kept good) {
        Duration age = Duration.ofNanos(good.clock().nanoTime() - good.nanos());
        return age.isNegative() || age.compareTo(maxAge) > 0 ? null : new Found(good.value(), age);
    }

    private Key keyOf(StepContext context, Object input) {
        Object of = Objects.requireNonNull(key.apply(context, input), "key of a last known value");
        return new Key(of, of.hashCode(), keys);
    }

    /** Asks for the hash once, outside the map, and throws nothing inside it: the map would be left half changed. */
    private static final class Key {

        private final Object of;
        private final int hash;
        private final Complaint keys;

        Key(Object of, int hash, Complaint keys) {
            this.of = of;
            this.hash = hash;
            this.keys = keys;
        }

        @Override
        public boolean equals(Object other) {
            if (this == other) {
                return true;
            }
            try {
                return other instanceof Key that && hash == that.hash && of.equals(that.of);
            } catch (Throwable thrown) {
                keys.about(thrown);
                return false;
            }
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }
}
