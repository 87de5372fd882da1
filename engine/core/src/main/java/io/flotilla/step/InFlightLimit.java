package io.flotilla.step;

import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * One limit on the steps in flight of a whole engine: all its rounds, runs and single steps together, see {@link
 * StepEngine.Builder Builder.maxInFlight}.
 *
 * <pre>{@code
 * StepEngine engine = StepEngine.builder()
 *         .maxInFlight(InFlightLimit.of(64)
 *                 .keyedBy(context -> context.getOrDefault("tenant", null), tenant -> tenant.equals("gold") ? 4 : 1)
 *                 .priority(context -> context.hasKey("batch") ? 0 : 1))
 *         .build();
 * }</pre>
 *
 * <p>Every step in flight holds a permit. Where none is free, rounds, runs and single steps wait, each as one waiter, and take
 * turns: a round of 100,000 steps gets one permit a turn, as does a single step. With {@link #keyedBy keys} the turns are the
 * keys', by <i>deficit round robin</i> (M. Shreedhar and G. Varghese, Efficient Fair Queueing Using Deficit Round Robin, ACM
 * SIGCOMM 1995): while it has steps that wait, a key gets as many permits a turn as its weight; the waiters of one key take
 * turns among themselves. What has been without a wait does not count, and nobody waits while a permit is free.
 *
 * <p>Immutable. The functions are called outside all locks, by any thread, once for each waiter, when it has to wait for the
 * first time. One that throws, answers out of bounds, or keeps its thread, waiting for about 100 ms or computing for about a second, is logged at
 * WARN, and the waiter has no key, weight 1 and priority 0.
 *
 * @since 0.1
 */
public final class InFlightLimit {

    /** The default of {@link #maxQueued(int)}. */
    public static final int DEFAULT_MAX_QUEUED = 10_000;

    /** The largest weight of a key. */
    public static final int MAX_WEIGHT = 1_000;

    /**
     * The key in the Reactor context that says a priority, an {@link Integer}, where no {@link #priority} is set. A run that
     * was started with a priority has it in the context of its steps.
     */
    public static final String PRIORITY_KEY = "io.flotilla.priority";

    private final int maxInFlight;
    private final int maxQueued;
    private final @Nullable Function<? super ContextView, @Nullable String> key;
    private final @Nullable ToIntFunction<? super String> weight;
    private final @Nullable ToIntFunction<? super ContextView> priority;

    private InFlightLimit(
            int maxInFlight,
            int maxQueued,
            @Nullable Function<? super ContextView, @Nullable String> key,
            @Nullable ToIntFunction<? super String> weight,
            @Nullable ToIntFunction<? super ContextView> priority) {
        this.maxInFlight = maxInFlight;
        this.maxQueued = maxQueued;
        this.key = key;
        this.weight = weight;
        this.priority = priority;
    }

    /**
     * A limit with all defaults: rounds, runs and single steps take turns.
     *
     * @param maxInFlight how many steps are in flight at most, 1 or more
     * @return the limit
     * @throws IllegalArgumentException if {@code maxInFlight} is below 1
     */
    public static InFlightLimit of(int maxInFlight) {
        if (maxInFlight < 1) {
            throw new IllegalArgumentException("maxInFlight must be >= 1, was " + maxInFlight);
        }
        return new InFlightLimit(maxInFlight, DEFAULT_MAX_QUEUED, null, null, null);
    }

    /**
     * How many waiters the queue holds. When it is full, the steps of a round or run that has not had a permit or a place in the
     * queue yet are {@link StepResult.Rejected} by the guard {@value StepRejectedException#IN_FLIGHT_LIMIT}, and so are single
     * steps. A round or run counts as one, however many steps it has; one that has been let in is not refused later.
     *
     * @param maxQueued 0 or more, 0 to reject whatever finds no permit; default {@value #DEFAULT_MAX_QUEUED}
     * @return the limit with this bound
     * @throws IllegalArgumentException if {@code maxQueued} is negative
     */
    public InFlightLimit maxQueued(int maxQueued) {
        if (maxQueued < 0) {
            throw new IllegalArgumentException("maxQueued must be >= 0, was " + maxQueued);
        }
        return new InFlightLimit(maxInFlight, maxQueued, key, weight, priority);
    }

    /**
     * Lets keys, such as tenants, take turns, whatever number of rounds and runs each of them has.
     *
     * @param key the key in the Reactor context of the round's, run's or step's subscriber, or of {@code Workflow.start}; null
     *     for none: all waiters without a key share one
     * @return the limit by key
     * @throws NullPointerException if {@code key} is null
     */
    public InFlightLimit keyedBy(Function<? super ContextView, @Nullable String> key) {
        return new InFlightLimit(maxInFlight, maxQueued, Objects.requireNonNull(key, "key"), null, priority);
    }

    /**
     * Lets keys, such as tenants, take turns, some more often than others.
     *
     * @param key as for {@link #keyedBy(Function)}
     * @param weight how many permits a key gets a turn, from 1 to {@value #MAX_WEIGHT}; without a key it is 1
     * @return the limit by key
     * @throws NullPointerException if an argument is null
     */
    public InFlightLimit keyedBy(
            Function<? super ContextView, @Nullable String> key, ToIntFunction<? super String> weight) {
        return new InFlightLimit(
                maxInFlight,
                maxQueued,
                Objects.requireNonNull(key, "key"),
                Objects.requireNonNull(weight, "weight"),
                priority);
    }

    /**
     * Puts some before others: a permit goes to the highest priority that waits, and only those of one priority take turns. A
     * step in flight is never ended for a higher one. Those of lower priorities wait as long as higher ones do not leave a
     * permit; for shares, use weights.
     *
     * @param priority the priority in the Reactor context of the subscriber; higher goes first, any number
     * @return the limit with priorities; by default that under {@link #PRIORITY_KEY}, and 0 without one
     * @throws NullPointerException if {@code priority} is null
     */
    public InFlightLimit priority(ToIntFunction<? super ContextView> priority) {
        return new InFlightLimit(maxInFlight, maxQueued, key, weight, Objects.requireNonNull(priority, "priority"));
    }

    /**
     * The limit.
     *
     * @return how many steps are in flight at most
     */
    public int maxInFlight() {
        return maxInFlight;
    }

    /**
     * The bound of the queue.
     *
     * @return how many waiters it holds
     */
    public int maxQueued() {
        return maxQueued;
    }

    /** Whether something says who goes first: a function of the user's, or the context. */
    boolean classifies(ContextView context) {
        return key != null || priority != null || context.hasKey(PRIORITY_KEY);
    }

    /** Asks the functions; whatever they throw. */
    Line lineOf(ContextView context) {
        String name = key == null ? null : key.apply(context);
        int share = weight == null || name == null ? 1 : weight.applyAsInt(name);
        if (share < 1 || share > MAX_WEIGHT) {
            throw new IllegalArgumentException(
                    "weight must be from 1 to " + MAX_WEIGHT + ", was " + share + " for " + name);
        }
        return new Line(
                priority == null ? told(context) : priority.applyAsInt(context), name == null ? "" : name, share);
    }

    private static int told(ContextView context) {
        return context.getOrDefault(PRIORITY_KEY, null) instanceof Integer told ? told : 0;
    }

    /** Where a waiter queues. {@code key} empty: it has none. */
    record Line(int priority, String key, int weight) {

        static final Line DEFAULT = new Line(0, "", 1);
    }

    /** The numbers. */
    @Override
    public String toString() {
        return "InFlightLimit[maxInFlight=" + maxInFlight + ", maxQueued=" + maxQueued + (key == null ? "" : ", keyed")
                + (priority == null ? "" : ", with priorities") + "]";
    }
}
