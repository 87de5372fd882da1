package io.flotilla.run;

import io.flotilla.FlotillaException;
import io.flotilla.agent.Usage;
import io.flotilla.agent.UsageLedger;
import io.flotilla.run.machine.Effect;
import io.flotilla.run.machine.Fact;
import io.flotilla.run.machine.LimitsLeft;
import io.flotilla.run.machine.Replay;
import io.flotilla.run.machine.RunMachine;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.StepDriver;
import io.flotilla.step.StepIdentity;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * The shell around the machine of a run: brings it facts from any thread, and carries its effects out with the step engine.
 *
 * <p>Facts are queued, and one thread at a time, the worker, drains the {@link RunInbox}: it applies one, emits its events,
 * carries out its effects in order, and only then takes the next. So an agent that ends while it is being called does not nest,
 * and no thread sees the machine half-way. A thread that offers a fact while there is no worker becomes the worker.
 *
 * <p>An effect may call an agent, or its cancel handlers, that keep the thread. The step engine notices ({@link #resume}), and
 * another thread carries out the effects that are left; the one that was kept does nothing more.
 *
 * <p>Its parts: {@link RunSteps}, {@link RunTimers} and {@link PendingQuestions} hold what is in progress, {@link RunEffects}
 * carries out what the machine asks of them, {@link FactRecorder} has the journal, {@link Tracing}, {@link EventLog}
 * and {@link RunOutputs} what is seen from outside, {@link RunEnd} the result.
 */
final class RunLoop<O> implements StepDriver.Listener<Decision>, Suspension.Suspended {

    private static final Logger LOG = LoggerFactory.getLogger(Run.class);

    private final RunMachine machine;
    private final @Nullable FactRecorder recorder;
    private final String runId;
    private final RunClock clock;
    private final RunSteps steps;
    private final RunTimers timers;
    private final PendingQuestions questions = new PendingQuestions();
    private final RunCalls calls;
    private final Tracing tracing;
    private final EventLog events;
    private final RunOutputs outputs;
    private final RunEffects effects;
    private final RunEnd<O> end;
    private final Outlet<Boolean> started = new Outlet<>();
    private final RunInbox inbox = new RunInbox();
    private final LiveState live;

    private volatile int waiting;
    private final Runnable others = this::resume;

    /** The run has ended, is suspended, or broken down: what comes now is too late. Written by the worker only. */
    private volatile boolean terminated;

    /** The run's own observation has been started, or need not be for its first fact. Of the worker. */
    private boolean traced;

    private final Suspension suspension;
    private final FactSource source;
    private final LiveRuns.@Nullable Claim claim;
    private final RunSetup setup;
    private final RunIdentity identity;

    /**
     * A run; {@code replay} is what its journal has of it, if it has. From now on both that and the claim in {@code identity}
     * belong to this run alone.
     */
    RunLoop(RunSetup setup, Context context, RunIdentity identity, @Nullable Replay replay) {
        this.setup = setup;
        this.identity = identity;
        UsageLedger usage = new UsageLedger();
        EngineAccess engine = EngineAccess.of(setup.engine());
        StepDriver<Turn, Decision> driver = engine.driver(this, usage);
        this.clock = RunClock.of(driver, replay);
        this.machine = replay == null ? new RunMachine(identity.plan()) : replay.machine();
        usage.record(replay == null ? Usage.NONE : replay.used());
        this.runId = identity.runId() == null ? driver.runId() : identity.runId();
        this.recorder = setup.recording() == null
                ? null
                : new FactRecorder(setup.recording(), runId, identity.header(), machine, driver.clock(), replay);
        this.outputs = new RunOutputs(setup.watching().outputHistory(), driver::listen, driver::emissionsDropped);
        RunStep.Scope scope = RunStep.Scope.of(setup, identity.plan(), runId, clock, usage, outputs);
        Redaction redaction = new Redaction(engine.redactor(), setup.plan());
        NestedRuns nested = new NestedRuns(
                setup,
                identity,
                driver,
                scope,
                clock,
                redaction,
                this::offer,
                start -> LimitsLeft.of(machine, start.branch(), usage.total(), clock.sinceStart()),
                () -> suspendedNow() != null,
                this::startLater,
                this::nestedBrokenDown);
        this.steps = new RunSteps(setup.agents(), driver, scope, clock, redaction, this::offer, nested);
        this.timers = new RunTimers(clock, questions, this::offer);
        this.suspension = new Suspension(clock, steps, this);
        this.source = new FactSource(machine, recorder, inbox, clock, suspension, this::abort, this::drain);
        this.claim = identity.claim() != null || setup.recording() == null
                ? identity.claim()
                : setup.live().claim(runId); // a new run has an id that no other has
        this.calls = new RunCalls(clock::now, this::offer, this::suspendedNow, questions);
        this.tracing = new Tracing(
                driver,
                setup,
                runId,
                new LiveRun(questions, steps, this::waiting),
                context,
                replay == null ? null : identity.header().trace());
        this.traced = recorder == null || replay != null || !tracing.isObserved();
        this.events = new EventLog(setup, driver::listen, redaction);
        this.live = new LiveState(redaction);
        this.effects = new RunEffects(steps, timers, questions, tracing, this::finish);
        this.end = new RunEnd<>(runId, clock, usage, recorder, events, outputs, claim);
    }

    LiveRuns.@Nullable Claim claim() {
        return claim;
    }

    /** It is not to be started. */
    void giveUp() {
        steps.close();
        if (claim != null) {
            claim.release();
        }
    }

    void start() {
        offer(new Fact.Started(clock.startedAt(), identity.task()));
    }

    /** Continues where the journal's facts end. */
    void recover(Replay replay) {
        inbox.hold(); // nobody else works before this is done
        started.value(true);
        replay.events().forEach(events::emit);
        end.recorded(replay.duration());
        Instant now = clock.now();
        List<Effect> outstanding = replay.outstandingEffects(now);
        tracing.recovered(replay, outstanding);
        live.recovered(replay, outstanding, now);
        steps.recover(replay, outstanding);
        effects.take(outstanding);
        resume();
    }

    String runId() {
        return runId;
    }

    RunSetup setup() {
        return setup;
    }

    RunIdentity identity() {
        return identity;
    }

    /** True when the run has started: its start is in the journal, if there is one. */
    Mono<Boolean> started() {
        return started.mono();
    }

    Mono<RunResult<O>> result() {
        return end.result();
    }

    /** A snapshot between two facts. */
    Mono<RunState> state() {
        return Mono.create(caller -> perform(() -> live.tell(caller, runId, machine, end.breakdown())));
    }

    EventLog events() {
        return events;
    }

    RunOutputs outputs() {
        return outputs;
    }

    /** The journal may take its time to record the cancel, or all time; the steps in flight do not wait for it. */
    void cancel() {
        if (suspension.isRequested()) {
            return; // its callers are being stopped, which is not the run's end
        }
        if (recorder != null) {
            steps.stopAgents();
        }
        offer(new Fact.Cancelled(clock.now()));
        if (recorder != null) {
            steps.cancelAgentsAtOnce();
        }
    }

    List<RunState.BranchState> waitingBranches() {
        return steps.waiting();
    }

    RunCalls calls() {
        return calls;
    }

    /** Why nobody is listened to any more; null if that is not so. */
    private @Nullable RunSuspendedException suspendedNow() {
        return suspension.isRequested() && !end.isEnded() ? new RunSuspendedException(runId) : null;
    }

    /** Suspends the run; its end is that of {@link #drained}. */
    void suspend(Duration grace) {
        suspension.begin(grace);
        steps.suspendNested(grace);
    }

    /** What a run is nested in cannot go on without it, but can be recovered with it. */
    private void nestedBrokenDown(Throwable why) {
        if (why instanceof RunSuspendedException || why instanceof RunsShutDownException) {
            requestSuspension();
            suspension.begin(Duration.ZERO);
        } else {
            perform(() -> {
                if (!terminated) {
                    abort(why);
                }
            });
        }
    }

    /** From here on nothing that fails is recorded. */
    void requestSuspension() {
        suspension.request();
    }

    boolean isRecorded() {
        return recorder != null;
    }

    /** What has come of a suspension, once the run is live no more. */
    Mono<Drained> drained() {
        return end.over().flatMap(over -> steps.nestedOver().thenReturn(over)).map(suspension::drained);
    }

    @Override
    public boolean isIdle() {
        return recorder != null && recorder.isIdle();
    }

    @Override
    public boolean hasFacts() {
        return inbox.hasFacts();
    }

    @Override
    public boolean isOver() {
        return terminated;
    }

    @Override
    public boolean isWriting() {
        return source.isWriting();
    }

    @Override
    public void wake() {
        perform(() -> {});
    }

    @Override
    public void suspended() {
        FlotillaException why = suspensionCause();
        effects.clear();
        started.error(why);
        questions.closeAll(why);
        calls.closeAll(why);
        terminated();
        tracing.suspended();
        Runnable over = () -> end.suspend(why);
        if (tracing.report(over)) { // before the one who waits for it shuts down what has the spans
            over.run();
        }
    }

    @Override
    public void suspendedUnseen() {
        tracing.suspendedUnseen(clock::onWorker);
        end.suspendUnseen(suspensionCause());
        steps.cancelAllAtOnce();
    }

    /** A run that has not come into the journal was never started. */
    private FlotillaException suspensionCause() {
        return recorder == null || recorder.isEmpty() ? setup.shutdown().refusal() : new RunSuspendedException(runId);
    }

    @Override
    public void settled(StepIdentity identity, StepResult<Decision> settled) {
        offer(steps.settled((RunStep) identity, settled));
    }

    private void offer(Fact fact) {
        if (!suspension.admits(fact)) {
            suspension.discard(fact);
            return;
        }
        if (inbox.put(fact)) {
            drain();
        }
    }

    /** Runs a task as the worker, between two facts; on this thread if there is no worker. */
    private void perform(Runnable task) {
        if (inbox.put(task)) {
            drain();
        }
    }

    private void drain() {
        do {
            Runnable task = recorder == null || recorder.isIdle() ? inbox.task() : null;
            if (task != null) {
                task.run();
            } else if (!isTraced()) {
                return; // continued by another thread
            } else {
                Applied applied = source.next(terminated);
                if (applied == null) {
                    return; // continued when the journal has answered
                }
                take(applied);
            }
            if (!execute()) {
                return; // continued by another thread
            }
        } while (inbox.handled());
    }

    /** The first fact has the run's span in the journal: it is observed before. False if a handler has kept the thread. */
    private boolean isTraced() {
        if (traced) {
            return true;
        }
        traced = true;
        if (!tracing.report(this::drain)) {
            return false;
        }
        if (recorder != null) {
            recorder.traced(tracing.traceparent());
        }
        return true;
    }

    /** The journal cannot have this fact. An answer is given back; without any other fact the run cannot go on. */
    private void refuse(Fact fact, Throwable why) {
        effects.clear();
        if (calls.refused(fact, why) || terminated) {
            return;
        }
        if (fact instanceof Fact.QuestionAnswered answer) {
            questions.reopen(answer.question(), why, timer -> offer(new Fact.DeadlinePassed(clock.now(), timer)));
        } else if (!(fact instanceof Fact.StepSettled settled) || isWanted(settled.step())) {
            abort(why);
        }
    }

    /** Not if it has been cancelled meanwhile. */
    private boolean isWanted(long step) {
        steps.remove(step);
        return machine.isAwaited(step);
    }

    @Override
    public void resume() {
        if (execute() && inbox.handled()) {
            drain();
        }
    }

    @Override
    public long waiting() {
        return waiting;
    }

    private void take(Applied applied) {
        if (applied.refused() != null) {
            refuse(applied.fact(), applied.refused());
            return;
        }
        if (applied.fact() instanceof Fact.StepSettled settled) {
            if (steps.remove(settled.step()) && suspension.isRequested()) {
                suspension.finished();
            }
        } else if (applied.fact() instanceof Fact.DeadlinePassed deadline) {
            timers.remove(deadline.timer());
        }
        effects.clear();
        if (terminated) {
            calls.applied(applied.fact(), List.of());
            return;
        }
        if (applied.broken() != null) {
            abort(applied.broken());
            return;
        }
        try {
            waiting = applied.waiting();
            if (applied.fact() instanceof Fact.QuestionAnswered answer) {
                questions.close(answer.question(), true);
            } else if (applied.fact() instanceof Fact.Started) {
                started.value(true);
            }
            live.applied(applied.fact(), applied.effects());
            effects.take(applied.effects());
            tracing.record(applied.events(), applied.effects());
            applied.events().forEach(events::emit);
            calls.applied(applied.fact(), applied.events());
        } catch (Throwable broken) {
            abort(broken);
        }
    }

    /** No user code runs in the machine: what it throws is a fault of the library, and subscribers must not wait for ever. */
    private void abort(Throwable why) {
        Throwable broken = RunIdTakenException.orElse(why, runId);
        effects.clear();
        end.forget();
        if (claim != null && started.known() == null) {
            claim.release(); // whoever hears of it may start the run again
        }
        boolean isHeard = started.error(broken);
        try {
            steps.leaveNested();
            questions.closeAll(broken);
            calls.closeAll(broken);
            terminated();
            tracing.brokenDown(broken);
            isHeard |= events.fail(broken);
            outputs.fail(broken);
        } catch (Throwable another) {
            LOG.error("a run that breaks down cannot be cleared away, run={}", runId(), another);
        } finally {
            end.fail(broken, isHeard);
        }
    }

    /** False if the thread was kept and another has taken over. */
    private boolean execute() {
        try {
            return carryOutAll() && (!suspension.suspendIfDue() || carryOutAll());
        } catch (Throwable broken) { // the stack may end anywhere
            abort(broken);
            return tracing.report(others);
        }
    }

    private boolean carryOutAll() {
        if (!tracing.report(others)) {
            return false;
        }
        if (!effects.execute()) {
            return false;
        }
        tracing.stopEnded();
        if (!tracing.report(others)) {
            return false;
        }
        end.emitFinished(); // after the end of its observation, whose handlers may have kept a thread
        return true;
    }

    private void startLater(Effect.StartStep start) {
        perform(() -> effects.take(terminated ? List.of() : List.of(start)));
    }

    private void finish(Effect.Finish finish) {
        terminated();
        tracing.finished(finish.status(), finish.failure(), end.finish(finish));
    }

    private void terminated() {
        terminated = true;
        suspension.over();
        steps.close();
        timers.cancelAll();
        if (recorder != null) {
            recorder.abandon();
        }
        questions.closeAll();
    }
}
