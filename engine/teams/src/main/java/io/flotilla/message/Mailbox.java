package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.StepEngine;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * A bounded queue of messages in front of one handler, or of one subscriber.
 *
 * <pre>{@code
 * Mailbox mailbox = Mailbox.builder("writer")
 *         .capacity(1_000)
 *         .overflow(Overflow.BACKPRESSURE)
 *         .handler(envelope -> store.save(envelope.payload(Note.class)))
 *         .build();
 * mailbox.send(Envelope.to("writer", note).build()).subscribe();
 * }</pre>
 *
 * <p>Any number of threads may send. Messages are handled one at a time, in the order in which they were accepted, so those of
 * one sender stay in its order. What the mailbox accepts is delivered once, or becomes a dead letter once: {@link #stats()}
 * adds up at every moment.
 *
 * <p>Handlers run on threads of the library ({@code flotilla-mailbox}), one a core. A handler that blocks its thread is
 * noticed within 60 ms, and another thread takes the place of the blocked one, so it holds up no other mailbox. After its
 * {@linkplain Builder#handlerTimeout time} its message is a dead letter, its thread is interrupted, and the mailbox
 * handles the next message.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class Mailbox implements Disposable {

    /** The default of {@link Builder#capacity}. */
    public static final int DEFAULT_CAPACITY = 1_000;

    /** The default of {@link Builder#maxWaiting}. */
    public static final int DEFAULT_MAX_WAITING = 10_000;

    /** The default of {@link Builder#handlerTimeout}. */
    public static final Duration DEFAULT_HANDLER_TIMEOUT = Duration.ofSeconds(60);

    private final MailboxCore core;

    private Mailbox(MailboxCore core) {
        this.core = core;
    }

    /**
     * Starts a mailbox's configuration.
     *
     * @param owner who receives, for errors and dead letters
     * @return a builder with all defaults
     * @throws NullPointerException if {@code owner} is null
     */
    public static Builder builder(AgentId owner) {
        return new Builder(Objects.requireNonNull(owner, "owner"));
    }

    /**
     * Starts a mailbox's configuration.
     *
     * @param owner who receives, as {@link AgentId#of(String)} reads it
     * @return a builder with all defaults
     * @throws NullPointerException if {@code owner} is null
     * @throws IllegalArgumentException if {@code owner} is no name of an agent
     */
    public static Builder builder(String owner) {
        return builder(AgentId.of(owner));
    }

    /**
     * Offers a message, and says at once whether it is taken. Never waits: with {@link Overflow#BACKPRESSURE} a full
     * mailbox, or one that senders wait for, refuses it.
     *
     * @param envelope the message
     * @return what became of it
     * @throws NullPointerException if {@code envelope} is null
     */
    public OfferResult offer(Envelope envelope) {
        return core.offer(Objects.requireNonNull(envelope, "envelope"));
    }

    /**
     * Sends a message.
     *
     * <p>Cold: every subscription sends it.
     *
     * <ul>
     *   <li><b>onNext</b>: never.
     *   <li><b>onComplete</b>: the mailbox has accepted the message; it has not been handled yet. With {@link
     *       Overflow#BACKPRESSURE} as soon as there is room, in the order of the senders.
     *   <li><b>onError</b>: {@link UndeliverableException} if it is not accepted, with the reason: {@code FULL} (with {@link
     *       Overflow#BACKPRESSURE} if too many senders wait), {@code CLOSED} or {@code EXPIRED}.
     *   <li><b>cancel</b>: while it waits for room, the message is not sent. Later it changes nothing.
     *   <li><b>threads</b>: the subscriber's, or one of the mailbox if it had to wait.
     *   <li><b>context</b>: the subscriber's context becomes the envelope's if the envelope has none.
     * </ul>
     *
     * @param envelope the message
     * @return completes when the message is accepted
     * @throws NullPointerException if {@code envelope} is null (the call itself, not a signal)
     */
    public Mono<Void> send(Envelope envelope) {
        Objects.requireNonNull(envelope, "envelope");
        return Mono.create(sink -> core.sends.send(envelope.in(sink.contextView()), sink));
    }

    /**
     * Sends the messages of a source one after another. With {@link Overflow#BACKPRESSURE} the source is asked for the next
     * message when the mailbox has accepted the one before, so a slow handler slows the source, and nothing is buffered in
     * between.
     *
     * <p>Cold: every subscription subscribes to the source.
     *
     * <ul>
     *   <li><b>onNext</b>: the number of accepted messages, when the source has completed.
     *   <li><b>onError</b>: the source's error, or that of {@link #send}; what was accepted before stays accepted.
     *   <li><b>cancel</b>: cancels the source; a message that waits for room is not sent.
     * </ul>
     *
     * @param envelopes the messages
     * @return the number of accepted messages
     * @throws NullPointerException if {@code envelopes} is null (the call itself, not a signal)
     */
    public Mono<Long> sendAll(Publisher<Envelope> envelopes) {
        return Flux.from(Objects.requireNonNull(envelopes, "envelopes"))
                .concatMap(envelope -> send(envelope).thenReturn(envelope), 0)
                .count();
    }

    /**
     * The messages, for a subscriber that takes the place of a handler. Only for a mailbox that was built without one.
     *
     * <p>Hot: each message goes to the one subscriber there is. What is not asked for waits in the mailbox, and after a cancel
     * for the next subscriber.
     *
     * <ul>
     *   <li><b>onNext</b>: each message, which is delivered by that.
     *   <li><b>onError</b>: {@link IllegalStateException} if the mailbox has a subscriber; {@link
     *       IllegalArgumentException} for a demand of zero or less; what the subscriber throws out of {@code onNext}.
     *   <li><b>onComplete</b>: when the mailbox is closed, after the last message.
     *   <li><b>cancel</b>: a message that has not reached the subscriber stays in the mailbox.
     *   <li><b>demand</b>: honoured; this is the backpressure of a mailbox without a handler.
     *   <li><b>threads</b>: those of the mailbox. A subscriber may block its thread; it then holds up no other mailbox, but no
     *       time ends it.
     * </ul>
     *
     * @return the messages
     * @throws IllegalStateException if the mailbox has a handler
     */
    public Flux<Envelope> receive() {
        if (core.hasHandler()) {
            throw new IllegalStateException("the mailbox of " + core.owner + " has a handler");
        }
        return new Receiving.Messages(core);
    }

    /**
     * Takes a message back: one that waits becomes a dead letter, the handler of one in flight is cancelled, both with {@link
     * DeadLetter.Reason#CANCELLED}. Looks through the whole queue.
     *
     * @param envelope the message, by its id
     * @return false if it is not in the mailbox: it never was, or has ended
     * @throws NullPointerException if {@code envelope} is null
     */
    public boolean withdraw(Envelope envelope) {
        return core.withdraw(Objects.requireNonNull(envelope, "envelope"));
    }

    /**
     * Closes the mailbox: it accepts nothing more, and delivers what it has. What is not delivered within the grace becomes
     * a dead letter, and its handler is cancelled.
     *
     * <p>Cold: nothing is closed before the first subscription; further ones wait for the same end.
     *
     * <ul>
     *   <li><b>onComplete</b>: when nothing is queued or in flight any more.
     *   <li><b>cancel</b>: ends the waiting and the grace: the mailbox goes on to deliver what it has, without a limit.
     *   <li><b>threads</b>: one of the mailbox.
     * </ul>
     *
     * @param grace how long it goes on to deliver; zero for not at all
     * @return completes when the mailbox is empty
     * @throws NullPointerException if {@code grace} is null
     * @throws IllegalArgumentException if {@code grace} is negative
     */
    public Mono<Void> close(Duration grace) {
        if (Objects.requireNonNull(grace, "grace").isNegative()) {
            throw new IllegalArgumentException("grace must not be negative, was " + grace);
        }
        return Mono.defer(() -> {
            core.close();
            Disposable end = grace.isZero() ? now() : core.clock.schedule(grace, this::dispose);
            return core.finished().doFinally(signal -> end.dispose());
        });
    }

    private Disposable now() {
        dispose();
        return () -> {};
    }

    /**
     * Closes the mailbox at once: what waits becomes a dead letter with {@link DeadLetter.Reason#CLOSED}, the handler that is
     * at a message is cancelled.
     */
    @Override
    public void dispose() {
        core.dispose(true);
    }

    /** Whether it has been closed or disposed of, and accepts nothing. */
    @Override
    public boolean isDisposed() {
        return core.isClosed();
    }

    /**
     * Who receives.
     *
     * @return as configured
     */
    public AgentId owner() {
        return core.owner;
    }

    /**
     * How many messages may wait.
     *
     * @return as configured
     */
    public int capacity() {
        return core.capacity;
    }

    /**
     * What was not delivered.
     *
     * @return as configured; else an office of this mailbox's own
     */
    public DeadLetters deadLetters() {
        return core.deadLetters();
    }

    /**
     * The counts of this moment.
     *
     * @return counts that add up
     */
    public MailboxStats stats() {
        return core.stats();
    }

    /** Owner and counts. */
    @Override
    public String toString() {
        return "Mailbox[" + core.owner + ", " + core.stats() + "]";
    }

    MailboxCore core() {
        return core;
    }

    /** The configuration of a mailbox. Each setting checks its argument at once. Not thread-safe. */
    public static final class Builder {

        final AgentId owner;
        int capacity = DEFAULT_CAPACITY;
        int maxWaiting = DEFAULT_MAX_WAITING;
        Overflow overflow = Overflow.REJECT;

        @Nullable MessageHandler handler;

        @Nullable Duration handlerTimeout = DEFAULT_HANDLER_TIMEOUT;

        @Nullable DeadLetters deadLetters;

        /** Hears of each dead letter first; must neither block nor throw. */
        @Nullable Consumer<DeadLetter> onDead;

        @Nullable Supplier<Scheduler> scheduler;

        private @Nullable StepEngine engine;

        private Builder(AgentId owner) {
            this.owner = owner;
        }

        /**
         * How many messages may wait; one more may be in flight.
         *
         * @param capacity 1 or more; default {@value Mailbox#DEFAULT_CAPACITY}
         * @return this builder
         * @throws IllegalArgumentException if {@code capacity} is below 1
         */
        public Builder capacity(int capacity) {
            if (capacity < 1) {
                throw new IllegalArgumentException("capacity must be >= 1, was " + capacity);
            }
            this.capacity = capacity;
            return this;
        }

        /**
         * What happens to a message for which there is no room.
         *
         * @param overflow default {@link Overflow#REJECT}
         * @return this builder
         * @throws NullPointerException if {@code overflow} is null
         */
        public Builder overflow(Overflow overflow) {
            this.overflow = Objects.requireNonNull(overflow, "overflow");
            return this;
        }

        /**
         * How many {@linkplain Mailbox#send sends} may wait for room with {@link Overflow#BACKPRESSURE}; further ones are
         * refused as {@code FULL}.
         *
         * @param maxWaiting 0 or more; default {@value Mailbox#DEFAULT_MAX_WAITING}
         * @return this builder
         * @throws IllegalArgumentException if {@code maxWaiting} is negative
         */
        public Builder maxWaiting(int maxWaiting) {
            if (maxWaiting < 0) {
                throw new IllegalArgumentException("maxWaiting must be >= 0, was " + maxWaiting);
            }
            this.maxWaiting = maxWaiting;
            return this;
        }

        /**
         * What is done with each message.
         *
         * @param handler default none: then {@link Mailbox#receive()} has the messages
         * @return this builder
         * @throws NullPointerException if {@code handler} is null
         */
        public Builder handler(MessageHandler handler) {
            this.handler = Objects.requireNonNull(handler, "handler");
            return this;
        }

        /**
         * How long a handler may be at a message. Then its message is a dead letter with {@link
         * DeadLetter.Reason#HANDLER_TIMED_OUT}, the handler is cancelled, and the next message is handled. A handler
         * that blocks its thread is found up to 60 ms later, and its thread is interrupted; this counts real time.
         *
         * @param handlerTimeout more than zero; default 60 seconds
         * @return this builder
         * @throws NullPointerException if {@code handlerTimeout} is null
         * @throws IllegalArgumentException if {@code handlerTimeout} is not more than zero, or over 292 years
         * @see #noHandlerTimeout()
         */
        public Builder handlerTimeout(Duration handlerTimeout) {
            this.handlerTimeout = Limits.positive("handlerTimeout", handlerTimeout);
            return this;
        }

        /**
         * Lets a handler be at a message for as long as it likes. One that never ends keeps all later messages waiting.
         *
         * @return this builder
         */
        public Builder noHandlerTimeout() {
            this.handlerTimeout = null;
            return this;
        }

        /**
         * Where what is not delivered goes. It may be shared by many mailboxes.
         *
         * @param deadLetters default an office of the mailbox's own
         * @return this builder
         * @throws NullPointerException if {@code deadLetters} is null
         */
        public Builder deadLetters(DeadLetters deadLetters) {
            this.deadLetters = Objects.requireNonNull(deadLetters, "deadLetters");
            return this;
        }

        /**
         * Where handlers and subscribers run, asked whenever the mailbox wakes up. A handler that blocks a thread of it is
         * neither noticed nor interrupted. What the scheduler refuses runs on the default.
         *
         * @param scheduler default: threads of the library, one a core; inside reactor-test's virtual time, virtual
         * @return this builder
         * @throws NullPointerException if {@code scheduler} is null
         */
        public Builder scheduler(Supplier<Scheduler> scheduler) {
            this.scheduler = Objects.requireNonNull(scheduler, "scheduler");
            return this;
        }

        /**
         * The engine whose clock tells what has expired, whose timers end handlers, and whose registry gets the {@link
         * MessageObservation}s.
         *
         * @param engine default: one with all defaults
         * @return this builder
         * @throws NullPointerException if {@code engine} is null
         */
        public Builder engine(StepEngine engine) {
            this.engine = Objects.requireNonNull(engine, "engine");
            return this;
        }

        EngineAccess access() {
            return EngineAccess.of(engine == null ? WorkerPool.defaultEngine() : engine);
        }

        /**
         * Makes the mailbox. The builder may be changed and used again.
         *
         * @return a new mailbox
         */
        public Mailbox build() {
            return new Mailbox(new MailboxCore(this));
        }
    }
}
