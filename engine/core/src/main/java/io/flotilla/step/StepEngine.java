package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.observe.Redactor;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.util.function.Tuple2;

/**
 * Runs the steps of many agents side by side, and keeps every result: one agent that fails does not take the others' work
 * with it.
 *
 * <pre>{@code
 * StepEngine engine = StepEngine.builder().concurrency(64).stepTimeout(Duration.ofSeconds(30)).build();
 * engine.run(readers, folder).subscribe(report -> log.info("{}", report));
 * }</pre>
 *
 * <p>Every failure is logged once at WARN by the logger of this class, in one line with agent id, step id, kind of
 * failure and cause; at DEBUG a second line has the stack trace. A round delivers a result before it is logged and
 * observed, and completes after that; an appender, registry or redactor that does not return keeps it no longer than about
 * 100 ms.
 *
 * <p>An engine has no threads that need closing, and is meant to be shared by the whole application. Thread-safe.
 *
 * @since 0.1
 */
public final class StepEngine {

    /** The default of {@link Builder#concurrency}. */
    public static final int DEFAULT_CONCURRENCY = 256;

    /** The default of {@link Builder#stepTimeout}: 10 minutes, enough for a model that streams for three, and a retry. */
    public static final Duration DEFAULT_STEP_TIMEOUT = Duration.ofMinutes(10);

    /** The default of {@link Builder#idleTimeout}: 60 seconds. */
    public static final Duration DEFAULT_IDLE_TIMEOUT = Duration.ofSeconds(60);

    /** The default of {@link Builder#failureBuffer}: failures held for each subscriber of {@link #failures()}. */
    public static final int DEFAULT_FAILURE_BUFFER = 256;

    /** The default of {@link Builder#emissionBuffer}: emitted values held for a slow subscriber, for each step. */
    public static final int DEFAULT_EMISSION_BUFFER = 256;

    /** The most failures in the report of a stream of pairs, in {@link FailureMode#FAIL_AT_END}. */
    public static final int MAX_FAILURES_KEPT = 1_000;

    private final EngineCore core;
    private final Order order;
    private final FailureMode failureMode;
    private final @Nullable Duration roundTimeout;

    private StepEngine(EngineCore core, Order order, FailureMode failureMode, @Nullable Duration roundTimeout) {
        this.core = core;
        this.order = order;
        this.failureMode = failureMode;
        this.roundTimeout = roundTimeout;
    }

    /**
     * Starts an engine's configuration.
     *
     * @return a builder with all defaults
     */
    public static Builder builder() {
        return new Builder(new EngineSettings());
    }

    /**
     * Starts another engine's configuration from this one's.
     *
     * @return a builder with all settings of this engine; what it builds has failures of its own
     */
    public Builder toBuilder() {
        Builder builder = new Builder(core.settings.copy()).order(order).failureMode(failureMode);
        builder.settings.roundTimeout = roundTimeout;
        return builder;
    }

    /**
     * This engine with another order; {@link #failures()} and everything else is shared.
     *
     * @param order the order of rounds started with the returned engine
     * @return the same engine in that order
     * @throws NullPointerException if {@code order} is null
     */
    public StepEngine withOrder(Order order) {
        return new StepEngine(core, Objects.requireNonNull(order, "order"), failureMode, roundTimeout);
    }

    /**
     * This engine with another failure mode; {@link #failures()} and everything else is shared.
     *
     * @param failureMode the mode of rounds started with the returned engine
     * @return the same engine in that mode
     * @throws NullPointerException if {@code failureMode} is null
     */
    public StepEngine withFailureMode(FailureMode failureMode) {
        return new StepEngine(core, order, Objects.requireNonNull(failureMode, "failureMode"), roundTimeout);
    }

    /**
     * This engine with another time limit of a whole round; {@link #failures()} and everything else is shared.
     *
     * @param roundTimeout the limit of rounds started with the returned engine, see {@link Builder#roundTimeout}
     * @return the same engine with that limit
     * @throws NullPointerException if {@code roundTimeout} is null
     * @throws IllegalArgumentException if {@code roundTimeout} is zero, negative or too long
     */
    public StepEngine withRoundTimeout(Duration roundTimeout) {
        return new StepEngine(core, order, failureMode, StepTimeouts.checked(roundTimeout, "roundTimeout"));
    }

    /** For a step that is no round. */
    StepEngine withoutRoundTimeout() {
        return roundTimeout == null ? this : new StepEngine(core, order, failureMode, null);
    }

    /**
     * Steps every agent once with the same input, and gathers the results.
     *
     * <p>Cold: nothing runs before subscription, and every subscription is a round of its own.
     *
     * <ul>
     *   <li><b>onNext</b>: the report of all results, in input order, when the last step has ended; for no agents an
     *       empty report.
     *   <li><b>onError</b>: {@link StepFailedException} in {@link FailureMode#FAIL_FAST}, {@link RoundFailedException} in
     *       {@link FailureMode#FAIL_AT_END}; in {@link FailureMode#ISOLATE} only what a clock or timer of the caller's own
     *       throws.
     *   <li><b>cancel</b>: cancels every step in flight, starts no more.
     *   <li><b>threads</b>: as for {@link #stream(Iterable, Object)}; the report comes on the thread that ended the last
     *       step.
     *   <li><b>context</b>: the subscriber's context reaches every step.
     * </ul>
     *
     * @param agents the agents to step; read once, by the call itself; an agent that is in it twice is stepped twice
     * @param input what every agent is called with
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the report
     * @throws NullPointerException if an argument or an agent is null (the call itself, not a signal)
     */
    public <I, O> Mono<StepReport<O>> run(Iterable<? extends Agent<? super I, ? extends O>> agents, I input) {
        return StepFlux.report(this, StepFlux.array(agents), Objects.requireNonNull(input, "input"), null);
    }

    /**
     * Steps one agent, and emits its result. What a fan-out is made of, to be composed with any operator:
     *
     * <pre>{@code
     * Flux.merge(engine.step(reader, page), engine.step(critic, draft)).transform(sink::tap);
     * Mono.zip(engine.step(weather, city), engine.step(news, topic));   // values of different types
     * }</pre>
     *
     * <p>Interceptors, step timeout, observation, the log and {@link #failures()} apply as in a round. {@link #concurrency()}
     * and {@link #order()} do not: the operators that subscribe decide how many run at a time; {@link
     * Builder#maxInFlight(int)} does. For many steps at once {@link
     * #run} and {@link #stream(Iterable, Object)} are cheaper than {@code Flux.merge}.
     *
     * <p>Cold: nothing runs before subscription, and every subscription is a step of its own, with a run id of its own. So
     * what the steps of a round share, such as a budget, a single step has for itself.
     *
     * <ul>
     *   <li><b>onNext</b>: one result, when the step has ended; its {@link StepResult#index()} is 0. Whatever the body does
     *       is a result, never an error.
     *   <li><b>onError</b>: in {@link FailureMode#ISOLATE} never. In the other modes a failed step is the error that a
     *       round of this agent alone ends with: {@link StepFailedException} in {@link FailureMode#FAIL_FAST}, {@link
     *       RoundFailedException} with a report of this one result in {@link FailureMode#FAIL_AT_END}. Steps beside it are
     *       cancelled by the operator that combines them, as {@code Flux.merge} and {@code Mono.zip} do.
     *   <li><b>onComplete</b>: after the result.
     *   <li><b>cancel</b>: cancels the step, and waits for its cancel handler as {@link #stream(Iterable, Object)} does.
     *   <li><b>threads</b>: the body is called on the thread that subscribes; the result comes on the thread that ended the
     *       step, or that asked for it. A body that does not give back the thread it is started on is {@link
     *       StepResult.TimedOut} all the same; its result then comes on a {@code flotilla-rescue} thread.
     *   <li><b>context</b>: the subscriber's context reaches the step.
     * </ul>
     *
     * @param agent the agent to step
     * @param input what it is called with
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the result
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     */
    public <I, O> Mono<StepResult<O>> step(Agent<? super I, ? extends O> agent, I input) {
        return StepFlux.single(this, Objects.requireNonNull(agent, "agent"), Objects.requireNonNull(input, "input"));
    }

    /**
     * Steps every agent once with the same input, and emits each result as its step ends.
     *
     * <p>Cold: nothing runs before subscription, and every subscription is a round of its own.
     *
     * <ul>
     *   <li><b>onNext</b>: one result a step, in the order the steps end; whatever a body does is a result, never an
     *       error. In {@link FailureMode#FAIL_FAST} the results of steps that ended before the first failure.
     *   <li><b>onError</b>: in {@link FailureMode#FAIL_FAST} {@link StepFailedException}, at once, ahead of results not
     *       yet asked for; in {@link FailureMode#FAIL_AT_END} {@link RoundFailedException}, after the last result; in
     *       {@link FailureMode#ISOLATE} only what a clock or timer of the caller's own throws, or a fatal {@link Error}
     *       that downstream throws out of onNext.
     *   <li><b>onComplete</b>: after the last result; at once for no agents.
     *   <li><b>cancel</b>: cancels every step in flight, starts no more; results not yet asked for are discarded. The
     *       cancel handlers are called by a {@code flotilla-cancel} thread; {@code cancel()} waits until they have
     *       returned, at most 0.2 s, and not at all on a thread that must not block. A handler that does not return
     *       holds up no other. In {@link FailureMode#FAIL_FAST} the error waits for them likewise.
     *   <li><b>demand</b>: honoured; at most {@link #concurrency()} steps start ahead of it.
     *   <li><b>threads</b>: the first steps are started on the thread that subscribes, later ones there or where a result
     *       was delivered; one that has waited for a permit of {@link Builder#maxInFlight(int)}, on a {@code flotilla-worker}
     *       thread. Results come on any thread where a step ended or more was asked for; of a step that has passed
     *       its timeout on a {@code flotilla-worker} thread. A body that does not give back the thread it is started on
     *       is {@link StepResult.TimedOut} as well, and a {@code flotilla-rescue} thread continues the round; the
     *       blocked thread itself cannot be freed, and if it is the one that subscribes, {@code subscribe} or
     *       {@code block} does not return on it before the body does. Such bodies are found one after another, so each of them adds up to a
     *       step timeout to the round: use {@link Agent#blocking} for code that blocks.
     *   <li><b>context</b>: the subscriber's context reaches every step.
     * </ul>
     *
     * @param agents the agents to step; read once, by the call itself; an agent that is in it twice is stepped twice
     * @param input what every agent is called with
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the results
     * @throws NullPointerException if an argument or an agent is null (the call itself, not a signal)
     * @see ResultSink#tap to count results and failures on the way
     */
    public <I, O> Flux<StepResult<O>> stream(Iterable<? extends Agent<? super I, ? extends O>> agents, I input) {
        return StepFlux.overList(this, StepFlux.array(agents), Objects.requireNonNull(input, "input"), null);
    }

    /**
     * Steps pairs of an agent and its input as they come, and emits each result as its step ends.
     *
     * <p>Cold: nothing runs before subscription, and every subscription is a round of its own.
     *
     * <ul>
     *   <li><b>onNext, cancel, context</b>: as for {@link #stream(Iterable, Object)}; cancel reaches {@code pairs} too.
     *   <li><b>onError</b>: as for {@link #stream(Iterable, Object)}, but that the report of a {@link
     *       RoundFailedException} has at most {@link #MAX_FAILURES_KEPT} failures and no other results; and the error of
     *       {@code pairs}, after the results of the steps in flight. In {@link FailureMode#FAIL_AT_END} that error is the
     *       cause of the {@link RoundFailedException}, whose report has what was settled before.
     *   <li><b>onComplete</b>: when {@code pairs} has completed, after the last result.
     *   <li><b>demand</b>: honoured; {@code pairs} is asked for {@link #concurrency()} pairs, or as many as {@link
     *       Builder#maxInFlight(int)} if that is less, and for one more when a result has been delivered, so no more steps
     *       than that start ahead of demand, and nothing is queued but their results.
     *   <li><b>threads</b>: each step is started on the thread that brings its pair, or on a {@code flotilla-worker} thread if
     *       it has waited for a permit of {@link Builder#maxInFlight(int)}. A body that does not give it back
     *       is {@link StepResult.TimedOut}, but no other thread can bring the next pair: if it never returns, the round never
     *       ends. Use {@link Agent#blocking}.
     * </ul>
     *
     * <p>The order must not be {@link Order#shuffled}, which takes a list.
     *
     * @param pairs agents and inputs, such as {@code inputs.map(input -> Tuples.of(agent, input))}; may be endless
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the results; {@link StepResult#index()} counts the pairs
     * @throws NullPointerException if {@code pairs} is null (the call itself, not a signal)
     * @throws IllegalStateException if the order of this engine is shuffled
     */
    public <I, O> Flux<StepResult<O>> stream(
            Publisher<? extends Tuple2<? extends Agent<? super I, ? extends O>, ? extends I>> pairs) {
        Flux<? extends Tuple2<? extends Agent<? super I, ? extends O>, ? extends I>> source =
                Flux.from(Objects.requireNonNull(pairs, "pairs"));
        checkOrderOfPairs();
        return StepFlux.overPairs(this, source, null);
    }

    private void checkOrderOfPairs() {
        if (order.isShuffled()) {
            throw new IllegalStateException("a stream of pairs cannot be shuffled, order was " + order);
        }
    }

    /**
     * Steps every agent once with the same input, and tells what their steps emit while they run, each attempt that begins, and each
     * result as its step ends.
     *
     * <p>Cold: nothing runs before subscription, and every subscription is a round of its own.
     *
     * <ul>
     *   <li><b>onNext</b>: of each step {@link StepSignal.AttemptStarted}, what that attempt {@link StepSignal.Emitted emits}, for each
     *       further attempt the same again, then {@link StepSignal.Settled} with the result. No result is ever dropped. A
     *       subscriber that is slow has up to {@link Builder#emissionBuffer} emitted values of each step waiting; then the oldest
     *       of that step are dropped: positions have a gap, and {@link StepSignal.Settled#dropped()} is how many. No step waits
     *       for it.
     *   <li><b>onError</b>: as for {@link #stream(Iterable, Object)}: {@link StepFailedException} ahead of signals that wait,
     *       everything else after them. What the subscriber throws out of {@code onNext} cancels the round and is its error.
     *   <li><b>onComplete</b>: after the last result.
     *   <li><b>cancel</b>: as for {@link #stream(Iterable, Object)}.
     *   <li><b>demand</b>: honoured, of all signals together; at most twice {@link #concurrency()} steps start ahead of it.
     *   <li><b>threads</b>: signals come on {@code flotilla-listener} threads, one at a time, so the subscriber may block; none is
     *       kept while there is nothing to tell. Steps are started on the thread that subscribes, then where a step ended or on a
     *       {@code flotilla-listener} thread.
     *   <li><b>context</b>: the subscriber's context reaches every step.
     * </ul>
     *
     * @param agents the agents to step; read once, by the call itself; an agent that is in it twice is stepped twice
     * @param input what every agent is called with
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the signals
     * @throws NullPointerException if an argument or an agent is null (the call itself, not a signal)
     * @see io.flotilla.agent.StepContext#emit
     */
    public <I, O> Flux<StepSignal<O>> signals(Iterable<? extends Agent<? super I, ? extends O>> agents, I input) {
        Agent<? super I, ? extends O>[] array = StepFlux.array(agents);
        Objects.requireNonNull(input, "input");
        return SignalRound.flux(this, output -> StepFlux.overList(this, array, input, output));
    }

    /**
     * Steps one agent, as {@link #step} does, and tells its signals.
     *
     * @param agent the agent to step
     * @param input what it is called with
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the signals of a round of this agent alone, see {@link #signals(Iterable, Object)}
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     */
    public <I, O> Flux<StepSignal<O>> signals(Agent<? super I, ? extends O> agent, I input) {
        return signals(List.of(agent), input);
    }

    /**
     * Steps pairs of an agent and its input as they come, as {@link #stream(Publisher)} does, and tells the signals of their steps.
     *
     * @param pairs agents and inputs; may be endless. Asked for {@link #concurrency()} pairs, and for one more when a result has
     *     been delivered
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the signals, see {@link #signals(Iterable, Object)}; {@link StepSignal#index()} counts the pairs
     * @throws NullPointerException if {@code pairs} is null (the call itself, not a signal)
     * @throws IllegalStateException if the order of this engine is shuffled
     */
    public <I, O> Flux<StepSignal<O>> signals(
            Publisher<? extends Tuple2<? extends Agent<? super I, ? extends O>, ? extends I>> pairs) {
        Flux<? extends Tuple2<? extends Agent<? super I, ? extends O>, ? extends I>> source =
                Flux.from(Objects.requireNonNull(pairs, "pairs"));
        checkOrderOfPairs();
        return SignalRound.flux(this, output -> StepFlux.overPairs(this, source, output));
    }

    /**
     * The failures of all rounds of this engine from now on, for alerts and dashboards.
     *
     * <p>Hot: what happened before subscription is not repeated.
     *
     * <ul>
     *   <li><b>onNext</b>: one failure a failed step. A subscriber that is slow has up to {@link Builder#failureBuffer}
     *       failures waiting, behind the one that is on its way to it; then the oldest that wait are dropped, and
     *       counted in {@link #droppedFailureCount()}. Neither other subscribers nor the engine wait for it.
     *   <li><b>onError</b>: only what the subscriber itself throws out of {@code onNext}; its subscription is cancelled,
     *       other subscribers notice nothing.
     *   <li><b>onComplete</b>: never.
     *   <li><b>demand</b>: honoured.
     *   <li><b>threads</b>: a {@code flotilla-listener} thread of the subscriber's own; it may block.
     * </ul>
     *
     * @return the failures
     */
    public Flux<StepFailure> failures() {
        return core.failures.feed().failures();
    }

    /**
     * The number of failures that slow subscribers of {@link #failures()} missed.
     *
     * @return the number for all subscribers since the engine was built
     */
    public long droppedFailureCount() {
        return core.failures.feed().droppedCount();
    }

    /**
     * The number of emitted values that slow or late subscribers of {@link #signals(Iterable, Object)} and of the output of runs
     * missed, counted when they get the end of the step.
     *
     * @return the number for all subscribers since the engine was built
     */
    public long droppedEmissionCount() {
        return core.emissions.droppedCount();
    }

    /**
     * The number of calls of {@link io.flotilla.agent.StepContext#emit} that nobody got, since the value was null or the
     * attempt had ended.
     *
     * @return the number since the engine was built
     */
    public long ignoredEmissionCount() {
        return core.emissions.ignoredCount();
    }

    /**
     * How many steps of a round run at the same time at most.
     *
     * @return as configured
     */
    public int concurrency() {
        return core.settings.concurrency;
    }

    /**
     * The limit on all steps in flight.
     *
     * @return as configured; null without a limit
     */
    public @Nullable InFlightLimit maxInFlight() {
        return core.settings.maxInFlight;
    }

    /**
     * How long a step may take whose agent has no timeout of its own.
     *
     * @return as configured; null without a limit
     */
    public @Nullable Duration stepTimeout() {
        return core.settings.stepTimeout;
    }

    /**
     * How long a step may neither emit nor end.
     *
     * @return as configured; null without a limit
     */
    public @Nullable Duration idleTimeout() {
        return core.settings.idleTimeout();
    }

    /**
     * How long a whole round may take.
     *
     * @return as configured; null without a limit
     */
    public @Nullable Duration roundTimeout() {
        return roundTimeout;
    }

    /**
     * How steps start.
     *
     * @return as configured
     */
    public Order order() {
        return order;
    }

    /**
     * What a failed step does to its round.
     *
     * @return as configured
     */
    public FailureMode failureMode() {
        return failureMode;
    }

    // --- for rounds, and for engines built on this one

    EngineCore core() {
        return core;
    }

    int maxStepsInFlight() {
        return order.oneByOne() ? 1 : core.settings.concurrency;
    }

    /** Concurrency, timeout, order and mode. */
    @Override
    public String toString() {
        InFlightLimit limit = core.settings.maxInFlight;
        return "StepEngine[concurrency=" + core.settings.concurrency
                + (limit == null ? "" : ", maxInFlight=" + limit.maxInFlight()) + ", stepTimeout="
                + core.settings.stepTimeout + ", idleTimeout=" + idleTimeout()
                + (roundTimeout == null ? "" : ", roundTimeout=" + roundTimeout) + ", order=" + order + ", failureMode="
                + failureMode + "]";
    }

    /** The configuration of an engine. Each setting checks its argument at once. Not thread-safe. */
    public static final class Builder {

        private final EngineSettings settings;

        private Builder(EngineSettings settings) {
            this.settings = settings;
        }

        /**
         * How many steps of a round run at the same time at most, and how many start ahead of demand. It is a number of
         * steps, not of threads. {@link #maxInFlight(int)} limits all rounds and runs together.
         *
         * <p>A step that waits for another step of its round needs a place for both: agents that all wait for each other
         * (a barrier, an auction, a vote) end only if the concurrency is at least their number; else those that have a
         * place wait for those that get none, until the step timeout ends them, whose message says how many were left
         * waiting. {@link Agent#blocking} agents need a thread each besides.
         *
         * @param concurrency 1 or more, {@link Integer#MAX_VALUE} for no bound; default {@value
         *     StepEngine#DEFAULT_CONCURRENCY}
         * @return this builder
         * @throws IllegalArgumentException if {@code concurrency} is below 1
         */
        public Builder concurrency(int concurrency) {
            if (concurrency < 1) {
                throw new IllegalArgumentException("concurrency must be >= 1, was " + concurrency);
            }
            settings.concurrency = concurrency;
            return this;
        }

        /**
         * How many steps of all rounds, runs and single steps are in flight at most, in this engine and all its views; they
         * take turns. See {@link #maxInFlight(InFlightLimit)}.
         *
         * @param maxInFlight 1 or more; by default there is no such limit
         * @return this builder
         * @throws IllegalArgumentException if {@code maxInFlight} is below 1
         */
        public Builder maxInFlight(int maxInFlight) {
            return maxInFlight(InFlightLimit.of(maxInFlight));
        }

        /**
         * Limits the steps in flight of all rounds, runs and single steps of this engine and all its views, besides the
         * {@link #concurrency} of each. An engine that another's {@link StepEngine#toBuilder()} builds has a limit of its own.
         *
         * <p>A step that finds no permit waits, and its timeout begins when it starts. It then starts on a {@code
         * flotilla-worker} thread. Cancelling the round, run or step ends the wait. What is not let in is {@link
         * StepResult.Rejected}, see {@link InFlightLimit#maxQueued(int)}. A permit is free again when the step has its result;
         * of a cancelled step, when its cancel handler has returned, or after about 100 ms. So a body that goes on after its
         * step has timed out does not count.
         *
         * <p>A step that waits for steps of its own, in a round, a run or a single step, lends them its permit, one at a time:
         * nested steps never wait for each other, however deep and whatever the limit. Further permits they get in turn with
         * all others. It counts as one with the one it lends to. Which step waits is known from the Reactor context of the
         * subscriber, or by the thread that an {@link Agent#blocking} body blocks; what blocks elsewhere waits until the step
         * timeout.
         *
         * @param maxInFlight the limit; by default there is none
         * @return this builder
         * @throws NullPointerException if {@code maxInFlight} is null
         */
        public Builder maxInFlight(InFlightLimit maxInFlight) {
            settings.maxInFlight = Objects.requireNonNull(maxInFlight, "maxInFlight");
            return this;
        }

        /**
         * How long a step may take, all its attempts and waits included. A step that takes longer is cancelled and {@link
         * StepResult.TimedOut}. Its result waits for its own cancel handler, about 100 ms at most. A step that ends at
         * once arms no timer.
         *
         * <p>An engine that is given a step timeout has no idle timeout unless it is given one as well.
         *
         * @param stepTimeout more than zero, at most 292 years; default 10 minutes, with an {@link #idleTimeout} of 60 seconds
         * @return this builder
         * @throws NullPointerException if {@code stepTimeout} is null
         * @throws IllegalArgumentException if {@code stepTimeout} is zero, negative or too long
         * @see #noStepTimeout()
         */
        public Builder stepTimeout(Duration stepTimeout) {
            settings.limitSteps(stepTimeout);
            return this;
        }

        /**
         * How long a step may be silent: one that neither emits anything nor ends for that long is cancelled and {@link
         * StepResult.TimedOut}, with a message that names this limit. Counted from the start of the step, the beginning of each
         * attempt, and each value that is {@linkplain io.flotilla.agent.StepContext#emit emitted}, whether anybody listens or not.
         *
         * <p>So a model may stream for minutes, and one that hangs is noticed within seconds. An agent that emits nothing has to end
         * within this time. Emitting arms no timer.
         *
         * @param idleTimeout more than zero, at most 292 years; default 60 seconds, and none if a {@link #stepTimeout} was given or
         *     {@link #noStepTimeout()} called, nor for steps of agents that have a step timeout of their own
         * @return this builder
         * @throws NullPointerException if {@code idleTimeout} is null
         * @throws IllegalArgumentException if {@code idleTimeout} is zero, negative or too long
         * @see #noIdleTimeout()
         */
        public Builder idleTimeout(Duration idleTimeout) {
            settings.limitIdleTime(idleTimeout);
            return this;
        }

        /**
         * How long a step of one agent may take. The first of these that says something counts: this, {@link
         * #stepTimeoutForKind}, {@link #stepTimeoutBy}, {@link #stepTimeout}.
         *
         * <p>{@link io.flotilla.agent.StepContext#deadline()} is that of the step's own timeout. Each limit is as exact as the
         * one of all steps, in rounds, single steps and runs, however many different ones there are.
         *
         * @param agent whose steps; an instance, {@code reader#17}, or an agent that is the only one of its kind
         * @param stepTimeout more than zero, at most 292 years; default that of its kind
         * @return this builder
         * @throws NullPointerException if an argument is null
         * @throws IllegalArgumentException if {@code stepTimeout} is zero, negative or too long
         */
        public Builder stepTimeoutFor(AgentId agent, Duration stepTimeout) {
            settings.ownTimeouts.put(agent, stepTimeout);
            return this;
        }

        /**
         * Lets steps be silent as long as they like, up to the step timeout.
         *
         * @return this builder
         */
        public Builder noIdleTimeout() {
            settings.doNotLimitIdleTime();
            return this;
        }

        /**
         * How long a step of an agent of one kind may take, see {@link #stepTimeoutFor}.
         *
         * @param kind the kind, {@code reader} for {@code reader#17} and all others
         * @param stepTimeout more than zero, at most 292 years; default what {@link #stepTimeoutBy} says
         * @return this builder
         * @throws NullPointerException if an argument is null
         * @throws IllegalArgumentException if {@code kind} is no {@link AgentId#kind()}, or {@code stepTimeout} is zero,
         *     negative or too long
         */
        public Builder stepTimeoutForKind(String kind, Duration stepTimeout) {
            settings.ownTimeouts.put(kind, stepTimeout);
            return this;
        }

        /**
         * How long a step may take, by a function of its agent, see {@link #stepTimeoutFor}.
         *
         * @param timeouts returns more than zero and at most 292 years; null for {@link #stepTimeout}. Asked once a step, on
         *     the thread that starts it. If it throws, or what it returns is out of bounds, the step is {@link
         *     StepResult.Failed} with that error, and its agent is not called; if it does not return within {@link
         *     #stepTimeout}, the step is {@link StepResult.TimedOut}. Default: null for every agent
         * @return this builder
         * @throws NullPointerException if {@code timeouts} is null
         */
        public Builder stepTimeoutBy(Function<? super AgentId, ? extends @Nullable Duration> timeouts) {
            settings.ownTimeouts.by(timeouts);
            return this;
        }

        /**
         * Lets steps take, and be silent, as long as they like, unless an {@link #idleTimeout} is given, and but for those whose agents have a timeout of their own. A body that never ends then keeps its round from ending, and so does one
         * that dies of an {@link Error} on a thread of its own, since the engine cannot see that. An {@link Agent#blocking}
         * body that dies does end its step.
         *
         * @return this builder
         */
        public Builder noStepTimeout() {
            settings.doNotLimitSteps();
            return this;
        }

        /**
         * How long a whole round may take, from its subscription on. When the time is up, the results that are there are kept
         * and the rest is {@link StepResult.TimedOut} with this limit: steps in flight are cancelled, and their cause says
         * that they were still at work; agents of a list that have not been started are not called, have {@link
         * StepResult#attempts()} 0, and their cause says so. A report has a result for each agent of the list all the same.
         * Of a stream of pairs nothing more is asked for, and it is cancelled: pairs that have not come have no result.
         *
         * <p>These results are failures as all others are: with {@link FailureMode#FAIL_FAST} the first of them ends the round.
         * They wait for demand as all others do, so a slow subscriber sees the end of the round later than the limit.
         * {@link io.flotilla.agent.StepContext#deadline()} is at the limit at the latest. Single steps, {@link StepEngine#step},
         * and the steps of runs are in no round.
         *
         * @param roundTimeout more than zero, at most 292 years; default none
         * @return this builder
         * @throws NullPointerException if {@code roundTimeout} is null
         * @throws IllegalArgumentException if {@code roundTimeout} is zero, negative or too long
         */
        public Builder roundTimeout(Duration roundTimeout) {
            settings.roundTimeout = StepTimeouts.checked(roundTimeout, "roundTimeout");
            return this;
        }

        /**
         * How steps start.
         *
         * @param order default {@link Order#PARALLEL}
         * @return this builder
         * @throws NullPointerException if {@code order} is null
         */
        public Builder order(Order order) {
            settings.order = Objects.requireNonNull(order, "order");
            return this;
        }

        /**
         * What a failed step does to its round.
         *
         * @param failureMode default {@link FailureMode#ISOLATE}
         * @return this builder
         * @throws NullPointerException if {@code failureMode} is null
         */
        public Builder failureMode(FailureMode failureMode) {
            settings.failureMode = Objects.requireNonNull(failureMode, "failureMode");
            return this;
        }

        /**
         * Wraps every step; may be called several times, the first interceptor is outermost.
         *
         * @param interceptor what to wrap steps with; default none
         * @return this builder
         * @throws NullPointerException if {@code interceptor} is null
         */
        public Builder interceptor(StepInterceptor interceptor) {
            settings.interceptors.add(Objects.requireNonNull(interceptor, "interceptor"));
            return this;
        }

        /**
         * Makes an observation of every round and every step, see {@link io.flotilla.observe.Telemetry}.
         *
         * @param registry receives the observations; by default there is none
         * @return this builder
         * @throws NullPointerException if {@code registry} is null
         */
        public Builder observationRegistry(ObservationRegistry registry) {
            settings.observationRegistry = Objects.requireNonNull(registry, "registry");
            return this;
        }

        /**
         * Records meters, see {@link io.flotilla.observe.Telemetry}.
         *
         * @param registry receives the meters; by default there is none
         * @return this builder
         * @throws NullPointerException if {@code registry} is null
         */
        public Builder meterRegistry(MeterRegistry registry) {
            settings.meterRegistry = Objects.requireNonNull(registry, "registry");
            return this;
        }

        /**
         * Where step timeouts fire, and where what they set off runs: the cancel of the body, the delivery of the result,
         * the start of the next step. Asked once a round. If it is disposed of while steps wait for their timeout, they are
         * {@link StepResult.Failed} with a {@link java.util.concurrent.RejectedExecutionException}.
         *
         * @param timeoutScheduler default: a thread of the library's for the timers, and threads on demand for the rest; inside
         *     reactor-test's virtual time, virtual
         * @return this builder
         * @throws NullPointerException if {@code timeoutScheduler} is null
         */
        public Builder timeoutScheduler(Supplier<Scheduler> timeoutScheduler) {
            settings.timeoutScheduler = Objects.requireNonNull(timeoutScheduler, "timeoutScheduler");
            return this;
        }

        /**
         * Where the bodies of {@link Agent#blocking(String, java.util.function.BiFunction) blocking agents} run that have no
         * pool of their own. Asked once an attempt, on the thread that starts it. The caller disposes of the scheduler.
         *
         * <p>Bodies that block on rounds of this engine keep their threads meanwhile. If the bodies they wait for find no
         * thread within a second, these fail with {@link io.flotilla.agent.NestedBlockingException}.
         *
         * @param blockingScheduler default: on JDK 21 and newer a virtual thread for each body, without a bound; before that
         *     {@link reactor.core.scheduler.Schedulers#boundedElastic()}, and a pool of its size for each level of nesting;
         *     inside reactor-test's virtual time, virtual
         * @return this builder
         * @throws NullPointerException if {@code blockingScheduler} is null
         */
        public Builder blockingScheduler(Supplier<Scheduler> blockingScheduler) {
            settings.blockingScheduler = Objects.requireNonNull(blockingScheduler, "blockingScheduler");
            return this;
        }

        /**
         * What {@link StepResult#startedAt()} and {@link io.flotilla.agent.StepContext#deadline()} are read from.
         * Durations and timeouts are measured by the timer's scheduler, not by this.
         *
         * @param clock default: the timer's scheduler, {@link Scheduler#now(TimeUnit)}, in milliseconds
         * @return this builder
         * @throws NullPointerException if {@code clock} is null
         */
        public Builder clock(Clock clock) {
            settings.clock = Objects.requireNonNull(clock, "clock");
            return this;
        }

        /**
         * How many failures wait for each slow subscriber of {@link StepEngine#failures()}.
         *
         * @param failureBuffer 1 or more; default {@value StepEngine#DEFAULT_FAILURE_BUFFER}
         * @return this builder
         * @throws IllegalArgumentException if {@code failureBuffer} is below 1
         */
        public Builder failureBuffer(int failureBuffer) {
            if (failureBuffer < 1) {
                throw new IllegalArgumentException("failureBuffer must be >= 1, was " + failureBuffer);
            }
            settings.failureBuffer = failureBuffer;
            return this;
        }

        /**
         * How many emitted values of each step wait for a subscriber of {@link StepEngine#signals(Iterable, Object)} that is
         * slow; then the oldest of that step are dropped, and the subscriber is told how many.
         *
         * @param emissionBuffer 1 or more; default {@value StepEngine#DEFAULT_EMISSION_BUFFER}
         * @return this builder
         * @throws IllegalArgumentException if {@code emissionBuffer} is below 1
         */
        public Builder emissionBuffer(int emissionBuffer) {
            if (emissionBuffer < 1) {
                throw new IllegalArgumentException("emissionBuffer must be >= 1, was " + emissionBuffer);
            }
            settings.emissionBuffer = emissionBuffer;
            return this;
        }

        /**
         * What the texts of failures go through before they are logged, what steps emit before anybody hears it, and, in
         * runs, all that is written into a journal or emitted as an event.
         *
         * @param redactor default {@link Redactor#NONE}
         * @return this builder
         * @throws NullPointerException if {@code redactor} is null
         */
        public Builder redactor(Redactor redactor) {
            settings.redactor = Objects.requireNonNull(redactor, "redactor");
            return this;
        }

        /**
         * Makes the engine. The builder may be changed and used again.
         *
         * @return a new engine
         */
        public StepEngine build() {
            return new StepEngine(
                    new EngineCore(settings.copy()), settings.order, settings.failureMode, settings.roundTimeout);
        }
    }
}
