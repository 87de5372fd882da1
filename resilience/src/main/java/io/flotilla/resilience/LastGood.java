package io.flotilla.resilience;

import io.flotilla.agent.StepContext;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * The last good value of each agent and input, to fall back on. Bounded: the entry not used for the longest time goes first.
 *
 * <p>Keeps the values themselves, and the keys. Thread-safe.
 */
public final class LastGood {

    /**
     * A value and when it was good.
     *
     * @param value the value
     * @param at when the step that answered it ended, on the engine's clock
     */
    record Kept(Object value, Instant at) {}

    private final int entries;
    private final Duration maxAge;
    private final BiFunction<? super StepContext, Object, ?> key;

    /** Guarded by itself. */
    private final Map<Object, Kept> kept = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Object, Kept> eldest) {
            return size() > entries;
        }
    };

    private LastGood(int entries, Duration maxAge, BiFunction<? super StepContext, Object, ?> key) {
        this.entries = entries;
        this.maxAge = maxAge;
        this.key = key;
    }

    /**
     * Values by agent and input.
     *
     * @param entries how many are kept; 1 or more
     * @param maxAge older values are not used; more than zero
     * @return an empty store
     * @throws IllegalArgumentException if an argument is out of bounds
     */
    public static LastGood of(int entries, Duration maxAge) {
        return new LastGood(
                Check.atLeast(1, entries, "entries"),
                Check.positive(maxAge, "maxAge"),
                (context, input) -> List.of(context.agentId(), input));
    }

    /**
     * The same bounds with keys of the user's own, such as the agent's kind alone.
     *
     * @param key makes a key of context and input; compared by {@code equals}
     * @return another, empty store
     * @throws NullPointerException if {@code key} is null
     */
    public LastGood keyedBy(BiFunction<? super StepContext, Object, ?> key) {
        return new LastGood(entries, maxAge, Objects.requireNonNull(key, "key"));
    }

    /**
     * How many values are kept now.
     *
     * @return at most the bound
     */
    public int size() {
        synchronized (kept) {
            return kept.size();
        }
    }

    void keep(StepContext context, Object input, Object value, Instant now) {
        Object of = keyOf(context, input);
        synchronized (kept) {
            kept.put(of, new Kept(value, now));
        }
    }

    @Nullable Kept find(StepContext context, Object input, Instant now) {
        Object of = keyOf(context, input);
        synchronized (kept) {
            Kept found = kept.get(of);
            return found == null || Duration.between(found.at(), now).compareTo(maxAge) > 0 ? null : found;
        }
    }

    /** Reactor throws a fatal error where an operator of its own calls us, instead of signalling it, and the step would hang. */
    private Object keyOf(StepContext context, Object input) {
        try {
            return Objects.requireNonNull(key.apply(context, input), "key of a last good value");
        } catch (Error thrown) {
            throw new IllegalStateException("key of a last good value", thrown);
        }
    }
}
