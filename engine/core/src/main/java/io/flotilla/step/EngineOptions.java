package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.observe.Redactor;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.ObservationRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;

/**
 * What can be set of an engine, with its documentation: {@link StepEngine.Builder} inherits all of it, and is the only type
 * users name. Javadoc has no link to an inherited method, and warns of one in a first sentence: others link to the builder
 * itself, and name the setting in the text of the link.
 *
 * @param <B> the builder, which each setting returns
 */
abstract class EngineOptions<B extends EngineOptions<B>> {

    final EngineSettings settings;

    EngineOptions(EngineSettings settings) {
        this.settings = settings;
    }

    abstract B self();

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
    public B concurrency(int concurrency) {
        if (concurrency < 1) {
            throw new IllegalArgumentException("concurrency must be >= 1, was " + concurrency);
        }
        settings.concurrency = concurrency;
        return self();
    }

    /**
     * How many steps of all rounds, runs and single steps are in flight at most, in this engine and all its views; they
     * take turns. See {@link #maxInFlight(InFlightLimit)}.
     *
     * @param maxInFlight 1 or more; by default there is no such limit
     * @return this builder
     * @throws IllegalArgumentException if {@code maxInFlight} is below 1
     */
    public B maxInFlight(int maxInFlight) {
        return maxInFlight(InFlightLimit.of(maxInFlight));
    }

    /**
     * Limits the steps in flight of all rounds, runs and single steps of this engine and all its views, besides the
     * {@code concurrency} of each. An engine that another's {@link StepEngine#toBuilder()} builds has a limit of its own.
     *
     * <p>A step that finds no permit waits, and its timeout begins when it starts. It then starts on a {@code
     * flotilla-worker} thread. Cancelling the round, run or step ends the wait. What is not let in is {@link
     * StepResult.Rejected}, see {@link InFlightLimit#maxQueued(int)}. A permit is free again when the step has its result;
     * of a cancelled step, when its cancel handler has returned, or has kept its thread, waiting for about 100 ms or computing for about a
     * second. So a body that goes on after its step has timed out does not count.
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
    public B maxInFlight(InFlightLimit maxInFlight) {
        settings.maxInFlight = Objects.requireNonNull(maxInFlight, "maxInFlight");
        return self();
    }

    /**
     * How long a step may take, all its attempts and waits included, and what handlers of observations take inside it, see {@link
     * #observationRegistry}. A step that takes longer is cancelled and {@link StepResult.TimedOut}. Its result waits for its own cancel
     * handler, about 100 ms at most. A step that ends at once arms no timer.
     *
     * <p>An engine that is given a step timeout has no idle timeout unless it is given one as well.
     *
     * @param stepTimeout more than zero, at most 292 years; default 10 minutes, with an {@link #idleTimeout} of 60 seconds
     * @return this builder
     * @throws NullPointerException if {@code stepTimeout} is null
     * @throws IllegalArgumentException if {@code stepTimeout} is zero, negative or too long
     * @see #noStepTimeout()
     */
    public B stepTimeout(Duration stepTimeout) {
        settings.limitSteps(stepTimeout);
        return self();
    }

    /**
     * How long a step may be silent: one that neither emits anything nor ends for that long is cancelled and {@link
     * StepResult.TimedOut}, with a message that names this limit. Counted from the start of the step, the beginning of each
     * attempt, and each value that is {@linkplain io.flotilla.agent.StepContext#emit emitted}, whether anybody listens or not.
     *
     * <p>So a model may stream for minutes, and one that hangs is noticed within seconds. An agent that emits nothing has to end
     * within this time. Emitting arms no timer. While steps that it waits for are queued for permits of {@link
     * #maxInFlight(InFlightLimit)}, a step is not silent.
     *
     * @param idleTimeout more than zero, at most 292 years; default 60 seconds, and none if a {@link #stepTimeout} was given or
     *     {@link #noStepTimeout()} called, nor for steps of agents that have a step timeout of their own
     * @return this builder
     * @throws NullPointerException if {@code idleTimeout} is null
     * @throws IllegalArgumentException if {@code idleTimeout} is zero, negative or too long
     * @see #noIdleTimeout()
     */
    public B idleTimeout(Duration idleTimeout) {
        settings.limitIdleTime(idleTimeout);
        return self();
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
    public B stepTimeoutFor(AgentId agent, Duration stepTimeout) {
        settings.ownTimeouts.put(agent, stepTimeout);
        return self();
    }

    /**
     * Lets steps be silent as long as they like, up to the step timeout.
     *
     * @return this builder
     */
    public B noIdleTimeout() {
        settings.doNotLimitIdleTime();
        return self();
    }

    /**
     * How long a step of an agent of one kind may take. See {@link #stepTimeoutFor}.
     *
     * @param kind the kind, {@code reader} for {@code reader#17} and all others
     * @param stepTimeout more than zero, at most 292 years; default what {@link #stepTimeoutBy} says
     * @return this builder
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code kind} is no {@link AgentId#kind()}, or {@code stepTimeout} is zero,
     *     negative or too long
     */
    public B stepTimeoutForKind(String kind, Duration stepTimeout) {
        settings.ownTimeouts.put(kind, stepTimeout);
        return self();
    }

    /**
     * How long a step may take, by a function of its agent. See {@link #stepTimeoutFor}.
     *
     * @param timeouts returns more than zero and at most 292 years; null for {@link #stepTimeout}. Asked once a step, on
     *     the thread that starts it. If it throws, or what it returns is out of bounds, the step is {@link
     *     StepResult.Failed} with that error, and its agent is not called; if it does not return within {@link
     *     #stepTimeout}, the step is {@link StepResult.TimedOut}. Default: null for every agent
     * @return this builder
     * @throws NullPointerException if {@code timeouts} is null
     */
    public B stepTimeoutBy(Function<? super AgentId, ? extends @Nullable Duration> timeouts) {
        settings.ownTimeouts.by(timeouts);
        return self();
    }

    /**
     * Lets steps take, and be silent, as long as they like, unless an {@code idleTimeout} is given, and but for those whose
     * agents have a timeout of their own. A body that never ends then keeps its round from ending, and so does one that dies of an
     * {@link Error} on a thread of its own, since the engine cannot see that. An {@link Agent#blocking} body that dies does end its step.
     *
     * @return this builder
     */
    public B noStepTimeout() {
        settings.doNotLimitSteps();
        return self();
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
    public B roundTimeout(Duration roundTimeout) {
        settings.roundTimeout = StepTimeouts.checked(roundTimeout, "roundTimeout");
        return self();
    }

    /**
     * How steps start.
     *
     * @param order default {@link Order#PARALLEL}
     * @return this builder
     * @throws NullPointerException if {@code order} is null
     */
    public B order(Order order) {
        settings.order = Objects.requireNonNull(order, "order");
        return self();
    }

    /**
     * What a failed step does to its round.
     *
     * @param failureMode default {@link FailureMode#ISOLATE}
     * @return this builder
     * @throws NullPointerException if {@code failureMode} is null
     */
    public B failureMode(FailureMode failureMode) {
        settings.failureMode = Objects.requireNonNull(failureMode, "failureMode");
        return self();
    }

    /**
     * Wraps every step; may be called several times, the first interceptor is outermost.
     *
     * @param interceptor what to wrap steps with; default none
     * @return this builder
     * @throws NullPointerException if {@code interceptor} is null
     */
    public B interceptor(StepInterceptor interceptor) {
        settings.interceptors.add(Objects.requireNonNull(interceptor, "interceptor"));
        return self();
    }

    /**
     * Makes an observation of every round, run, branch and step, see {@link io.flotilla.observe.FlotillaObservation}.
     *
     * <p>What handlers throw is logged once and goes no further. The time they take to start the observation of a step or attempt, to
     * open and close its scope, and to stop that of an attempt is the step's: it counts for {@link #stepTimeout} and {@link #idleTimeout}, so one
     * that blocks for ever there makes the step {@link StepResult.TimedOut}; without these limits its round does not end. The scope is
     * inside the attempt as interceptors see it, the start and stop of its observation are not. No result waits for a handler that stops the
     * observation of its step; the beginning and the end of a round wait for a handler about 100 ms at most. Handlers that export should hand
     * over to a thread of their own.
     *
     * @param registry receives the observations; by default there is none
     * @return this builder
     * @throws NullPointerException if {@code registry} is null
     */
    public B observationRegistry(ObservationRegistry registry) {
        settings.observationRegistry = Objects.requireNonNull(registry, "registry");
        return self();
    }

    /**
     * Names observations and their keys otherwise than {@link io.flotilla.observe.FlotillaObservationConvention} does. May be called
     * several times, for one observation or another: the first convention that supports the context of an observation is asked, then those
     * of the registry, then the library's own. Where it throws, or returns null for the keys, the library's own stands in.
     *
     * @param convention asked when an observation starts and when it stops, by the threads that do; thread-safe
     * @return this builder
     * @throws NullPointerException if {@code convention} is null
     */
    public B observationConvention(ObservationConvention<?> convention) {
        settings.observationConventions.add(Objects.requireNonNull(convention, "convention"));
        return self();
    }

    /**
     * Records meters, see {@link io.flotilla.observe.FlotillaMeter}. A registry that throws costs the meter, and neither the engine nor a step; each
     * place that throws is logged once.
     *
     * @param registry receives the meters; by default there is none
     * @return this builder
     * @throws NullPointerException if {@code registry} is null
     */
    public B meterRegistry(MeterRegistry registry) {
        settings.meterRegistry = Objects.requireNonNull(registry, "registry");
        return self();
    }

    /**
     * Whether SLF4J's MDC has the step while its agent is called: run, agent, branch and step id, under the keys of {@link
     * io.flotilla.observe.MdcKey}. Bodies of blocking agents have it from beginning to end. Of others the thread has it that calls and
     * subscribes to them, in each attempt; behind their own thread switches it is there with Reactor's automatic context
     * propagation ({@code Hooks.enableAutomaticContextPropagation()}, and {@code io.micrometer:context-propagation} on the
     * class path), for which this engine registers what is needed. A thread has afterwards what it had before.
     *
     * @param mdc default false: the MDC is left alone
     * @return this builder
     */
    public B mdc(boolean mdc) {
        settings.mdc = mdc;
        return self();
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
    public B timeoutScheduler(Supplier<Scheduler> timeoutScheduler) {
        settings.timeoutScheduler = Objects.requireNonNull(timeoutScheduler, "timeoutScheduler");
        return self();
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
    public B blockingScheduler(Supplier<Scheduler> blockingScheduler) {
        settings.blockingScheduler = Objects.requireNonNull(blockingScheduler, "blockingScheduler");
        return self();
    }

    /**
     * What {@link StepResult#startedAt()} and {@link io.flotilla.agent.StepContext#deadline()} are read from.
     * Durations and timeouts are measured by the timer's scheduler, not by this.
     *
     * @param clock default: the timer's scheduler, {@link Scheduler#now(TimeUnit)}, in milliseconds
     * @return this builder
     * @throws NullPointerException if {@code clock} is null
     */
    public B clock(Clock clock) {
        settings.clock = Objects.requireNonNull(clock, "clock");
        return self();
    }

    /**
     * How many failures wait for each slow subscriber of {@link StepEngine#failures()}.
     *
     * @param failureBuffer 1 or more; default {@value StepEngine#DEFAULT_FAILURE_BUFFER}
     * @return this builder
     * @throws IllegalArgumentException if {@code failureBuffer} is below 1
     */
    public B failureBuffer(int failureBuffer) {
        if (failureBuffer < 1) {
            throw new IllegalArgumentException("failureBuffer must be >= 1, was " + failureBuffer);
        }
        settings.failureBuffer = failureBuffer;
        return self();
    }

    /**
     * How many emitted values of each step wait for a subscriber of {@link StepEngine#signals(Iterable, Object)} that is
     * slow; then the oldest of that step are dropped, and the subscriber is told how many.
     *
     * @param emissionBuffer 1 or more; default {@value StepEngine#DEFAULT_EMISSION_BUFFER}
     * @return this builder
     * @throws IllegalArgumentException if {@code emissionBuffer} is below 1
     */
    public B emissionBuffer(int emissionBuffer) {
        if (emissionBuffer < 1) {
            throw new IllegalArgumentException("emissionBuffer must be >= 1, was " + emissionBuffer);
        }
        settings.emissionBuffer = emissionBuffer;
        return self();
    }

    /**
     * What the texts of failures go through before they are logged, what steps emit before anybody hears it, and, in
     * runs, all that is written into a journal or emitted as an event.
     *
     * @param redactor default {@link Redactor#NONE}
     * @return this builder
     * @throws NullPointerException if {@code redactor} is null
     */
    public B redactor(Redactor redactor) {
        settings.redactor = Objects.requireNonNull(redactor, "redactor");
        return self();
    }
}
