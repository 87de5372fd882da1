package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.agent.StepContext;
import io.flotilla.step.StepResult;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.MonoSink;

/** A task of a manager, and who waits for its result. What is not final is guarded by the manager. */
final class Task<I, O> {

    final long number;
    final I input;
    final String capability;
    final MonoSink<StepResult<O>> sink;

    /** The step of the manager above that this task is; null for none. */
    final @Nullable StepContext above;

    final List<AgentId> path;

    /** What all keys of its manager begin with. */
    private final String keyPrefix;

    /** Whom it was given to, in order; mostly one. */
    final List<WorkerState<I, O>> tried = new ArrayList<>(1);

    /** While a worker has it. */
    @Nullable Attempt<I, O> attempt;

    /** Of the attempts so far, the last that says something about a worker. */
    @Nullable StepResult<O> failure;

    boolean isOver;

    Task(
            long number,
            I input,
            String capability,
            MonoSink<StepResult<O>> sink,
            @Nullable StepContext above,
            List<AgentId> path,
            String keyPrefix) {
        this.number = number;
        this.input = input;
        this.capability = capability;
        this.sink = sink;
        this.above = above;
        this.path = path;
        this.keyPrefix = keyPrefix;
    }

    /** The same for whoever tries it; that of the step above, if there is one. */
    String key() {
        return above == null ? keyPrefix + number : above.idempotencyKey();
    }

    @SuppressWarnings("ReferenceEquality") // there is one of each worker
    int timesTried(WorkerState<I, O> worker) {
        int times = 0;
        for (WorkerState<I, O> each : tried) {
            times += each == worker ? 1 : 0;
        }
        return times;
    }

    @SuppressWarnings("ReferenceEquality")
    boolean wasLastAt(WorkerState<I, O> worker) {
        return !tried.isEmpty() && tried.get(tried.size() - 1) == worker;
    }

    /** A refusal by a guard does not hide why a worker failed before. */
    StepResult<O> failedWith(StepResult<O> result) {
        StepResult<O> before = failure;
        return result.kind() == StepResult.Kind.REJECTED && before != null ? before : result;
    }
}
