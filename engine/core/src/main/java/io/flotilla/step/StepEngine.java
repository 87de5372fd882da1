package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.UsageLedger;
import io.flotilla.observe.Redactor;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
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
 */
public final class StepEngine {

    /** The concurrency of an engine that was not told another. */
    public static final int DEFAULT_CONCURRENCY = 256;

    /** The step timeout of an engine that was not told another. */
    public static final Duration DEFAULT_STEP_TIMEOUT = Duration.ofSeconds(60);

    /** How many failures are held for each subscriber of {@link #failures()}, unless told otherwise. */
    public static final int DEFAULT_FAILURE_BUFFER = 256;

    /** How many failures the report of a stream of pairs has in {@link FailureMode#FAIL_AT_END}. */
    public static final int MAX_FAILURES_KEPT = 1_000;

    private static final Logger LOG = LoggerFactory.getLogger(StepEngine.class);

    private final Builder config;
    private final Order order;
    private final FailureMode failureMode;
    private final Identity identity;
    private final EngineClock clock = new SchedulerClock(this, this::schedulers);

    /** What all views of an engine share. */
    private record Identity(
            String id,
            AtomicLong rounds,
            List<StepInterceptor> interceptors,
            @Nullable StepTelemetry telemetry,
            FailureFeed failures) {}

    private StepEngine(Builder config, Order order, FailureMode failureMode, Identity identity) {
        this.config = config;
        this.order = order;
        this.failureMode = failureMode;
        this.identity = identity;
    }

    /**
     * Starts an engine's configuration.
     *
     * @return a builder with all defaults
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Starts another engine's configuration from this one's.
     *
     * @return a builder with all settings of this engine; what it builds has failures of its own
     */
    public Builder toBuilder() {
        return new Builder(config).order(order).failureMode(failureMode);
    }

    /**
     * This engine with another order; {@link #failures()} and everything else is shared.
     *
     * @param order the order of rounds started with the returned engine
     * @return the same engine in that order
     * @throws NullPointerException if {@code order} is null
     */
    public StepEngine withOrder(Order order) {
        return new StepEngine(config, Objects.requireNonNull(order, "order"), failureMode, identity);
    }

    /**
     * This engine with another failure mode; {@link #failures()} and everything else is shared.
     *
     * @param failureMode the mode of rounds started with the returned engine
     * @return the same engine in that mode
     * @throws NullPointerException if {@code failureMode} is null
     */
    public StepEngine withFailureMode(FailureMode failureMode) {
        return new StepEngine(config, order, Objects.requireNonNull(failureMode, "failureMode"), identity);
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
     * @param agents whom to step; read once, now; an agent that is in it twice is stepped twice
     * @param input what every agent is called with
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the report
     * @throws NullPointerException if an argument or an agent is null (the call itself, not a signal)
     */
    public <I, O> Mono<StepReport<O>> run(Iterable<? extends Agent<? super I, ? extends O>> agents, I input) {
        return reportOf(array(agents), Objects.requireNonNull(input, "input"), null);
    }

    /** The round behind {@link #run}; see {@link StepFlux.OfList}. */
    <I, O> Mono<StepReport<O>> reportOf(
            Agent<? super I, ? extends O>[] agents, I input, @Nullable IntPredicate stillWanted) {
        boolean failFast = failureMode == FailureMode.FAIL_FAST;
        Mono<StepReport<O>> report = Mono.defer(() -> {
            UsageLedger usage = new UsageLedger();
            return new StepFlux.OfList<I, O>(this, failFast, agents, input, stillWanted, usage)
                    .collect(() -> ResultSink.<O>keepingAll(agents.length), ResultSink::accept)
                    .map(sink -> sink.report(usage.total()));
        });
        return failureMode == FailureMode.FAIL_AT_END ? report.map(StepReport::orThrow) : report;
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
     *       was delivered. Results come on any thread where a step ended or more was asked for; of a step that has passed
     *       its timeout on a {@code flotilla-worker} thread. A body that does not give back the thread it is started on
     *       is {@link StepResult.TimedOut} as well, and a {@code flotilla-rescue} thread goes on with the round; the
     *       blocked thread itself cannot be freed, and if it is the one that subscribes, {@code subscribe} or
     *       {@code block} does not return on it before the body does. Such bodies are found one after another, so each of them adds up to a
     *       step timeout to the round: use {@link Agent#blocking} for code that blocks.
     *   <li><b>context</b>: the subscriber's context reaches every step.
     * </ul>
     *
     * @param agents whom to step; read once, now; an agent that is in it twice is stepped twice
     * @param input what every agent is called with
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the results
     * @throws NullPointerException if an argument or an agent is null (the call itself, not a signal)
     * @see ResultSink#tap to count results and failures on the way
     */
    public <I, O> Flux<StepResult<O>> stream(Iterable<? extends Agent<? super I, ? extends O>> agents, I input) {
        Agent<? super I, ? extends O>[] list = array(agents);
        Objects.requireNonNull(input, "input");
        return switch (failureMode) {
            case ISOLATE -> new StepFlux.OfList<I, O>(this, false, list, input, null, null);
            case FAIL_FAST -> new StepFlux.OfList<I, O>(this, true, list, input, null, null);
            case FAIL_AT_END ->
                failingAtEnd(new StepFlux.OfList<I, O>(this, false, list, input, null, null), ResultSink::keepingAll);
        };
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
     *   <li><b>demand</b>: honoured; {@code pairs} is asked for {@link #concurrency()} pairs, and for one more when a
     *       result has been delivered, so no more steps than that start ahead of demand, and nothing is queued but their
     *       results.
     *   <li><b>threads</b>: each step is started on the thread that brings its pair. A body that does not give it back
     *       is {@link StepResult.TimedOut}, but nobody else can bring the next pair: if it never does, the round never
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
        if (order.isShuffled()) {
            throw new IllegalStateException("a stream of pairs cannot be shuffled, order was " + order);
        }
        return switch (failureMode) {
            case ISOLATE -> new StepFlux.OfFlux<I, O>(this, false, source);
            case FAIL_FAST -> new StepFlux.OfFlux<I, O>(this, true, source);
            case FAIL_AT_END ->
                failingAtEnd(
                        new StepFlux.OfFlux<I, O>(this, false, source),
                        () -> ResultSink.keepingFailures(MAX_FAILURES_KEPT));
        };
    }

    private static <O> Flux<StepResult<O>> failingAtEnd(
            Flux<StepResult<O>> results, Supplier<ResultSink<O>> aggregate) {
        return Flux.defer(() -> {
            ResultSink<O> sink = aggregate.get();
            return sink.tap(results)
                    .onErrorMap(cause -> new RoundFailedException(sink.report(), cause))
                    .concatWith(Mono.defer(
                            () -> Mono.fromRunnable(() -> sink.report().orThrow())));
        });
    }

    private static <I, O> Agent<? super I, ? extends O>[] array(
            Iterable<? extends Agent<? super I, ? extends O>> agents) {
        List<Agent<? super I, ? extends O>> list = new ArrayList<>();
        for (Agent<? super I, ? extends O> agent : Objects.requireNonNull(agents, "agents")) {
            list.add(Objects.requireNonNull(agent, () -> "agents[" + list.size() + "] is null"));
        }
        @SuppressWarnings({"unchecked", "rawtypes"}) // filled from a list of them
        Agent<? super I, ? extends O>[] array = list.toArray(new Agent[0]);
        return array;
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
        return identity.failures().failures();
    }

    /**
     * How many failures slow subscribers of {@link #failures()} did not get.
     *
     * @return the number for all subscribers since the engine was built
     */
    public long droppedFailureCount() {
        return identity.failures().droppedCount();
    }

    /**
     * How many steps of a round run at the same time at most.
     *
     * @return as configured
     */
    public int concurrency() {
        return config.concurrency;
    }

    /**
     * How long a step may take.
     *
     * @return as configured; null without a limit
     */
    public @Nullable Duration stepTimeout() {
        return config.stepTimeout;
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

    /**
     * Lets somebody else decide which step is next: what runs, and engines of other makes, are built on.
     *
     * @param listener whom to tell of the ends of steps
     * @param usage the ledger of all steps; {@link StepIdentity#usage()} of each is the same
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return a driver over this engine, to be closed when no more steps come
     * @throws NullPointerException if an argument is null
     */
    public <I, O> StepDriver<I, O> driver(StepDriver.Listener<O> listener, UsageLedger usage) {
        return new StepDriver<>(
                this, Objects.requireNonNull(listener, "listener"), Objects.requireNonNull(usage, "usage"));
    }

    /**
     * What the texts of failures go through before they are logged.
     *
     * @return as configured; {@link Redactor#NONE} for nothing
     */
    public Redactor redactor() {
        return config.redactor;
    }

    /**
     * An id for a run: no other run has it, of this engine or another.
     *
     * @return a new one at every call
     */
    public String newRunId() {
        return identity.id() + '-' + identity.rounds().incrementAndGet();
    }

    /**
     * What time it is.
     *
     * @return the instant on the engine's clock
     */
    public Instant now() {
        return clock.now();
    }

    /**
     * How many steps may run at the same time under this engine's order.
     *
     * @return 1 if they go one by one, else {@link #concurrency()}
     */
    public int places() {
        return order.oneByOne() ? 1 : config.concurrency;
    }

    // --- for rounds

    long stepTimeoutNanos() {
        return config.stepTimeoutNanos;
    }

    Duration stepTimeoutOrZero() {
        return config.stepTimeout == null ? Duration.ZERO : config.stepTimeout;
    }

    List<StepInterceptor> interceptors() {
        return identity.interceptors();
    }

    @Nullable StepTelemetry telemetry() {
        return identity.telemetry();
    }

    RoundScope newScope(UsageLedger usage) {
        return new RoundScope(identity.id(), identity.rounds().incrementAndGet(), config.stepTimeout, usage);
    }

    EngineSchedulers schedulers() {
        Supplier<Scheduler> timer = config.timeoutScheduler;
        if (timer == null) {
            return EngineSchedulers.shared();
        }
        Scheduler own = Objects.requireNonNull(timer.get(), "timeoutScheduler returned null");
        return new EngineSchedulers(own, own, own);
    }

    Instant now(Scheduler timer) {
        return config.clock == null ? Instant.ofEpochMilli(timer.now(TimeUnit.MILLISECONDS)) : config.clock.instant();
    }

    EngineClock clock() {
        return clock;
    }

    void report(StepFailure failure) {
        try {
            if (config.redactor.equals(Redactor.NONE)) {
                LOG.warn("step failed: {}", failure);
                if (LOG.isDebugEnabled()) {
                    LOG.debug("stack of the failed step {}", failure.stepId(), failure.cause());
                }
            } else {
                logRedacted(failure);
            }
        } finally {
            identity.failures().publish(failure);
        }
    }

    private void logRedacted(StepFailure failure) {
        LOG.warn("step failed: {}", failure.redacted(this::redacted));
        if (LOG.isDebugEnabled()) {
            LOG.debug("stack of the failed step {}: {}", failure.stepId(), redacted(Causes.stack(failure.cause())));
        }
    }

    /** A cause as the log may have it. */
    String described(Throwable cause) {
        return Causes.describe(cause, this::redacted);
    }

    /** A redactor that fails lets nothing through. */
    private String redacted(String text) {
        try {
            return Objects.requireNonNull(config.redactor.redact(text), "the redactor returned null");
        } catch (Throwable failed) { // a stack that overflows in a pattern too
            return "(withheld, the redactor failed)";
        }
    }

    FailureFeed failureFeed() {
        return identity.failures();
    }

    /** 96 random bits: run ids are told apart, and with them idempotency keys, wherever they were made. */
    private static String newId() {
        byte[] bits = new byte[12];
        new SecureRandom().nextBytes(bits);
        return HexFormat.of().formatHex(bits);
    }

    /** Concurrency, timeout, order and mode. */
    @Override
    public String toString() {
        return "StepEngine[concurrency=" + config.concurrency + ", stepTimeout=" + config.stepTimeout + ", order="
                + order + ", failureMode=" + failureMode + "]";
    }

    /** The configuration of an engine. Each setting checks its argument at once. Not thread-safe. */
    public static final class Builder {

        private int concurrency = DEFAULT_CONCURRENCY;
        private @Nullable Duration stepTimeout = DEFAULT_STEP_TIMEOUT;
        private long stepTimeoutNanos = DEFAULT_STEP_TIMEOUT.toNanos();
        private Order order = Order.PARALLEL;
        private FailureMode failureMode = FailureMode.ISOLATE;
        private final List<StepInterceptor> interceptors = new ArrayList<>();
        private @Nullable ObservationRegistry observationRegistry;
        private @Nullable MeterRegistry meterRegistry;
        private @Nullable Supplier<Scheduler> timeoutScheduler;
        private @Nullable Clock clock;
        private int failureBuffer = DEFAULT_FAILURE_BUFFER;
        private Redactor redactor = Redactor.NONE;

        private Builder() {}

        private Builder(Builder other) {
            concurrency = other.concurrency;
            stepTimeout = other.stepTimeout;
            stepTimeoutNanos = other.stepTimeoutNanos;
            order = other.order;
            failureMode = other.failureMode;
            interceptors.addAll(other.interceptors);
            observationRegistry = other.observationRegistry;
            meterRegistry = other.meterRegistry;
            timeoutScheduler = other.timeoutScheduler;
            clock = other.clock;
            failureBuffer = other.failureBuffer;
            redactor = other.redactor;
        }

        /**
         * How many steps of a round run at the same time at most, and how many start ahead of demand. It is a number of
         * steps, not of threads.
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
            this.concurrency = concurrency;
            return this;
        }

        /**
         * How long a step may take, all its attempts and waits included. A step that takes longer is cancelled and {@link
         * StepResult.TimedOut}. Its result waits for its own cancel handler, about 100 ms at most. A step that ends at
         * once arms no timer.
         *
         * @param stepTimeout more than zero, at most 292 years; default 60 seconds
         * @return this builder
         * @throws NullPointerException if {@code stepTimeout} is null
         * @throws IllegalArgumentException if {@code stepTimeout} is zero, negative or too long
         * @see #noStepTimeout()
         */
        public Builder stepTimeout(Duration stepTimeout) {
            if (stepTimeout.isZero() || stepTimeout.isNegative()) {
                throw new IllegalArgumentException("stepTimeout must be > 0, was " + stepTimeout);
            }
            try {
                this.stepTimeoutNanos = stepTimeout.toNanos();
            } catch (ArithmeticException tooLong) {
                throw new IllegalArgumentException("stepTimeout must be <= 292 years, was " + stepTimeout, tooLong);
            }
            this.stepTimeout = stepTimeout;
            return this;
        }

        /**
         * Lets steps take as long as they like. A body that never ends then keeps its round from ending, and so does one
         * that dies of an {@link Error} on a thread of its own, which nobody hears of; {@link Agent#blocking} bodies are
         * heard of.
         *
         * @return this builder
         */
        public Builder noStepTimeout() {
            this.stepTimeout = null;
            this.stepTimeoutNanos = 0;
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
            this.order = Objects.requireNonNull(order, "order");
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
            this.failureMode = Objects.requireNonNull(failureMode, "failureMode");
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
            interceptors.add(Objects.requireNonNull(interceptor, "interceptor"));
            return this;
        }

        /**
         * Makes an observation of every round and every step, see {@link io.flotilla.observe.Telemetry}.
         *
         * @param registry whom to tell; default nobody
         * @return this builder
         * @throws NullPointerException if {@code registry} is null
         */
        public Builder observationRegistry(ObservationRegistry registry) {
            this.observationRegistry = Objects.requireNonNull(registry, "registry");
            return this;
        }

        /**
         * Records meters, see {@link io.flotilla.observe.Telemetry}.
         *
         * @param registry where to; default nowhere
         * @return this builder
         * @throws NullPointerException if {@code registry} is null
         */
        public Builder meterRegistry(MeterRegistry registry) {
            this.meterRegistry = Objects.requireNonNull(registry, "registry");
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
            this.timeoutScheduler = Objects.requireNonNull(timeoutScheduler, "timeoutScheduler");
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
            this.clock = Objects.requireNonNull(clock, "clock");
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
            this.failureBuffer = failureBuffer;
            return this;
        }

        /**
         * What the texts of failures go through before they are logged, and, in runs, all that is written into a journal
         * or told in events.
         *
         * @param redactor default {@link Redactor#NONE}
         * @return this builder
         * @throws NullPointerException if {@code redactor} is null
         */
        public Builder redactor(Redactor redactor) {
            this.redactor = Objects.requireNonNull(redactor, "redactor");
            return this;
        }

        /**
         * Makes the engine. The builder may be changed and used again.
         *
         * @return a new engine
         */
        public StepEngine build() {
            StepTelemetry telemetry = observationRegistry == null && meterRegistry == null
                    ? null
                    : new StepTelemetry(observationRegistry, meterRegistry);
            Identity identity = new Identity(
                    newId(),
                    new AtomicLong(),
                    List.copyOf(interceptors),
                    telemetry,
                    new FailureFeed(failureBuffer, meterRegistry));
            return new StepEngine(new Builder(this), order, failureMode, identity);
        }
    }
}
