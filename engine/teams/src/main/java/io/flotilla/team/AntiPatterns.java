package io.flotilla.team;

import io.flotilla.message.Network;
import io.flotilla.step.StepEngine;
import java.time.Duration;
import java.util.Objects;
import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;

/**
 * Looks for anti-patterns in the traffic of a network while it runs: two that talk too much, one that is in everything, tasks that
 * go round in circles, a mailbox that fills up. What to look for, and from when on it is too much, is for its user to say.
 *
 * <pre>{@code
 * AntiPatterns.builder()
 *         .chattyPair(200)
 *         .godAgent(0.6, 100)
 *         .circularDelegation(1)
 *         .growingBacklog(5, 50)
 *         .build()
 *         .watch(hub)
 *         .subscribe(found -> log.warn("{}", found));
 * }</pre>
 *
 * <p>It sees each message on its way to each receiver, answers to requests included, and keeps a bounded number of counters.
 * Immutable.
 *
 * @since 0.1
 */
public final class AntiPatterns {

    /** The default of {@link Builder#interval}: one second. */
    public static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(1);

    /** The default of {@link Builder#maxTracked}. */
    public static final int DEFAULT_MAX_TRACKED = 10_000;

    /** How many events wait for a subscriber that is slow; then the oldest are dropped. */
    public static final int BUFFER = 256;

    private final AntiPatternSettings settings;

    private AntiPatterns(AntiPatternSettings settings) {
        this.settings = settings;
    }

    /**
     * Starts a configuration.
     *
     * @return a builder that looks for nothing
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Watches a network.
     *
     * <p>Cold: each subscription watches from its beginning to its end, with counters of its own.
     *
     * <ul>
     *   <li><b>onNext</b>: what was found: when it begins, and again only after it was over. Chatty pairs, god agents and
     *       backlogs at the end of an interval; a circle at once, once for each time the member comes again.
     *   <li><b>onComplete</b>: never.
     *   <li><b>cancel</b>: ends the watching.
     *   <li><b>demand</b>: honoured; a subscriber that is slow has the last {@value #BUFFER} waiting.
     *   <li><b>threads</b>: a thread of the engine's at the end of an interval, that of a sender for circles: the subscriber
     *       should not block it, or use {@code publishOn}.
     * </ul>
     *
     * @param network the network
     * @return what was found
     * @throws NullPointerException if {@code network} is null (the call itself, not a signal)
     */
    public Flux<AntiPattern> watch(Network network) {
        Objects.requireNonNull(network, "network");
        return Flux.<AntiPattern>create(
                        sink -> new TrafficWatch(settings, network, sink).begin(), FluxSink.OverflowStrategy.IGNORE)
                .onBackpressureBuffer(BUFFER, oldest -> {}, BufferOverflowStrategy.DROP_OLDEST);
    }

    /** What to look for. Each setting checks its argument at once. Not thread-safe. */
    public static final class Builder {

        private final AntiPatternSettings settings = new AntiPatternSettings();

        private Builder() {}

        /**
         * Looks for pairs that exchange more messages than this.
         *
         * @param messagesPerSecond how many are allowed, in both directions; more than zero
         * @return this builder
         * @throws IllegalArgumentException if {@code messagesPerSecond} is not a number more than zero
         */
        public Builder chattyPair(double messagesPerSecond) {
            if (!(messagesPerSecond > 0)) {
                throw new IllegalArgumentException("messagesPerSecond must be > 0, was " + messagesPerSecond);
            }
            settings.messagesPerSecond = messagesPerSecond;
            return this;
        }

        /**
         * Looks for members with a part in more of the messages than this. Intervals in which fewer than three members took
         * part say nothing.
         *
         * @param share which share is allowed, 0 to less than 1
         * @param minMessages how many messages an interval must have had to say something; 1 or more
         * @return this builder
         * @throws IllegalArgumentException if an argument is out of its bounds
         */
        public Builder godAgent(double share, int minMessages) {
            if (!(share >= 0 && share < 1)) {
                throw new IllegalArgumentException("share must be 0 to less than 1, was " + share);
            }
            settings.minMessages = Bounds.atLeast(1, "minMessages", minMessages);
            settings.share = share;
            return this;
        }

        /**
         * Looks for messages that come back to a member through what followed from them: {@link
         * io.flotilla.message.Envelope#causationId()}. Replies are no delegation.
         *
         * @param times how often a member may have been in it before; 0 or more
         * @return this builder
         * @throws IllegalArgumentException if {@code times} is negative
         */
        public Builder circularDelegation(int times) {
            settings.circles = Bounds.atLeast(0, "times", times);
            return this;
        }

        /**
         * Looks for mailboxes in which more messages wait from interval to interval.
         *
         * @param intervals for how many intervals in a row that is allowed; 1 or more
         * @param minQueued how many messages must wait for it to say something; 1 or more
         * @return this builder
         * @throws IllegalArgumentException if an argument is below 1
         */
        public Builder growingBacklog(int intervals, int minQueued) {
            settings.minQueued = Bounds.atLeast(1, "minQueued", minQueued);
            settings.intervals = Bounds.atLeast(1, "intervals", intervals);
            return this;
        }

        /**
         * How long messages are counted before the counts are judged.
         *
         * @param interval more than zero; default one second
         * @return this builder
         * @throws NullPointerException if {@code interval} is null
         * @throws IllegalArgumentException if {@code interval} is not more than zero, or over 292 years
         */
        public Builder interval(Duration interval) {
            settings.interval = Bounds.positive("interval", interval);
            return this;
        }

        /**
         * How many pairs, members and messages are kept in mind, of each kind. Pairs and members beyond that are not looked at
         * in this interval; of messages the oldest are forgotten.
         *
         * @param maxTracked 1 or more; default {@value AntiPatterns#DEFAULT_MAX_TRACKED}
         * @return this builder
         * @throws IllegalArgumentException if {@code maxTracked} is below 1
         */
        public Builder maxTracked(int maxTracked) {
            settings.maxTracked = Bounds.atLeast(1, "maxTracked", maxTracked);
            return this;
        }

        /**
         * The engine whose timers are used.
         *
         * @param engine default: one with all defaults
         * @return this builder
         * @throws NullPointerException if {@code engine} is null
         */
        public Builder engine(StepEngine engine) {
            settings.engine = Objects.requireNonNull(engine, "engine");
            return this;
        }

        /**
         * Makes the configuration. The builder may be changed and used again.
         *
         * @return what looks for these
         * @throws IllegalStateException if there is nothing to look for
         */
        public AntiPatterns build() {
            if (!settings.looksForSomething()) {
                throw new IllegalStateException("there is nothing to look for");
            }
            return new AntiPatterns(new AntiPatternSettings(settings));
        }
    }
}
