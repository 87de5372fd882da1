package io.flotilla.team;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.Usage;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import java.util.List;
import java.util.concurrent.CancellationException;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/** A task at a worker: one step of the engine. */
final class Attempt<I, O> {

    /** Where the agent of a manager below finds what the task needs. */
    static final Object CAPABILITY = new Object() {
        @Override
        public String toString() {
            return "flotilla.capability";
        }
    };

    final Task<I, O> task;
    final WorkerState<I, O> worker;
    final Incarnation<I, O> incarnation;
    private final ManagerCore<I, O> core;
    private final Disposable.Swap step = Disposables.swap();

    /** To the worker's agent. */
    private final Entry entry = new Entry();

    /** Guarded by the manager: its worker is free again. */
    boolean isOver;

    Attempt(ManagerCore<I, O> core, Task<I, O> task, WorkerState<I, O> worker) {
        this.core = core;
        this.task = task;
        this.worker = worker;
        this.incarnation = worker.incarnation;
    }

    /** On a thread that code of the user's may keep. */
    void start(StepEngine engine, boolean isTimed) {
        if (step.isDisposed()) {
            return;
        }
        Agent<I, O> agent = Agent.of(worker.worker.id(), this::call);
        // A round of one has the time limit of rounds; a step alone has none of that kind, and is cheaper.
        Mono<StepResult<O>> result =
                isTimed ? engine.<I, O>stream(List.of(agent), task.input).single() : engine.step(agent, task.input);
        step.update(result.contextWrite(
                        context -> context.put(CAPABILITY, task.capability)) // instead of that of the task above
                .contextWrite(task.sink.contextView())
                .subscribe(this::ended, this::broke));
    }

    @SuppressWarnings("unchecked") // a Mono of something more special serves as well
    private Mono<O> call(I input, StepContext context) {
        if (!entry.enter()) {
            return Mono.error(new CancellationException("task " + task.key + " was taken from " + worker.worker.id()));
        }
        try {
            return (Mono<O>) incarnation.agent().step(input, new TaskContext(context, task));
        } finally {
            entry.leave();
        }
    }

    private void ended(StepResult<O> result) {
        if (task.above != null && !result.usage().equals(Usage.NONE)) {
            try {
                task.above.usage().record(result.usage());
            } catch (ArithmeticException full) {
                // More tokens than can be counted: the task itself is as good as without.
            }
        }
        core.ended(this, result);
    }

    /** A clock or timer of the user's threw. */
    private void broke(Throwable cause) {
        core.ended(this, new StepResult.Failed<>(worker.worker.id(), 0, 1, core.now(), 0, cause, Usage.NONE));
    }

    /** From now on its agent is not called. */
    void cancel() {
        entry.close();
        step.dispose();
    }

    /** After a cancel: at least once, when no call of its agent is under way any more. */
    void whenLeft(Runnable then) {
        entry.whenEmpty(then);
    }
}
