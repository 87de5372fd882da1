package io.flotilla.run;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.agent.UsageLedger;
import io.flotilla.run.machine.Effect;
import io.flotilla.run.machine.Fact;
import io.flotilla.run.machine.Plan;
import io.flotilla.run.machine.Replay;
import io.flotilla.run.machine.RunMachine;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.StepDriver;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepIdentity;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.util.concurrent.Queues;
import reactor.util.context.Context;

/**
 * What is around the machine of a run: brings it facts from whatever thread they come, and carries its effects out with the
 * step engine.
 *
 * <p>Facts are queued, and one thread at a time works them off ({@link #wip}): applies one, tells its events, carries out
 * its effects in order, and only then takes the next. So an agent that ends while it is being called does not nest, and
 * nobody ever sees the machine half-way. Whoever brings a fact while nobody works becomes the one who does.
 *
 * <p>An effect may call an agent, or its cancel handlers, that keep the thread. The step engine notices ({@link #resume}), and another thread goes on
 * with the effects that are left; the one that was kept does nothing more. What the worker touches is therefore in fields.
 */
final class RunLoop<O> implements StepDriver.Listener<Decision> {

    private static final Logger LOG = LoggerFactory.getLogger(Run.class);

    private final RunMachine machine;
    private final @Nullable FactRecorder recorder;
    private final Redaction redaction;
    private final Map<String, Agent<Turn, Decision>> agents;
    private final StepDriver<Turn, Decision> driver;
    private final RunScope scope;
    private final Tracing tracing;
    private final EventLog events;
    private final Outlet<RunResult<O>> result = new Outlet<>();
    private final PendingQuestions questions = new PendingQuestions();
    private final Instant startedAt;
    private final long startedNanos;

    /** As many facts as there are steps in flight, timers and calls of users; never more. */
    private final Queue<Fact> facts = Queues.<Fact>unboundedMultiproducer().get();

    /** How many facts have not been done with; whoever raises it from 0 works until it is 0 again. */
    private final AtomicInteger wip = new AtomicInteger();

    private volatile int waiting;

    /** The steps that were started and have not ended, by number. Whoever takes one out is the one to cancel it. */
    private final Map<Long, StepDriver.Prepared> inFlight = new ConcurrentHashMap<>();

    /** Nobody wants the run any more, whether the machine knows or not: no agent is called. */
    private volatile boolean cancelled;

    /** How long it took, if it had ended before. */
    private @Nullable Duration recordedDuration;

    /** The run has ended, or broken down: what comes now is too late. */
    private boolean terminated;

    private final Runnable others = this::resume;

    // Touched by the one who works only.
    private @Nullable RunResult<O> finishing;
    private List<Effect> effects = List.of();
    private int nextEffect;
    private final Map<Long, Disposable> timers = new HashMap<>();

    /** What all steps of a run have in common; does not hold on to the run. */
    private record RunScope(String runId, @Nullable Instant deadline, UsageLedger usage) {}

    /** The identity that travels with a step. */
    private record RunStep(RunScope scope, Effect.StartStep start) implements StepIdentity {

        @Override
        public String runId() {
            return scope.runId;
        }

        @Override
        public String branchPath() {
            return start.branch().toString();
        }

        @Override
        public long stepNumber() {
            return start.number();
        }

        @Override
        public @Nullable Instant deadline() {
            return scope.deadline;
        }

        @Override
        public List<AgentId> delegationPath() {
            return start.delegationPath().stream().map(AgentId::of).toList();
        }

        @Override
        public UsageLedger usage() {
            return scope.usage;
        }
    }

    /** A run, with its past if it has one, which is not to be used by anybody else from now on. */
    RunLoop(Setup setup, Context context, @Nullable Replay replay) {
        this.agents = setup.agents();
        this.redaction = new Redaction(EngineAccess.of(setup.engine()).redactor(), setup.plan());
        UsageLedger usage = new UsageLedger();
        this.driver = EngineAccess.of(setup.engine()).driver(this, usage);
        Instant now = read(driver.clock()::now);
        this.startedAt = replay == null ? now : replay.startedAt(now);
        this.startedNanos = read(driver.clock()::nanoTime)
                - Duration.between(startedAt, now).toNanos();
        this.machine = replay == null ? new RunMachine(setup.plan()) : replay.machine();
        usage.record(replay == null ? Usage.NONE : replay.used());
        String runId = replay == null ? driver.runId() : replay.runId();
        this.recorder = setup.recording() == null
                ? null
                : new FactRecorder(setup.recording(), runId, machine, driver.clock(), replay);
        Duration limit = setup.plan().limits().maxTime();
        this.scope = new RunScope(runId, limit == null ? null : startedAt.plus(limit), usage);
        this.tracing = new Tracing(driver, runId, context);
        this.events = new EventLog(setup.eventHistory(), driver.listeners());
    }

    /**
     * What a workflow gives all its runs.
     *
     * @param agents by name
     */
    record Setup(
            Plan plan,
            Map<String, Agent<Turn, Decision>> agents,
            StepEngine engine,
            int eventHistory,
            FactRecorder.@Nullable Recording recording) {}

    /** A clock that throws ends the run before it has begun. */
    private <T> T read(Supplier<T> time) {
        try {
            return time.get();
        } catch (Throwable noTime) {
            driver.close();
            throw noTime;
        }
    }

    void start(Object task) {
        offer(new Fact.Started(startedAt, task));
    }

    /** Goes on where the past has left off. */
    void recover(Replay replay) {
        wip.set(1); // nobody else works before this is done
        replay.events().forEach(events::emit);
        replay.liveBranches().forEach(tracing::record);
        recordedDuration = replay.duration();
        effects = replay.outstandingEffects(now());
        open(effects);
        resume();
    }

    String runId() {
        return scope.runId();
    }

    Mono<RunResult<O>> result() {
        return result.mono();
    }

    Flux<RunEvent> events() {
        return events.events();
    }

    void pause() {
        offer(new Fact.Paused(now()));
    }

    void resumeRun() {
        offer(new Fact.Resumed(now()));
    }

    void cancel() {
        cancelled = true;
        offer(new Fact.Cancelled(now()));
        if (recorder != null) {
            cancelUnrecorded();
        }
    }

    /** The journal may take its time to record the cancel, or all time; the steps do not wait for it. The last goes first. */
    private void cancelUnrecorded() {
        List<Long> steps = new ArrayList<>(inFlight.keySet());
        steps.sort(Comparator.reverseOrder());
        for (Long number : steps) {
            StepDriver.Prepared step = inFlight.remove(number);
            if (step != null) {
                step.cancel();
            }
        }
    }

    List<PendingQuestion> questions() {
        return questions.list();
    }

    Mono<Boolean> answer(String question, @Nullable Object value) {
        return Mono.create(caller -> {
            if (questions.claim(question, caller)) {
                offer(new Fact.QuestionAnswered(now(), question, value));
            } else {
                caller.success(false);
            }
        });
    }

    /** The question is open no more; who is answering it is too late. */
    private void withdraw(String question) {
        told(questions.close(question), false);
    }

    private void told(@Nullable MonoSink<Boolean> caller, boolean taken) {
        if (caller != null) {
            guarded(() -> caller.success(taken));
        }
    }

    private void told(@Nullable MonoSink<Boolean> caller, Throwable why) {
        if (caller != null) {
            guarded(() -> caller.error(why));
        }
    }

    /** What a subscriber throws is no business of the run. */
    private static void guarded(Runnable signal) {
        try {
            signal.run();
        } catch (Throwable thrown) {
            LOG.debug("a subscriber to an answer throws", thrown);
        }
    }

    // --- facts

    @Override
    public void settled(StepIdentity identity, StepResult<Decision> settled) {
        StepResult.Kind kind = settled.kind();
        Decision decision = null;
        Throwable cause = null;
        try {
            cause = kind.isFailure() ? redaction.readOnce(settled.cause()) : null;
            decision = redaction.readable(decisionOf((RunStep) identity, settled));
        } catch (Throwable thrown) { // a guard's or a fallback's value that is none, a redactor that throws
            kind = StepResult.Kind.FAILED;
            cause = redaction.readOnce(thrown);
        }
        offer(new Fact.StepSettled(
                now(),
                ((RunStep) identity).start().step(),
                decision,
                kind.isFailure() ? kind : null,
                cause,
                scope.usage().total(),
                settled.attempts(),
                kind == StepResult.Kind.DEGRADED));
    }

    /** Types are erased where steps are guarded: what comes out of them may be anything. */
    private @Nullable Decision decisionOf(RunStep step, StepResult<?> settled) {
        Object value = settled.value();
        return value == null ? null : NodeAgent.decision(step.start().agent(), value);
    }

    /** A clock of the user's that throws must not take a fact with it. */
    private Instant now() {
        try {
            return driver.clock().now();
        } catch (Throwable noTime) {
            return startedAt;
        }
    }

    private void offer(Fact fact) {
        facts.offer(fact);
        if (wip.getAndIncrement() == 0) {
            drain();
        }
    }

    private void drain() {
        do {
            Applied applied = next();
            if (applied == null) {
                return; // the journal's thread has somebody go on
            }
            take(applied);
            if (!execute()) {
                return; // another thread goes on
            }
        } while (wip.decrementAndGet() != 0);
    }

    /** The next fact, in the journal if there is one; null if it is not in there yet. */
    private @Nullable Applied next() {
        if (recorder == null) {
            return Applied.by(machine, facts.remove());
        }
        Applied durable = recorder.poll();
        if (durable != null) {
            return durable;
        }
        if (!terminated) {
            try {
                return recorder.write(facts, wip::get, this::written) ? recorder.poll() : null;
            } catch (Throwable notWritten) {
                abort(Exceptions.unwrap(notWritten));
                durable = recorder.poll();
            }
        }
        if (durable != null) {
            return durable;
        }
        Fact late = facts.poll(); // too late for anybody, the journal too
        return late == null ? null : Applied.tooLate(late);
    }

    /** The journal cannot have this fact. An answer is given back; without any other fact the run cannot go on. */
    private void refuse(Fact fact, Throwable why) {
        nextEffect = 0;
        effects = List.of();
        if (terminated) {
            return;
        }
        if (fact instanceof Fact.QuestionAnswered answer) {
            MonoSink<Boolean> caller = questions.answering(answer.question());
            Long timer = questions.reopen(answer.question());
            if (timer != null) {
                offer(new Fact.DeadlinePassed(now(), timer));
            }
            told(caller, why);
        } else if (!(fact instanceof Fact.StepSettled settled) || isWanted(settled.step())) {
            abort(why);
        }
    }

    /** Not if it has been cancelled meanwhile. */
    private boolean isWanted(long step) {
        inFlight.remove(step);
        return machine.isAwaited(step);
    }

    /** On the journal's thread, which is not to be kept. */
    private void written(@Nullable Throwable failure) {
        onWorker(() -> {
            if (failure != null) {
                abort(failure);
            }
            drain();
        });
    }

    private void onWorker(Runnable task) {
        try {
            driver.clock().schedule(Duration.ZERO, task);
        } catch (Throwable noWorker) {
            task.run();
        }
    }

    @Override
    public void resume() {
        if (execute() && wip.decrementAndGet() != 0) {
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
            inFlight.remove(settled.step());
        } else if (applied.fact() instanceof Fact.DeadlinePassed deadline) {
            timers.remove(deadline.timer());
        }
        nextEffect = 0;
        effects = List.of();
        if (terminated) {
            return;
        }
        if (applied.broken() != null) {
            abort(applied.broken());
            return;
        }
        try {
            effects = applied.effects();
            if (applied.fact() instanceof Fact.QuestionAnswered answer) {
                told(questions.close(answer.question()), true);
            }
            open(effects);
            for (RunEvent event : applied.events()) {
                tracing.record(event);
                events.emit(event);
            }
        } catch (Throwable broken) {
            abort(broken);
        }
    }

    /** Nothing of the user's runs in the machine: whatever it throws is ours, and nobody is to wait for an end. */
    private void abort(Throwable broken) {
        effects = List.of();
        nextEffect = 0;
        finishing = null;
        try {
            questions.closeAll().forEach(caller -> told(caller, broken));
            terminated();
            tracing.finished(RunResult.Status.FAILED, broken);
            events.fail(broken);
        } catch (Throwable another) {
            LOG.error("a run that breaks down cannot be cleared away, run={}", runId(), another);
        } finally {
            result.error(broken);
        }
    }

    // --- effects

    /** False if the thread was kept and another has taken over. */
    private boolean execute() {
        try {
            return carryOutAll();
        } catch (Throwable broken) { // the stack may end anywhere
            abort(broken);
            return tracing.tell(others);
        }
    }

    private boolean carryOutAll() {
        if (!tracing.tell(others)) {
            return false;
        }
        while (nextEffect < effects.size()) {
            Effect effect = effects.get(nextEffect);
            nextEffect++;
            if (effect instanceof Effect.StartStep start) {
                if (!start(start)) {
                    return false;
                }
            } else if (effect instanceof Effect.CancelStep cancel) {
                if (!cancel(cancel)) {
                    return false;
                }
            } else {
                execute(effect);
            }
        }
        tracing.stopEnded();
        if (!tracing.tell(others)) {
            return false;
        }
        RunResult<O> finished = finishing;
        if (finished != null) {
            finishing = null;
            conclude(finished);
        }
        return true;
    }

    private void execute(Effect effect) {
        if (effect instanceof Effect.StartTimer timer) {
            startTimer(timer);
        } else if (effect instanceof Effect.CancelTimer timer) {
            Disposable running = timers.remove(timer.timer());
            if (running != null) {
                stop(running);
            }
        } else if (effect instanceof Effect.CloseQuestion close) {
            withdraw(close.question());
        } else if (effect instanceof Effect.Finish finish) {
            finish(finish);
        }
    }

    private boolean start(Effect.StartStep start) {
        RunStep identity = new RunStep(scope, start);
        StepDriver.Prepared step;
        try {
            step = driver.prepare(agent(start), start.turn(), start.step(), identity, tracing.context(start.branch()));
        } catch (Throwable noTime) { // a clock or timer of the user's that throws
            offer(new Fact.StepSettled(
                    now(),
                    start.step(),
                    null,
                    StepResult.Kind.FAILED,
                    redaction.readOnce(noTime),
                    scope.usage().total()));
            return true;
        }
        inFlight.put(start.step(), step);
        if (cancelled && recorder != null) {
            return true; // its end is not waited for: the cancel is on its way into the journal
        }
        return driver.start(step);
    }

    private Agent<Turn, Decision> agent(Effect.StartStep start) {
        return Objects.requireNonNull(agents.get(start.agent()), start.agent());
    }

    private boolean cancel(Effect.CancelStep cancel) {
        StepDriver.Prepared step = inFlight.remove(cancel.step());
        return step == null || driver.cancel(step);
    }

    /** Before anybody can hear of them: an answer may come as fast as the event that tells of the question. */
    private void open(List<Effect> asked) {
        for (Effect effect : asked) {
            if (effect instanceof Effect.Ask ask) {
                questions.open(ask.question());
            }
        }
    }

    private void startTimer(Effect.StartTimer timer) {
        try {
            timers.put(timer.timer(), driver.clock().schedule(timer.delay(), () -> timerFired(timer)));
        } catch (Throwable noTimer) { // a deadline that cannot be kept is one that has passed
            timerFired(timer);
        }
    }

    private void timerFired(Effect.StartTimer timer) {
        if (timer.question() == null || questions.expire(timer.question(), timer.timer())) {
            offer(new Fact.DeadlinePassed(now(), timer.timer()));
        }
    }

    /** A timer of the user's that throws: what it fires is not asked for any more, so it does not matter. */
    private static void stop(Disposable timer) {
        try {
            timer.dispose();
        } catch (Throwable thrown) {
            LOG.debug("a timer that is not needed any more throws", thrown);
        }
    }

    private void finish(Effect.Finish finish) {
        terminated();
        finishing = result(finish);
        tracing.finished(finish.status(), finish.failure());
    }

    /** The result is told when its observation has ended, or its handlers have kept a thread for it. */
    private void conclude(RunResult<O> finished) {
        if (recorder == null || !recorder.isEndUnrecorded()) {
            ended(finished);
            return;
        }
        // Every fact is in the journal, so the result stands; the note of the end only spares a list the reading.
        try {
            if (recorder.finish(now(), finished.status(), failure -> onWorker(() -> ended(finished)))) {
                ended(finished);
            }
        } catch (Throwable noNote) {
            ended(finished);
        }
    }

    private void ended(RunResult<O> finished) {
        events.complete();
        result.value(finished);
    }

    private RunResult<O> result(Effect.Finish finish) {
        @SuppressWarnings("unchecked") // the machine holds every answer against its type
        List<O> answers = (List<O>) new ArrayList<>(finish.answers());
        Duration duration = recordedDuration == null ? sinceStart() : recordedDuration;
        return new RunResult<>(scope.runId(), finish, answers, scope.usage().total(), startedAt, duration);
    }

    private Duration sinceStart() {
        try {
            return Duration.ofNanos(Math.max(0, driver.clock().nanoTime() - startedNanos));
        } catch (Throwable noTime) {
            return Duration.ZERO;
        }
    }

    private void terminated() {
        terminated = true;
        driver.close();
        timers.values().forEach(RunLoop::stop);
        timers.clear();
        inFlight.clear();
        if (recorder != null) {
            recorder.abandon();
        }
        questions.closeAll().forEach(caller -> told(caller, false));
    }
}
