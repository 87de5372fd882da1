package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.UsageLedger;
import io.flotilla.internal.BlockingLevel;
import io.flotilla.internal.BlockingPool;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.util.context.Context;

/**
 * The steps of a round or of a run: starts them one at a time, ends those whose time is up, cancels what is in flight. When
 * they start and what follows their end is up to their {@link Owner}:
 *
 * <pre>
 *                   a round                             a driver, for runs
 * settled           the result is delivered, its place  its listener is called
 *                   is free when it has been taken
 * no time           the round fails                     the step fails
 * resume starting   the source of the steps goes on     its listener does
 * is stopped        cancelled, failed or completed      closed
 * is delivering     while a thread is downstream        never
 * </pre>
 *
 * <p>{@link Starter} calls the bodies. {@link InFlight} has the steps that did not end at once, for the time-out and for
 * cancel. Steps whose time is up are ended by an {@link Expiry}, those that are cancelled by {@link Cancels}. All code of the
 * user's runs either under the starter's mark or on a {@link Lane}.
 */
final class Steps<I, O> implements StepHost<I, O> {

    private static final Logger LOG = LoggerFactory.getLogger(StepEngine.class);

    /** What a round and a driver do their own way. */
    interface Owner<I, O> {

        /** The context of steps that were not given one of their own. */
        Context context();

        /** Nothing more is to be started. */
        boolean isStopped();

        /** A step has ended, on whatever thread. {@code failure} is there if the result is one. */
        void settled(Step<I, O> step, StepResult<O> result, @Nullable StepFailure failure);

        /** A clock or timer of the user's throws: the step cannot be started. */
        void noTime(Step<I, O> step, Throwable thrown);

        /** Starts the following steps after a body has held the starter; on a thread of the library. */
        void resumeStarting();

        /** The time limit of them all, once it has passed; null before that, and without one. */
        @Nullable Duration passedRoundTimeout();

        /** Steps wait for permits of the engine's limit. */
        default void waitsForPermits() {}

        /** How many steps wait to be started, for the message of a time-out; negative if unknown. */
        long waiting();

        /** Whether the subscriber that takes results may be holding the thread that ended the last step. */
        boolean isDelivering();
    }

    final StepEngine engine;
    final Owner<I, O> owner;
    final RoundScope scope;
    final EngineSchedulers schedulers;
    final @Nullable StepTelemetry telemetry;

    /** Null without a limit on all steps of the engine. */
    final @Nullable FairPermits permits;

    /** Who waits for permits; null without a limit, and before the first. */
    private volatile @Nullable Waiter waiter;

    /** Those that wait, if more than one source may bring them. */
    private volatile @Nullable PendingSteps<I, O> pending;

    private final @Nullable BlockingLevel blockingLevel;
    private final TimeLimits limits;
    private final Starter<I, O> starter;
    private @Nullable WeakReference<StallWatch.Watched> watch;

    /** The context of steps that were not given one of their own, once one has started. */
    private @Nullable Context context;

    /** Results of bodies that are computed in one go wait for the thread that starts the step: nobody else asks for them. */
    private final boolean keepsResults;

    /** What the clock said last; any thread that starts a step writes it. */
    private @Nullable Moment moment;

    /** {@code keepsResults}: as far as the owner is concerned. */
    Steps(StepEngine engine, Owner<I, O> owner, UsageLedger usage, @Nullable RoundOutput output, boolean keepsResults) {
        this.engine = engine;
        this.owner = owner;
        this.schedulers = engine.core().settings.schedulers();
        this.scope = engine.core().newScope(usage, output, schedulers.timer());
        this.telemetry = engine.core().telemetry;
        this.permits = engine.core().permits;
        this.blockingLevel = BlockingLevel.current();
        this.keepsResults =
                keepsResults && permits == null && engine.core().interceptors.isEmpty();
        this.limits = new TimeLimits(engine.core(), schedulers);
        this.starter = new Starter<>(this);
    }

    /** The context of a step, with where blocking bodies run and the blocking level of the caller that waits for the round. */
    Context inherited(Context context) {
        Context inner = BlockingPool.in(context, engine.core().settings.blockingScheduler);
        return blockingLevel == null ? inner : blockingLevel.in(inner);
    }

    /** The context of steps that were not given one of their own. */
    Context context() {
        Context made = context;
        if (made == null) {
            made = inherited(owner.context());
            context = made;
        }
        return made;
    }

    @Override
    public StepEngine engine() {
        return engine;
    }

    @Override
    public RoundScope scope() {
        return scope;
    }

    @Override
    public boolean keepsResults() {
        return keepsResults && !reports();
    }

    /** Whether somebody hears of each step. */
    private boolean reports() {
        return telemetry != null && !telemetry.isSilent();
    }

    @Override
    public void noTime(Step<I, O> step, Throwable thrown) {
        owner.noTime(step, thrown);
    }

    @Override
    public @Nullable Duration passedRoundTimeout() {
        return owner.passedRoundTimeout();
    }

    @Override
    public long nanos() {
        return schedulers.timer().now(TimeUnit.NANOSECONDS);
    }

    Instant now() {
        return engine.core().settings.now(schedulers.timer());
    }

    @Override
    public Instant instant(long nanos) {
        Moment now = Moment.at(nanos, moment, engine.core().settings, schedulers);
        moment = now;
        return now.instant();
    }

    // --- beginning and end

    /** {@code watched} is the owner, which calls {@link #checkForStall}. */
    void watchForStalls(StallWatch.Watched watched) {
        watch = StallWatch.watch(watched);
    }

    void forgetStalls() {
        if (watch != null) {
            StallWatch.forget(watch);
        }
    }

    /** On the stall watch's thread. */
    void checkForStall(long now) {
        limits.checkTimers();
        starter.checkForStall(now);
    }

    /**
     * Takes out what is in flight, to be cancelled; what is started from now on is cancelled at once. Those that started last go
     * first: steps that wait for a place in a guard of the user's are gone before one of those they wait for makes room.
     */
    Cancels cancels() {
        if (pending != null) {
            pending.close();
        } else if (waiter != null) {
            waiter.close();
        }
        Cancels cancels = new Cancels(limits.close());
        Step<I, O> beingStarted = starter.starting();
        if (beingStarted != null && beingStarted.isActive()) {
            cancels.addLast(beingStarted::cancel);
        }
        return cancels;
    }

    // --- starting

    /** See {@link Starter#next}. */
    Step<I, O> next(Agent<? super I, ? extends O> agent, I input, long index, boolean follows) {
        return starter.next(agent, input, index, follows);
    }

    /** See {@link Starter#reuse}. */
    void reuse(Step<I, O> step) {
        starter.reuse(step);
    }

    /** Starts a step on this thread, see {@link Starter#start}. */
    boolean start(Step<I, O> step) {
        return starter.start(step);
    }

    /** Starts a step that has waited for {@code permit}, or one that was refused it; as {@link #start(Step)}. */
    boolean start(Step<I, O> step, @Nullable Permit permit, @Nullable Throwable refusal) {
        if (permits != null && permit != null) {
            step.hold(permits, permit);
        }
        return starter.start(step, refusal);
    }

    /** Cancels a step on the thread that starts steps, see {@link Starter#cancel}. */
    boolean cancel(Step<I, O> step) {
        return starter.cancel(step);
    }

    /** One who waits for permits of these steps: to be made once, before the first is started. */
    Waiter newWaiter(FairPermits of, Context context, Runnable resume, Runnable takeOver) {
        Waiter made = new Waiter(of, context, blockingLevel, resume, takeOver);
        waiter = made;
        return made;
    }

    /** The steps that wait for permits, brought by any thread: as {@link #newWaiter}. */
    PendingSteps<I, O> newPending(FairPermits of, Context context) {
        PendingSteps<I, O> made = new PendingSteps<>(this, of, context);
        pending = made;
        return made;
    }

    /** A step has been started and has not ended at once. */
    void enter(Step<I, O> step) {
        if (!limits.enter(step)) {
            Cancels.of(step).elsewhere();
        }
    }

    // --- the end of a step

    /** The time of all of them is up: on the worker. What is started from now on is skipped. */
    void expire() {
        limits.timeUp();
        starter.expire();
        limits.expire();
        Waiter waiting = waiter;
        if (waiting != null) {
            waiting.wantLess(); // it is called, and skips what is left
        }
    }

    @Override
    public String hintOfWaiting() {
        long waiting = owner.waiting();
        return waiting > 0
                ? "; " + waiting + " steps of the round had not been started yet, concurrency is "
                        + engine.concurrency()
                        + (permits == null
                                ? ""
                                : ", maxInFlight is " + permits.limit().maxInFlight())
                : "";
    }

    @Override
    public void ended(Step<I, O> step, StepResult<O> result) {
        Permit held = step.permit();
        if (held != null) {
            held.end(); // first: whoever takes the result may keep the thread
        }
        InFlight.leave(step);
        boolean bodysFlag = Thread.interrupted();
        StepFailure failure = result.isFailure() ? StepFailure.of(result, step.stepId()) : null;
        owner.settled(step, result, failure);
        if (bodysFlag) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void cancelled(Step<I, O> step) {
        if (pending != null) {
            pending.cancelled(step);
        }
        InFlight.leave(step);
        if (telemetry != null) {
            telemetry.stepCancelled(step);
        }
    }

    /** Whether the end of a step is to be reported to a registry, the log or the feed. */
    boolean isToBeReported(@Nullable StepFailure failure) {
        return failure != null || reports();
    }

    /** Reports to registries, the log and the feed: user code, which may not return. */
    void report(Step<I, O> step, StepResult<O> result, @Nullable StepFailure failure) {
        if (telemetry != null) {
            telemetry.stepEnded(step, result);
        }
        if (failure != null) {
            engine.core().report(failure);
        }
    }

    /** See {@link Starter#reportAndContinue}. */
    void reportAndContinue(Runnable reports, Runnable rest) {
        starter.reportAndContinue(reports, rest);
    }

    /** A log appender, a registry or an observation handler that throws must not take a result with it. */
    static void reportFailed(Throwable thrown) {
        try {
            LOG.error("reporting a step failed", thrown);
        } catch (Throwable again) {
            // It is the log that throws.
        }
    }
}
