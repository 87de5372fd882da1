package io.flotilla.message;

import io.flotilla.health.HealthMonitor;
import io.flotilla.step.StepEngine;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What all forms of {@link Network} have in common. Immutable.
 *
 * @since 0.1
 */
public final class NetworkOptions {

    /** The default of {@link Builder#hopLimit}. */
    public static final int DEFAULT_HOP_LIMIT = 16;

    /** The default of {@link Builder#requestTimeout}. */
    public static final Duration DEFAULT_REQUEST_TIMEOUT = Duration.ofSeconds(30);

    /** The default of {@link Builder#maxPendingRequests}. */
    public static final int DEFAULT_MAX_PENDING_REQUESTS = 10_000;

    /** The default of {@link Builder#logSize}. */
    public static final int DEFAULT_LOG_SIZE = 100;

    final StepEngine engine;
    final MemberOptions member;
    final Undeliverable undeliverable;
    final DeadLetters deadLetters;
    final int hopLimit;
    final Duration requestTimeout;
    final int maxPendingRequests;
    final int logSize;
    final @Nullable NetworkGuard guard;
    final @Nullable HealthMonitor health;
    final @Nullable MessageFaults faults;

    private NetworkOptions(Builder from) {
        this.engine = from.engine == null ? WorkerPool.defaultEngine() : from.engine;
        this.member = from.member;
        this.undeliverable = from.undeliverable;
        this.deadLetters = from.deadLetters == null ? DeadLetters.create() : from.deadLetters;
        this.hopLimit = from.hopLimit;
        this.requestTimeout = from.requestTimeout;
        this.maxPendingRequests = from.maxPendingRequests;
        this.logSize = from.logSize;
        this.guard = from.guard;
        this.health = from.health;
        this.faults = from.faults;
    }

    /**
     * Options with all defaults.
     *
     * @return new options, with dead letters of their own
     */
    public static NetworkOptions defaults() {
        return builder().build();
    }

    /**
     * Starts options.
     *
     * @return a builder with all defaults
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Makes options. Each setting checks its argument at once. Not thread-safe. */
    public static final class Builder {

        private @Nullable StepEngine engine;
        private MemberOptions member = MemberOptions.defaults();
        private Undeliverable undeliverable = Undeliverable.ERROR;
        private @Nullable DeadLetters deadLetters;
        private int hopLimit = DEFAULT_HOP_LIMIT;
        private Duration requestTimeout = DEFAULT_REQUEST_TIMEOUT;
        private int maxPendingRequests = DEFAULT_MAX_PENDING_REQUESTS;
        private int logSize = DEFAULT_LOG_SIZE;
        private @Nullable NetworkGuard guard;
        private @Nullable HealthMonitor health;
        private @Nullable MessageFaults faults;

        private Builder() {}

        /**
         * The engine that steps members that are agents: its interceptors, step timeout, observations and failures apply to
         * each message. Its clock and timers are those of the network. Its failure mode does not apply.
         *
         * @param engine default: one with all defaults
         * @return this builder
         * @throws NullPointerException if {@code engine} is null
         */
        public Builder engine(StepEngine engine) {
            this.engine = Objects.requireNonNull(engine, "engine");
            return this;
        }

        /**
         * The mailbox of members that join without options of their own.
         *
         * @param member default {@link MemberOptions#defaults()}
         * @return this builder
         * @throws NullPointerException if {@code member} is null
         */
        public Builder member(MemberOptions member) {
            this.member = Objects.requireNonNull(member, "member");
            return this;
        }

        /**
         * What happens to messages that cannot be delivered.
         *
         * @param undeliverable default {@link Undeliverable#ERROR}
         * @return this builder
         * @throws NullPointerException if {@code undeliverable} is null
         */
        public Builder undeliverable(Undeliverable undeliverable) {
            this.undeliverable = Objects.requireNonNull(undeliverable, "undeliverable");
            return this;
        }

        /**
         * Where dead letters of the network and of its members' mailboxes go.
         *
         * @param deadLetters default an office of the network's own
         * @return this builder
         * @throws NullPointerException if {@code deadLetters} is null
         */
        public Builder deadLetters(DeadLetters deadLetters) {
            this.deadLetters = Objects.requireNonNull(deadLetters, "deadLetters");
            return this;
        }

        /**
         * How many messages a message may follow from, one after another: {@link Envelope#hops()}. So members that answer
         * each other for ever come to an end.
         *
         * @param hopLimit 0 or more; default {@value NetworkOptions#DEFAULT_HOP_LIMIT}
         * @return this builder
         * @throws IllegalArgumentException if {@code hopLimit} is negative
         */
        public Builder hopLimit(int hopLimit) {
            this.hopLimit = atLeast(0, "hopLimit", hopLimit);
            return this;
        }

        /**
         * How long a request waits for answers that is not told otherwise.
         *
         * @param requestTimeout more than zero; default 30 seconds
         * @return this builder
         * @throws NullPointerException if {@code requestTimeout} is null
         * @throws IllegalArgumentException if {@code requestTimeout} is not more than zero, or over 292 years
         */
        public Builder requestTimeout(Duration requestTimeout) {
            this.requestTimeout = Limits.positive("requestTimeout", requestTimeout);
            return this;
        }

        /**
         * How many requests may wait for answers at the same time; a further one fails as {@code FULL}.
         *
         * @param maxPendingRequests 1 or more; default {@value NetworkOptions#DEFAULT_MAX_PENDING_REQUESTS}
         * @return this builder
         * @throws IllegalArgumentException if {@code maxPendingRequests} is below 1
         */
        public Builder maxPendingRequests(int maxPendingRequests) {
            this.maxPendingRequests = atLeast(1, "maxPendingRequests", maxPendingRequests);
            return this;
        }

        /**
         * How many reports {@link Network#log()} has. They hold their envelopes with the payloads.
         *
         * @param logSize 0 or more; default {@value NetworkOptions#DEFAULT_LOG_SIZE}
         * @return this builder
         * @throws IllegalArgumentException if {@code logSize} is negative
         */
        public Builder logSize(int logSize) {
            this.logSize = atLeast(0, "logSize", logSize);
            return this;
        }

        /**
         * What lets messages in, or refuses them, for all members and all ways of sending.
         *
         * @param guard default none: every message is let in
         * @return this builder
         * @throws NullPointerException if {@code guard} is null
         */
        public Builder guard(NetworkGuard guard) {
            this.guard = Objects.requireNonNull(guard, "guard");
            return this;
        }

        /**
         * What says which members are well. One that is {@linkplain HealthMonitor#isUsable(io.flotilla.AgentId) not usable} is
         * sent nothing more, until it is again: with {@link MemberOptions#interchangeable} another member of its kind has what
         * is sent to it alone; else that is refused with {@link DeadLetter.Reason#UNHEALTHY}, and so is its part of what goes to
         * all, to a topic, or is gathered. What its mailbox has accepted before is delivered, and answers to requests are.
         *
         * <p>The monitor is asked at each message, on the thread of its sender; that it does not flap is the monitor's: see its
         * thresholds.
         *
         * @param monitor has checks whose names are members' ids or kinds; members without one are well. Default none
         * @return this builder
         * @throws NullPointerException if {@code monitor} is null
         */
        public Builder health(HealthMonitor monitor) {
            this.health = Objects.requireNonNull(monitor, "monitor");
            return this;
        }

        /**
         * Loses, doubles and delays messages, for tests.
         *
         * @param faults default none
         * @return this builder
         * @throws NullPointerException if {@code faults} is null
         */
        public Builder faults(MessageFaults faults) {
            this.faults = Objects.requireNonNull(faults, "faults");
            return this;
        }

        private static int atLeast(int least, String what, int value) {
            if (value < least) {
                throw new IllegalArgumentException(what + " must be >= " + least + ", was " + value);
            }
            return value;
        }

        /**
         * Makes the options.
         *
         * @return new options
         */
        public NetworkOptions build() {
            return new NetworkOptions(this);
        }
    }
}
