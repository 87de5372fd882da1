package io.flotilla.step;

import io.flotilla.Experimental;
import io.flotilla.agent.Agent;
import io.flotilla.agent.UsageLedger;
import io.flotilla.observe.DocumentedContext;
import io.flotilla.observe.FlotillaEvent;
import io.flotilla.observe.FlotillaObservationContext;
import io.micrometer.observation.Observation;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Starts single steps of an engine; its caller decides which step is next, as a run does. Interceptors, step timeout,
 * observation, the log and {@link StepEngine#failures()} apply as in a round; order, failure mode and the bound on how many
 * run at a time are up to the caller. Applications step agents with {@link StepEngine#run} and {@link
 * StepEngine#stream}; a driver is for engines built on {@link StepEngine}, see {@link EngineAccess#driver}.
 *
 * <p>{@link #prepare}, {@link #start}, {@link #cancel} and {@link #close} must be called by one thread at a time; all other methods are
 * thread-safe.
 *
 * @param <I> the input of a step
 * @param <O> the value of a step
 * @since 0.1
 */
@Experimental
public final class StepDriver<I, O> {

    /**
     * Receives what happens to the steps of a driver.
     *
     * @param <O> the value of a step
     */
    public interface Listener<O> {

        /**
         * A step has ended; not called for a step that was cancelled. Called on the thread that ended the step, which may
         * be the one that is starting it; must neither block nor throw.
         *
         * @param identity what the step was started with
         * @param result how it ended
         */
        void settled(StepIdentity identity, StepResult<O> result);

        /**
         * The thread that called {@link StepDriver#start} or {@link StepDriver#cancel} has been held by a body for longer than the step timeout. The
         * listener starts the following steps in this call, which comes on a thread of the library, once for each held
         * thread.
         */
        void resume();

        /**
         * The number of steps that wait to be started, for the message of a timeout.
         *
         * @return the number, about
         */
        long waiting();
    }

    /** A step that may be cancelled. */
    public interface Prepared {

        /**
         * Cancels the step: its body receives a cancel, and the listener hears of no end. After the step's end this does
         * nothing. May be called by any thread.
         */
        void cancel();

        /**
         * Whether the step has been started and waits for a permit of the engine's limit, see {@link
         * StepEngine.Builder Builder.maxInFlight}. May be called by any thread.
         *
         * @return false once its body is called, and without a limit
         */
        boolean isWaiting();
    }

    /** An observation in progress. */
    public interface Observed {

        /**
         * Makes this observation the parent of what is observed inside it.
         *
         * @param outer the context of the subscriber that started it
         * @return the context for what happens inside
         */
        Context within(Context outer);

        /**
         * Records an event of this observation.
         *
         * @param event what happened
         */
        void event(FlotillaEvent event);

        /**
         * Ends the observation.
         *
         * @param outcome how it went
         * @param cause why it failed, or null
         */
        void stop(String outcome, @Nullable Throwable cause);
    }

    private final Driven<I, O> driven;
    private final Steps<I, O> steps;
    private final EngineSchedulers listening = EngineSchedulers.shared();

    StepDriver(StepEngine engine, Listener<O> listener, UsageLedger usage) {
        this.driven = new Driven<>(engine, listener, usage);
        this.steps = driven.steps;
        steps.watchForStalls(driven);
    }

    /**
     * Makes a step ready to be started.
     *
     * @param agent the agent to call
     * @param input the input to call it with
     * @param number the {@link StepResult#index()} of its result
     * @param identity which step it is
     * @param context what its body sees as its subscriber's context
     * @return the step
     */
    public Prepared prepare(
            Agent<? super I, ? extends O> agent, I input, long number, StepIdentity identity, Context context) {
        driven.waitsIn(context);
        Step<I, O> step = new Step<>(steps, agent, input, number, identity, steps.inherited(context));
        step.takeTime();
        return new Handle<>(driven, step);
    }

    /**
     * Starts a step on this thread. Returns when its body has returned from being subscribed to, whether it has ended or
     * not. Under the engine's {@link StepEngine.Builder Builder.maxInFlight} it may return at once, and the step start
     * later on another thread.
     *
     * @param step what {@link #prepare} returned; to be started once
     * @return false if the body has held the thread so long that another has taken over: the caller then does nothing more
     */
    public boolean start(Prepared step) {
        return driven.start(own(step));
    }

    /**
     * Cancels a step on this thread, as {@link Prepared#cancel} does. For the thread that starts steps.
     *
     * @param step what {@link #prepare} returned
     * @return false if the body has held the thread so long that another has taken over: the caller then does nothing more
     */
    public boolean cancel(Prepared step) {
        return driven.cancel(own(step));
    }

    @SuppressWarnings("unchecked") // nobody else implements it
    private Step<I, O> own(Prepared step) {
        return ((Handle<I, O>) step).step;
    }

    /** Cancels what is in flight; nothing is started any more. */
    public void close() {
        driven.close();
    }

    /**
     * An id for the run that is driven.
     *
     * @return the same at every call; no other driver or round has it
     */
    public String runId() {
        return steps.scope.runId();
    }

    /**
     * The engine's time, as its schedulers were when the driver was made.
     *
     * @return the same at every call
     */
    public EngineClock clock() {
        return driven.clock;
    }

    /**
     * Whether anybody observes; if not, {@link #observe} returns null.
     *
     * @return the same at every call
     */
    public boolean isObserved() {
        return steps.telemetry != null && steps.telemetry.observes();
    }

    /**
     * Runs a task that may hold its thread, such as one that calls a subscriber: on a thread for listeners, whatever {@link
     * StepEngine.Builder Builder.timeoutScheduler} is. Never refused.
     *
     * @param task what to run
     */
    public void listen(Runnable task) {
        listening.listen(task);
    }

    /**
     * Counts values that a subscriber has not got, see {@link StepEngine#droppedEmissionCount()}.
     *
     * @param values how many, 0 or more
     */
    public void emissionsDropped(long values) {
        steps.engine.core().emissions.dropped(values);
    }

    /**
     * Starts an observation of something that contains steps.
     *
     * @param what which observation, and what it says
     * @param outer its parent is the observation in here, if there is one
     * @return the observation; null if nobody observes
     */
    public @Nullable Observed observe(FlotillaObservationContext what, ContextView outer) {
        return observed(steps.telemetry, what, outer);
    }

    static <C extends Observation.Context & DocumentedContext> @Nullable Observed observed(
            @Nullable StepTelemetry telemetry, C what, ContextView outer) {
        if (telemetry == null) {
            return null;
        }
        Observation started = telemetry.started(what, outer);
        return started == null ? null : new Reporting(started);
    }

    private record Handle<I, O>(Driven<I, O> driven, Step<I, O> step) implements Prepared {
        @Override
        public boolean isWaiting() {
            PendingSteps<I, O> pending = driven.pending;
            return pending != null && pending.isPending(step);
        }

        @Override
        public void cancel() {
            Cancels.of(step).elsewhere();
        }
    }

    private record Reporting(Observation observation) implements Observed {
        @Override
        public Context within(Context outer) {
            return Observations.within(observation, outer);
        }

        @Override
        public void event(FlotillaEvent event) {
            Observations.event(observation, event);
        }

        @Override
        public void stop(String outcome, @Nullable Throwable cause) {
            Observations.stop(observation, outcome, cause);
        }
    }

    /** The steps of a driver, which does what their owner does. */
    private static final class Driven<I, O> implements Steps.Owner<I, O>, StallWatch.Watched {

        private final Listener<O> listener;
        final Steps<I, O> steps;
        private final EngineClock clock;
        private volatile boolean closed;

        /** Null without a limit of the engine's, and before the first step. */
        private volatile @Nullable PendingSteps<I, O> pending;

        Driven(StepEngine engine, Listener<O> listener, UsageLedger usage) {
            this.listener = listener;
            this.steps = new Steps<>(engine, this, usage, null, false);
            this.clock = new SchedulerClock(engine.core().settings, () -> steps.schedulers);
        }

        /** The context of the first step is that of all who wait. */
        void waitsIn(Context context) {
            if (pending == null && steps.permits != null) {
                pending = steps.newPending(steps.permits, context);
            }
        }

        boolean start(Step<I, O> step) {
            PendingSteps<I, O> waiting = pending;
            return waiting == null ? steps.start(step) : waiting.start(step);
        }

        boolean cancel(Step<I, O> step) {
            PendingSteps<I, O> waiting = pending;
            return waiting == null ? steps.cancel(step) : waiting.cancel(step);
        }

        void close() {
            closed = true;
            steps.forgetStalls();
            steps.cancels().elsewhere();
        }

        @Override
        public Context context() {
            return Context.empty();
        }

        @Override
        public boolean isStopped() {
            return closed;
        }

        @Override
        public void settled(Step<I, O> step, StepResult<O> result, @Nullable StepFailure failure) {
            Runnable settle = () -> listener.settled(Objects.requireNonNull(step.identity()), result);
            if (steps.isToBeReported(failure)) {
                steps.reportAndContinue(() -> steps.report(step, result, failure), settle);
            } else {
                settle.run();
            }
        }

        @Override
        public void noTime(Step<I, O> step, Throwable thrown) {
            step.threw(thrown);
        }

        @Override
        public void resumeStarting() {
            PendingSteps<I, O> waiting = pending;
            if (waiting == null) {
                listener.resume();
                return;
            }
            if (waiting.takeOver()) {
                Starter.rescue(listener::resume); // it brings more, while this thread starts what is there
            }
            waiting.startAll();
        }

        @Override
        public @Nullable Duration passedRoundTimeout() {
            return null;
        }

        @Override
        public long waiting() {
            return listener.waiting();
        }

        @Override
        public boolean isDelivering() {
            return false;
        }

        /** On the stall watch's thread. */
        @Override
        public void checkForStall(long now) {
            steps.checkForStall(now);
        }
    }
}
