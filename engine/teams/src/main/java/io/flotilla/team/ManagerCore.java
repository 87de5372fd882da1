package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.Usage;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.EngineClock;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
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
    private final Dispatcher<I, O> dispatcher;
    private final List<AgentId> ownPath;
    private final String keyPrefix;
    private final Feed<ManagerEvent> events = new Feed<>();
    private final Sinks.Empty<Void> finished = Sinks.empty();

    // --- guarded by this

    private final Staff<I, O> staff = new Staff<>(this);
    final TaskQueue<I, O> queue = new TaskQueue<>();
    private final Set<Attempt<I, O>> attempts = new LinkedHashSet<>(); // in order: the same in every simulation
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
        this.ownPath = List.of(settings.id);
        this.keyPrefix = access.newRunId() + "/#";
        this.dispatcher = new Dispatcher<>(this, settings);
        settings.workers.values().forEach(staff::put);
    }

    Staff<I, O> staff() {
        return staff;
    }

    Feed<ManagerEvent> events() {
        return events;
    }

    Instant now() {
        return clock.now();
    }

    // --- leaving

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
        Attempt<I, O> attempt = null;
        boolean waits = false;
        synchronized (this) {
            task = newTask(input, capability, above, sink);
            refusal = refusal(capability);
            if (refusal == null) {
                accepted++;
                WorkerState<I, O> worker = queue.workerFor(task);
                if (worker == null) {
                    waits = queue.size() > 0; // else there is nobody for anything that waits
                    queue.add(task);
                } else {
                    attempt = reserve(task, worker);
                }
            } else {
                refused++;
            }
        }
        if (refusal != null) {
            sink.success(rejection(refusal));
            return;
        }
        sink.onCancel(() -> cancel(task));
        if (attempt != null) {
            dispatcher.hand(attempt);
        } else if (waits) {
            dispatch();
        }
    }

    /** Under the lock. */
    private Task<I, O> newTask(I input, String capability, @Nullable StepContext above, MonoSink<StepResult<O>> sink) {
        List<AgentId> path = ownPath;
        if (above != null && !above.delegationPath().isEmpty()) {
            path = Stream.concat(above.delegationPath().stream(), ownPath.stream())
                    .toList();
        }
        return new Task<>(submitted++, input, capability, sink, above, path, keyPrefix);
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

    void dispatch() {
        dispatcher.dispatch();
    }

    /** The next task with its worker; null if there is none, or none for it. */
    synchronized @Nullable Attempt<I, O> reserve() {
        TaskQueue.Match<I, O> match = queue.size() == 0 ? null : queue.first();
        if (match == null) {
            return null;
        }
        queue.remove(match.task());
        return reserve(match.task(), match.worker());
    }

    /** Under the lock. */
    private Attempt<I, O> reserve(Task<I, O> task, WorkerState<I, O> worker) {
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

    /** Its worker is not well: the task waits for another one, and the worker is asked about again later. */
    void unwell(Attempt<I, O> attempt) {
        WorkerState<I, O> worker = attempt.worker;
        synchronized (this) {
            boolean isFirst = !worker.isUnhealthy;
            worker.isUnhealthy = true;
            if (release(attempt) && !attempt.task.isOver) { // else it was cancelled in the meantime
                attempt.task.tried.remove(attempt.task.tried.size() - 1);
                requeue(attempt.task);
            }
            if (isFirst && worker.departure == null) {
                worker.recheck = clock.schedule(settings.healthInterval, () -> askAgain(worker));
            }
        }
        finishIfDone();
    }

    private void askAgain(WorkerState<I, O> worker) {
        synchronized (this) {
            worker.isUnhealthy = false;
        }
        dispatch();
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
        staff.leaveIfDone(attempt.worker);
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
        List<ManagerEvent> told = result.isFailure() ? new ArrayList<>() : List.of();
        List<Task<I, O>> stranded = List.of();
        StepResult<O> answer = null;
        boolean waits;
        boolean ends;
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
            waits = queue.size() > 0;
            ends = closed;
        }
        told.forEach(events::tell);
        if (waits) {
            dispatch();
        }
        reject(stranded);
        if (answer != null) {
            attempt.task.sink.success(answer);
        }
        if (ends) {
            finishIfDone();
        }
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
    List<Task<I, O>> strand() {
        List<Task<I, O>> stranded = queue.removeStranded();
        stranded.forEach(each -> each.isOver = true);
        rejected += stranded.size();
        return stranded;
    }

    void reject(List<Task<I, O>> stranded) {
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

    void finishIfDone() {
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
