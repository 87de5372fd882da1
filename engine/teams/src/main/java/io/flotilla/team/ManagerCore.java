package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.Usage;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.EngineClock;
import io.flotilla.step.FailureMode;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Sinks;

/**
 * The lock and the counts of a manager. The lock is held for a look at the workers, and never while code of the user's runs. A
 * task is in one place at any moment: in the queue, at a worker, or over.
 *
 * <pre>
 * submitted --&gt; refused
 *           --&gt; queued --&gt; at a worker --&gt; completed, failed, cancelled
 *                      &lt;-- (failed, with attempts left)
 *                      --&gt; cancelled, rejected
 * </pre>
 */
final class ManagerCore<I, O> {

    private static final Logger LOG = LoggerFactory.getLogger(Manager.class);

    final ManagerSettings<I, O> settings;
    final EngineClock clock;
    private final StepEngine engine;
    private final String runId;
    private final Feed<ManagerEvent> events = new Feed<>();
    private final Sinks.Empty<Void> finished = Sinks.empty();

    // --- guarded by this

    private final Staff<I, O> staff = new Staff<>();
    private final TaskQueue<I, O> queue = new TaskQueue<>();
    private final Set<Attempt<I, O>> attempts = new HashSet<>();
    private long submitted;
    private long uses;
    private long accepted;
    private long completed;
    private long failed;
    private long cancelled;
    private long rejected;
    private long refused;
    private long reassigned;

    /** The tasks that workers are at, and those whose end is being decided. */
    private int running;

    private boolean closed;
    private boolean isFinished;
    private @Nullable Disposable grace;

    ManagerCore(ManagerSettings<I, O> settings) {
        this.settings = settings;
        EngineAccess access = EngineAccess.of(settings.engine);
        this.clock = access.clock();
        this.runId = access.newRunId();
        StepEngine isolating = settings.engine.withFailureMode(FailureMode.ISOLATE);
        this.engine = settings.attemptTimeout == null ? isolating : isolating.withRoundTimeout(settings.attemptTimeout);
        settings.workers.values().forEach(each -> put(new WorkerState<>(each, clock)));
    }

    Feed<ManagerEvent> events() {
        return events;
    }

    Instant now() {
        return clock.now();
    }

    // --- joining and leaving

    /** Under the lock. */
    private boolean put(WorkerState<I, O> worker) {
        if (!staff.join(worker)) {
            return false;
        }
        queue.join(worker);
        return true;
    }

    void join(Worker<I, O> worker) {
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("manager " + settings.id + " is closed");
            }
            if (!put(new WorkerState<>(worker, clock))) {
                throw ManagerSettings.duplicate(worker.id());
            }
        }
        events.tell(new ManagerEvent.WorkerJoined(worker.id()));
        dispatch();
    }

    Mono<Void> leave(AgentId id, Duration within) {
        Departure<I, O> departure;
        List<Task<I, O>> stranded = List.of();
        synchronized (this) {
            WorkerState<I, O> worker = staff.leave(id);
            departure = worker == null ? staff.leaving(id) : new Departure<>(this, worker);
            if (worker != null) {
                worker.departure = departure;
                queue.leave(worker);
                stranded = strand();
                leaveIfDone(worker);
            }
        }
        reject(stranded);
        finishIfDone();
        return departure == null ? Mono.error(new UnknownWorkerException(settings.id, id)) : departure.within(within);
    }

    /** Under the lock. */
    private void leaveIfDone(WorkerState<I, O> worker) {
        if (worker.departure != null && worker.running == 0) {
            staff.left(worker);
            worker.departure.done();
        }
    }

    @SuppressWarnings("ReferenceEquality") // there is one of each worker
    synchronized List<Attempt<I, O>> attemptsOf(WorkerState<I, O> worker) {
        return attempts.stream().filter(each -> each.worker == worker).toList();
    }

    /** Its worker leaves, and its step has been cancelled: it waits for another one, and that attempt does not count. */
    void giveBack(Attempt<I, O> attempt) {
        Task<I, O> task = attempt.task;
        int number;
        List<Task<I, O>> stranded;
        boolean goesOn;
        synchronized (this) {
            if (!release(attempt) || task.isOver) {
                return; // it had ended
            }
            number = task.tried.size();
            task.tried.remove(number - 1);
            requeue(task);
            stranded = strand();
            goesOn = !task.isOver;
            reassigned += goesOn ? 1 : 0;
        }
        if (goesOn) {
            events.tell(new ManagerEvent.TaskReassigned(attempt.worker.worker.id(), number, null));
        }
        dispatch();
        reject(stranded);
        finishIfDone();
    }

    // --- in

    void submit(I input, String capability, @Nullable StepContext above, MonoSink<StepResult<O>> sink) {
        Task<I, O> task;
        TaskRejectedException refusal;
        synchronized (this) {
            task = newTask(input, capability, above, sink);
            refusal = refusal(capability);
            if (refusal == null) {
                accepted++;
                queue.add(task);
            } else {
                refused++;
            }
        }
        if (refusal != null) {
            sink.success(rejection(refusal));
            return;
        }
        sink.onCancel(() -> cancel(task));
        dispatch();
    }

    /** Under the lock. */
    private Task<I, O> newTask(I input, String capability, @Nullable StepContext above, MonoSink<StepResult<O>> sink) {
        long number = submitted++;
        List<AgentId> path = new ArrayList<>(above == null ? List.of() : above.delegationPath());
        path.add(settings.id);
        String key = above == null ? runId + "/#" + number : above.idempotencyKey();
        return new Task<>(number, input, capability, sink, above, List.copyOf(path), key);
    }

    /** Under the lock. */
    private @Nullable TaskRejectedException refusal(String capability) {
        if (closed) {
            return rejected(TaskRejectedException.Reason.CLOSED, "it is closed");
        }
        if (!queue.isAnyCapable(capability)) {
            return noCapableWorker(capability);
        }
        return queue.size() >= settings.maxQueued && !queue.isRoomFor(capability)
                ? rejected(TaskRejectedException.Reason.QUEUE_FULL, queue.size() + " tasks wait, and no more may")
                : null;
    }

    private TaskRejectedException noCapableWorker(String capability) {
        return rejected(
                TaskRejectedException.Reason.NO_CAPABLE_WORKER, "no worker is capable of \"" + capability + "\"");
    }

    TaskRejectedException rejected(TaskRejectedException.Reason reason, String message) {
        return new TaskRejectedException(settings.id, reason, message);
    }

    StepResult<O> rejection(TaskRejectedException cause) {
        return new StepResult.Rejected<>(settings.id, 0, 0, now(), 0, Manager.GUARD, null, cause, Usage.NONE);
    }

    // --- to workers

    /** With a health function, which may keep its thread, on a thread of its own. */
    private void dispatch() {
        if (settings.health == null) {
            startAll();
        } else {
            clock.schedule(Duration.ZERO, this::startAll);
        }
    }

    private void startAll() {
        while (true) {
            Attempt<I, O> next;
            synchronized (this) {
                TaskQueue.Match<I, O> match = queue.size() == 0 ? null : queue.first();
                if (match == null) {
                    return;
                }
                next = reserve(match.task(), match.worker());
            }
            WorkerHealth health = settings.health;
            if (health == null) {
                start(next);
            } else {
                AgentId id = next.worker.worker.id();
                TimedCall.decide(
                        clock, () -> health.isHealthy(id), thrown -> false, healthy -> startIfWell(next, healthy));
            }
        }
    }

    /** Under the lock. */
    private Attempt<I, O> reserve(Task<I, O> task, WorkerState<I, O> worker) {
        queue.remove(task);
        Attempt<I, O> attempt = new Attempt<>(this, task, worker);
        attempt.incarnation.use();
        attempts.add(attempt);
        task.attempt = attempt;
        task.tried.add(worker);
        worker.running++;
        worker.lastUsed = ++uses;
        running++;
        return attempt;
    }

    private void start(Attempt<I, O> attempt) {
        clock.schedule(Duration.ZERO, () -> attempt.start(engine, settings.attemptTimeout != null));
    }

    private void startIfWell(Attempt<I, O> attempt, boolean healthy) {
        if (healthy) {
            start(attempt);
            return;
        }
        WorkerState<I, O> worker = attempt.worker;
        synchronized (this) {
            boolean isFirst = !worker.isUnhealthy;
            worker.isUnhealthy = true;
            if (release(attempt)) {
                attempt.task.tried.remove(attempt.task.tried.size() - 1);
                requeue(attempt.task);
            }
            if (isFirst && worker.departure == null) {
                worker.recheck = clock.schedule(settings.healthInterval, () -> askAgain(worker));
            }
        }
        startAll(); // another one may be well
        finishIfDone();
    }

    private void askAgain(WorkerState<I, O> worker) {
        synchronized (this) {
            worker.isUnhealthy = false;
        }
        startAll();
    }

    /** Under the lock: its worker is free. False if it was already. */
    private boolean release(Attempt<I, O> attempt) {
        if (attempt.isOver) {
            return false;
        }
        attempt.isOver = true;
        attempts.remove(attempt);
        attempt.incarnation.unuse();
        attempt.worker.running--;
        leaveIfDone(attempt.worker);
        return true;
    }

    /** Under the lock: what was running waits again, for somebody who is capable. */
    private void requeue(Task<I, O> task) {
        task.attempt = null;
        running--;
        queue.add(task);
    }

    // --- the end of a step

    /** The step has ended, on any thread. */
    void ended(Attempt<I, O> attempt, StepResult<O> result) {
        if (!saysSomethingAboutTheWorker(result)) {
            settle(attempt, result, new Directive.Resume(), null);
            return;
        }
        Supervision supervision = attempt.worker.worker.supervision();
        if (supervision.always != null) {
            settle(attempt, result, supervision.always, "as its supervision says");
            return;
        }
        TimedCall.decide(
                clock,
                () -> supervision.decide(result),
                thrown -> new Directive.Escalate(),
                directive -> settle(attempt, result, directive, "as its supervision says"));
    }

    private static boolean saysSomethingAboutTheWorker(StepResult<?> result) {
        return result.isFailure() && result.kind() != StepResult.Kind.REJECTED;
    }

    private void settle(Attempt<I, O> attempt, StepResult<O> result, Directive directive, @Nullable String why) {
        List<ManagerEvent> told = new ArrayList<>();
        List<Task<I, O>> stranded = List.of();
        StepResult<O> answer = null;
        synchronized (this) {
            if (!release(attempt) || attempt.task.isOver) {
                return; // it was cancelled, which continues with the next one
            }
            WorkerState<I, O> worker = attempt.worker;
            Task<I, O> task = attempt.task;
            WorkerEscalatedException escalated = null;
            if (!result.isFailure()) {
                worker.completed++;
            } else if (saysSomethingAboutTheWorker(result)) {
                worker.failed++;
                escalated = new Supervisor<>(this, attempt, result, told).apply(directive, why);
                task.failure = result;
                if (escalated != null) {
                    stranded = strand();
                }
            }
            if (escalated == null && mayGoOn(task, result)) {
                told.add(new ManagerEvent.TaskReassigned(worker.worker.id(), task.tried.size(), result.cause()));
                reassigned++;
                requeue(task);
            } else {
                answer = escalated == null ? task.failedWith(result) : escalation(result, escalated);
                over(task);
                completed += answer.isFailure() ? 0 : 1;
                failed += answer.isFailure() ? 1 : 0;
            }
        }
        told.forEach(events::tell);
        dispatch();
        reject(stranded);
        if (answer != null) {
            attempt.task.sink.success(answer);
        }
        finishIfDone();
    }

    /** Under the lock. */
    private boolean mayGoOn(Task<I, O> task, StepResult<O> result) {
        return result.isFailure() && task.tried.size() < settings.maxAttempts && queue.isAnyCapable(task.capability);
    }

    private StepResult<O> escalation(StepResult<O> result, WorkerEscalatedException cause) {
        return new StepResult.Failed<>(
                result.agentId(),
                result.index(),
                result.attempts(),
                result.startedAt(),
                result.durationNanos(),
                cause,
                result.usage());
    }

    /** Under the lock: of a task that is at a worker. */
    private void over(Task<I, O> task) {
        task.isOver = true;
        task.attempt = null;
        running--;
    }

    /** Under the lock: what nobody is capable of any more leaves the line, to be {@link #reject rejected}. */
    private List<Task<I, O>> strand() {
        List<Task<I, O>> stranded = queue.removeStranded();
        stranded.forEach(each -> each.isOver = true);
        rejected += stranded.size();
        return stranded;
    }

    private void reject(List<Task<I, O>> stranded) {
        stranded.forEach(task -> task.sink.success(rejection(noCapableWorker(task.capability))));
    }

    /** Under the lock: a quarantine ends. */
    void releaseAfter(WorkerState<I, O> worker, Duration time) {
        worker.release = clock.schedule(time, () -> {
            synchronized (this) {
                worker.isQuarantined = false;
            }
            events.tell(new ManagerEvent.WorkerReleased(worker.worker.id()));
            dispatch();
        });
    }

    /** Logs may block. */
    void warn(WorkerEscalatedException escalated) {
        clock.schedule(Duration.ZERO, () -> LOG.warn("manager {}: {}", settings.id, escalated.getMessage()));
    }

    // --- cancelling and closing

    private void cancel(Task<I, O> task) {
        Attempt<I, O> attempt;
        synchronized (this) {
            if (task.isOver) {
                return;
            }
            attempt = task.attempt;
            cancelled++;
            if (attempt == null) {
                task.isOver = true;
                queue.remove(task);
            } else {
                over(task);
            }
        }
        if (attempt != null) {
            stop(attempt);
        }
        finishIfDone();
    }

    private void stop(Attempt<I, O> attempt) {
        attempt.cancel();
        synchronized (this) {
            release(attempt);
        }
        dispatch();
    }

    Sinks.Empty<Void> close(Duration within) {
        synchronized (this) {
            closed = true;
            if (grace == null && !isFinished && !within.isZero()) {
                grace = clock.schedule(within, this::end);
            }
        }
        if (within.isZero()) {
            end();
        }
        finishIfDone();
        return finished;
    }

    /** Ends what is left. */
    void end() {
        List<Task<I, O>> left;
        List<Attempt<I, O>> stopped = new ArrayList<>();
        synchronized (this) {
            closed = true;
            left = queue.removeAll();
            left.forEach(task -> task.isOver = true);
            rejected += left.size();
            for (Attempt<I, O> attempt : attempts) {
                if (!attempt.task.isOver) {
                    stopped.add(attempt);
                    over(attempt.task);
                    cancelled++;
                }
            }
        }
        TaskRejectedException cause = rejected(TaskRejectedException.Reason.CLOSED, "it was closed");
        stopped.forEach(this::stop);
        left.forEach(task -> task.sink.success(rejection(cause)));
        stopped.forEach(attempt -> attempt.task.sink.success(
                new StepResult.Cancelled<>(attempt.worker.worker.id(), 0, 1, now(), 0, cause, Usage.NONE)));
        finishIfDone();
    }

    private void finishIfDone() {
        Disposable armed;
        synchronized (this) {
            if (!closed || isFinished || running > 0 || queue.size() > 0 || !attempts.isEmpty()) {
                return;
            }
            isFinished = true;
            armed = grace;
            staff.end();
        }
        if (armed != null) {
            armed.dispose();
        }
        events.end();
        clock.schedule(Duration.ZERO, finished::tryEmitEmpty);
    }

    // --- looking

    synchronized boolean isClosed() {
        return closed;
    }

    synchronized ManagerStats stats() {
        return new ManagerStats(
                accepted, completed, failed, cancelled, rejected, refused, reassigned, queue.size(), running);
    }

    synchronized List<WorkerStatus> workers() {
        return staff.statuses();
    }
}
