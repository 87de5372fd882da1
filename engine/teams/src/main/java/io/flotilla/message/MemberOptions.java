package io.flotilla.message;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;

/**
 * The mailbox of a member of a {@link Network}. Start with {@link #defaults()}; each method returns changed options.
 * Immutable.
 *
 * @since 0.1
 */
public final class MemberOptions {

    private static final MemberOptions DEFAULTS = new MemberOptions(
            Mailbox.DEFAULT_CAPACITY,
            Overflow.REJECT,
            Mailbox.DEFAULT_MAX_WAITING,
            Mailbox.DEFAULT_HANDLER_TIMEOUT,
            null,
            false);

    private final int capacity;
    private final Overflow overflow;
    private final int maxWaiting;
    private final @Nullable Duration handlerTimeout;
    private final @Nullable Supplier<Scheduler> scheduler;
    final boolean isInterchangeable;

    private MemberOptions(
            int capacity,
            Overflow overflow,
            int maxWaiting,
            @Nullable Duration handlerTimeout,
            @Nullable Supplier<Scheduler> scheduler,
            boolean isInterchangeable) {
        this.capacity = capacity;
        this.overflow = overflow;
        this.maxWaiting = maxWaiting;
        this.handlerTimeout = handlerTimeout;
        this.scheduler = scheduler;
        this.isInterchangeable = isInterchangeable;
    }

    /**
     * The defaults of a {@link Mailbox}.
     *
     * @return the options
     */
    public static MemberOptions defaults() {
        return DEFAULTS;
    }

    /**
     * How many messages may wait for the member.
     *
     * @param capacity 1 or more; default {@value Mailbox#DEFAULT_CAPACITY}
     * @return changed options
     * @throws IllegalArgumentException if {@code capacity} is below 1
     */
    public MemberOptions capacity(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity must be >= 1, was " + capacity);
        }
        return new MemberOptions(capacity, overflow, maxWaiting, handlerTimeout, scheduler, isInterchangeable);
    }

    /**
     * What happens to a message for which there is no room. With {@link Overflow#BACKPRESSURE} a {@link Network#send}
     * waits for this member; the other receivers of the same message do not.
     *
     * @param overflow default {@link Overflow#REJECT}
     * @return changed options
     * @throws NullPointerException if {@code overflow} is null
     */
    public MemberOptions overflow(Overflow overflow) {
        return new MemberOptions(
                capacity,
                Objects.requireNonNull(overflow, "overflow"),
                maxWaiting,
                handlerTimeout,
                scheduler,
                isInterchangeable);
    }

    /**
     * How many sends may wait for room, see {@link Mailbox.Builder#maxWaiting}.
     *
     * @param maxWaiting 0 or more; default {@value Mailbox#DEFAULT_MAX_WAITING}
     * @return changed options
     * @throws IllegalArgumentException if {@code maxWaiting} is negative
     */
    public MemberOptions maxWaiting(int maxWaiting) {
        if (maxWaiting < 0) {
            throw new IllegalArgumentException("maxWaiting must be >= 0, was " + maxWaiting);
        }
        return new MemberOptions(capacity, overflow, maxWaiting, handlerTimeout, scheduler, isInterchangeable);
    }

    /**
     * How long the member may be at a message, see {@link Mailbox.Builder#handlerTimeout}. For an agent the step timeout of
     * the network's engine applies as well.
     *
     * @param handlerTimeout more than zero; default 60 seconds
     * @return changed options
     * @throws NullPointerException if {@code handlerTimeout} is null
     * @throws IllegalArgumentException if {@code handlerTimeout} is not more than zero, or over 292 years
     */
    public MemberOptions handlerTimeout(Duration handlerTimeout) {
        return new MemberOptions(
                capacity,
                overflow,
                maxWaiting,
                Limits.positive("handlerTimeout", handlerTimeout),
                scheduler,
                isInterchangeable);
    }

    /**
     * Lets the member be at a message for as long as it likes, see {@link Mailbox.Builder#noHandlerTimeout}.
     *
     * @return changed options
     */
    public MemberOptions noHandlerTimeout() {
        return new MemberOptions(capacity, overflow, maxWaiting, null, scheduler, isInterchangeable);
    }

    /**
     * Where the member's handler runs, see {@link Mailbox.Builder#scheduler}.
     *
     * @param scheduler default: threads of the library
     * @return changed options
     * @throws NullPointerException if {@code scheduler} is null
     */
    public MemberOptions scheduler(Supplier<Scheduler> scheduler) {
        return new MemberOptions(
                capacity,
                overflow,
                maxWaiting,
                handlerTimeout,
                Objects.requireNonNull(scheduler, "scheduler"),
                isInterchangeable);
    }

    /**
     * Lets other members of the same kind ({@link io.flotilla.AgentId#kind()}) that are interchangeable, too, take what is sent to
     * this one alone while it is {@linkplain NetworkOptions.Builder#health unhealthy}, and this one theirs. Of those that are well
     * and that the sender reaches, the one with the least in its mailbox has the message, as it is: its recipient is still who
     * it was sent to, and the report names who has it. Replies are never rerouted; with a {@link NetworkGuard} it has to permit
     * it. The order of one sender's messages is kept at each member alone.
     *
     * <p>Not for members with a state or tasks of their own, such as those of {@code Peers} or a {@code StateAgent}.
     *
     * @return changed options; default: a member has its messages to itself
     */
    public MemberOptions interchangeable() {
        return new MemberOptions(capacity, overflow, maxWaiting, handlerTimeout, scheduler, true);
    }

    Mailbox.Builder apply(Mailbox.Builder to) {
        to.capacity(capacity).overflow(overflow).maxWaiting(maxWaiting);
        to.handlerTimeout = handlerTimeout;
        to.scheduler = scheduler;
        return to;
    }
}
