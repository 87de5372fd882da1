package io.flotilla.state;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.Mailbox;
import io.flotilla.message.MemberOptions;
import io.flotilla.message.NetworkOptions;
import io.flotilla.step.StepEngine;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * State that nobody shares: it is changed by messages, which are handled one at a time.
 *
 * <pre>{@code
 * record Deposit(int amount) {}
 * record Withdraw(int amount) {}
 *
 * StateAgent<Integer, Integer> account = StateAgent.<Integer, Integer>builder(AgentId.of("account"), 0)
 *         .on(Deposit.class, (balance, deposit) -> Change.to(balance + deposit.amount(), balance + deposit.amount()))
 *         .on(Withdraw.class, (balance, withdrawal) -> withdrawal.amount() > balance
 *                 ? Change.refuse("only " + balance + " left")
 *                 : Change.to(balance - withdrawal.amount(), balance - withdrawal.amount()))
 *         .build();
 * Mono<StateReply<Integer>> reply = account.ask(new Withdraw(100));
 * }</pre>
 *
 * <p>A handler gets the state and a message, and says what comes of both: a new state, a reply, or a refusal. Its change takes
 * effect as a whole when it returns, and not at all if it throws, or if nobody waits for its reply any more: an ask that fails has
 * changed nothing. A message that cannot be followed has a reply that says why; the state is then what it was.
 *
 * <p>It is an {@link Agent}, so it can be stepped by an engine and join any network; there its replies are {@link StateReply}
 * too. Thread-safe.
 *
 * @param <S> the type of the state; immutable, since {@link #current()} hands it out
 * @param <R> the type of the replies
 * @since 0.1
 */
public final class StateAgent<S, R> implements Agent<Object, StateReply<R>> {

    /** The default of {@link Builder#askTimeout}. */
    public static final Duration DEFAULT_ASK_TIMEOUT = Duration.ofSeconds(30);

    private static final Logger LOG = LoggerFactory.getLogger(StateAgent.class);

    private final AgentId id;
    private final Map<Class<?>, BiFunction<S, Object, @Nullable Change<S, R>>> handlers;
    private final Duration askTimeout;
    private final Hub hub;

    // Written by the handler of the moment only, guarded by this: one whose time is up must not write any more.
    private Versioned<S> current;
    private @Nullable Turn turn;

    /** One message's right to write. */
    private static final class Turn {}

    private StateAgent(Builder<S, R> builder) {
        this.id = builder.id;
        this.handlers = new LinkedHashMap<>(builder.handlers);
        this.askTimeout = builder.askTimeout;
        this.current = new Versioned<>(builder.initial, 0);
        this.hub = Hub.create(NetworkOptions.builder()
                .engine(builder.engine)
                .logSize(0)
                .maxPendingRequests(Integer.MAX_VALUE) // the mailbox has a bound
                .build());
        hub.join(
                id,
                this::handle,
                MemberOptions.defaults().capacity(builder.capacity).handlerTimeout(builder.handlerTimeout));
    }

    /**
     * Starts an agent's configuration.
     *
     * @param id the agent's id
     * @param initial its state at version 0
     * @param <S> the type of the state
     * @param <R> the type of the replies
     * @return a builder without handlers
     * @throws NullPointerException if an argument is null
     */
    public static <S, R> Builder<S, R> builder(AgentId id, S initial) {
        return new Builder<>(Objects.requireNonNull(id, "id"), Objects.requireNonNull(initial, "initial"));
    }

    @Override
    public AgentId id() {
        return id;
    }

    /** As {@link #ask(Object)}: a message that is not followed is a value, not a failed step. */
    @Override
    public Mono<StateReply<R>> step(Object input, StepContext context) {
        return ask(input);
    }

    /**
     * As {@link #ask(Object, Duration)} with the {@linkplain Builder#askTimeout configured timeout}.
     *
     * @param message the message
     * @return the reply
     * @throws NullPointerException if {@code message} is null (the call itself, not a signal)
     */
    public Mono<StateReply<R>> ask(Object message) {
        return ask(message, askTimeout);
    }

    /**
     * Sends a message, and waits for its reply.
     *
     * <p>Cold: every subscription sends it.
     *
     * <ul>
     *   <li><b>onNext</b>: {@link StateReply.Done}; or {@link StateReply.Refused} with {@code UNKNOWN_MESSAGE} if no handler takes its
     *       type, {@code REFUSED} if the handler refuses it, {@code FAILED} if the handler throws or returns null.
     *   <li><b>onError</b>: {@link io.flotilla.message.RequestTimeoutException} after the timeout; {@link
     *       io.flotilla.message.UndeliverableException} with {@code FULL}, {@code CLOSED}, or {@code HANDLER_TIMED_OUT}.
     *   <li><b>cancel</b>: takes the message back if its handler has not been called. A handler that is at it no longer changes
     *       the state. The timeout does the same.
     *   <li><b>threads</b>: one of the mailbox, or of a timer.
     * </ul>
     *
     * @param message the message
     * @param timeout how long to wait; more than zero
     * @return the reply
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     * @throws IllegalArgumentException if {@code timeout} is not more than zero, or over 292 years
     */
    @SuppressWarnings("unchecked") // only handle() replies
    public Mono<StateReply<R>> ask(Object message, Duration timeout) {
        return hub.request(Envelope.to(id, message).build(), timeout)
                .map(reply -> (StateReply<R>) reply.payload(StateReply.class));
    }

    /**
     * The state as it is now, without a message: changes of messages that wait are not in it.
     *
     * @return the state, and the number of changes so far
     */
    public synchronized Versioned<S> current() {
        return current;
    }

    /**
     * Closes the agent: no message is taken any more, those that wait are handled within the grace.
     *
     * @param grace how long messages are handled still; zero for not at all
     * @return completes when no message is handled any more, see {@link io.flotilla.message.Network#close}
     * @throws NullPointerException if {@code grace} is null
     * @throws IllegalArgumentException if {@code grace} is negative
     */
    public Mono<Void> close(Duration grace) {
        return hub.close(grace);
    }

    // --- one message at a time

    /** With a subscription from the start: a cancel reaches a handler that keeps its thread, too. */
    private Mono<?> handle(Envelope envelope) {
        Turn own = begin();
        return Mono.create(sink -> {
            sink.onCancel(() -> end(own));
            follow(own, envelope);
            sink.success();
        });
    }

    private synchronized Turn begin() {
        Turn own = new Turn();
        turn = own;
        return own;
    }

    @SuppressWarnings("ReferenceEquality") // it is this message's turn
    private synchronized void end(Turn own) {
        if (turn == own) {
            turn = null;
        }
    }

    private void follow(Turn own, Envelope envelope) {
        Object message = envelope.payload();
        BiFunction<S, Object, @Nullable Change<S, R>> handler = handlerOf(message.getClass());
        Versioned<S> before = current();
        if (handler == null) {
            String type = message.getClass().getName();
            reply(envelope, refused(StateReply.Reason.UNKNOWN_MESSAGE, "no handler takes a " + type, before));
            return;
        }
        Change<S, R> change;
        try {
            change = handler.apply(Objects.requireNonNull(before.value(), "there is always one"), message);
        } catch (Throwable thrown) {
            LOG.warn("a handler of {} threw", id, thrown);
            reply(envelope, refused(StateReply.Reason.FAILED, thrown.getClass().getName(), before));
            return;
        }
        String refusal = change == null ? null : change.refusal();
        if (change == null) {
            reply(envelope, refused(StateReply.Reason.FAILED, "the handler returned null", before));
        } else if (refusal != null) {
            reply(envelope, refused(StateReply.Reason.REFUSED, refusal, before));
        } else {
            commit(own, envelope, change);
        }
    }

    private boolean reply(Envelope to, StateReply<R> reply) {
        return hub.offer(to.reply(id, reply).build()).acceptedCount() > 0;
    }

    /**
     * Takes effect if somebody gets the reply, and if no other message has been handled meanwhile. Whoever gets it runs on a
     * thread of its own, and sees the new state.
     */
    @SuppressWarnings("ReferenceEquality") // it is this message's turn
    private synchronized void commit(Turn own, Envelope envelope, Change<S, R> change) {
        if (turn != own) {
            return;
        }
        S state = change.state();
        Versioned<S> after = state == null ? current : new Versioned<>(state, current.version() + 1);
        R value = Objects.requireNonNull(change.reply(), "no refusal");
        if (reply(envelope, new StateReply.Done<>(value, after.version()))) {
            current = after;
        }
        turn = null;
    }

    private StateReply<R> refused(StateReply.Reason reason, String message, Versioned<S> state) {
        return new StateReply.Refused<>(reason, message, state.version());
    }

    private @Nullable BiFunction<S, Object, @Nullable Change<S, R>> handlerOf(Class<?> type) {
        BiFunction<S, Object, @Nullable Change<S, R>> exact = handlers.get(type);
        if (exact != null) {
            return exact;
        }
        return handlers.entrySet().stream()
                .filter(entry -> entry.getKey().isAssignableFrom(type))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(null);
    }

    /** Id and version, without the state. */
    @Override
    public String toString() {
        return "StateAgent[" + id + ", version " + current().version() + "]";
    }

    /**
     * The configuration of an agent. Each setting checks its argument at once. Not thread-safe.
     *
     * @param <S> the type of the state
     * @param <R> the type of the replies
     */
    public static final class Builder<S, R> {

        private final AgentId id;
        private final S initial;
        private final Map<Class<?>, BiFunction<S, Object, @Nullable Change<S, R>>> handlers = new LinkedHashMap<>();
        private Duration askTimeout = DEFAULT_ASK_TIMEOUT;
        private Duration handlerTimeout = Mailbox.DEFAULT_HANDLER_TIMEOUT;
        private int capacity = Mailbox.DEFAULT_CAPACITY;
        private StepEngine engine = StepEngine.builder().build();

        private Builder(AgentId id, S initial) {
            this.id = id;
            this.initial = initial;
        }

        /**
         * What is done with messages of a type. A message is handled by the handler of its own class, else by the first one, in the
         * order of these calls, whose type it is of.
         *
         * @param type the type of the messages
         * @param handler called with the state and a message; it may block its thread
         * @param <M> the type of the messages
         * @return this builder
         * @throws NullPointerException if an argument is null
         * @throws IllegalArgumentException if the type has a handler
         */
        public <M> Builder<S, R> on(
                Class<M> type, BiFunction<? super S, ? super M, ? extends @Nullable Change<S, R>> handler) {
            Objects.requireNonNull(type, "type");
            Objects.requireNonNull(handler, "handler");
            if (handlers.putIfAbsent(type, (state, message) -> handler.apply(state, type.cast(message))) != null) {
                throw new IllegalArgumentException("there is a handler of " + type.getName());
            }
            return this;
        }

        /**
         * How long {@link StateAgent#ask(Object)} and steps wait for their reply.
         *
         * @param askTimeout more than zero; default 30 seconds
         * @return this builder
         * @throws NullPointerException if {@code askTimeout} is null
         * @throws IllegalArgumentException if {@code askTimeout} is not more than zero, or over 292 years
         */
        public Builder<S, R> askTimeout(Duration askTimeout) {
            this.askTimeout = positive("askTimeout", askTimeout);
            return this;
        }

        /**
         * How long a handler may be at a message, see {@link Mailbox.Builder#handlerTimeout}. Then the next message is handled,
         * and nothing of this one takes effect.
         *
         * @param handlerTimeout more than zero; default 60 seconds
         * @return this builder
         * @throws NullPointerException if {@code handlerTimeout} is null
         * @throws IllegalArgumentException if {@code handlerTimeout} is not more than zero, or over 292 years
         */
        public Builder<S, R> handlerTimeout(Duration handlerTimeout) {
            this.handlerTimeout = positive("handlerTimeout", handlerTimeout);
            return this;
        }

        private static Duration positive(String what, Duration value) {
            Duration max = Duration.ofNanos(Long.MAX_VALUE);
            if (Objects.requireNonNull(value, what).isNegative() || value.isZero() || value.compareTo(max) > 0) {
                throw new IllegalArgumentException(what + " must be > 0 and at most 292 years, was " + value);
            }
            return value;
        }

        /**
         * How many messages may wait; a further one is refused as {@code FULL}.
         *
         * @param capacity 1 or more; default {@value Mailbox#DEFAULT_CAPACITY}
         * @return this builder
         * @throws IllegalArgumentException if {@code capacity} is below 1
         */
        public Builder<S, R> capacity(int capacity) {
            if (capacity < 1) {
                throw new IllegalArgumentException("capacity must be >= 1, was " + capacity);
            }
            this.capacity = capacity;
            return this;
        }

        /**
         * The engine whose clock and timers it uses.
         *
         * @param engine default: one with all defaults
         * @return this builder
         * @throws NullPointerException if {@code engine} is null
         */
        public Builder<S, R> engine(StepEngine engine) {
            this.engine = Objects.requireNonNull(engine, "engine");
            return this;
        }

        /**
         * Makes the agent. The builder may be changed and used again.
         *
         * @return a new agent with the initial state
         */
        public StateAgent<S, R> build() {
            return new StateAgent<>(this);
        }
    }
}
