package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.Usage;
import io.flotilla.agent.UsageLedger;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * A task at a worker: one step of the engine. It is the agent that is stepped, and hears how the step ends: one object for all
 * of it, since a manager makes one for each task.
 */
final class Attempt<I, O> implements Agent<I, O>, CoreSubscriber<StepResult<O>> {

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<Attempt, Subscription> STEP =
            AtomicReferenceFieldUpdater.newUpdater(Attempt.class, Subscription.class, "step");

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

    /** To the worker's agent. */
    private final Entry entry = new Entry();

    /** That of the engine's step; the one that Reactor has for it once it is cancelled, or has ended. */
    private volatile @Nullable Subscription step;

    /** Whether the engine counts what the step uses; known before the step starts. */
    private boolean isMeasured;

    /** That of the step, once its agent has been called. */
    private volatile @Nullable StepContext context;

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
        if (isCancelled()) {
            return;
        }
        isMeasured = EngineAccess.of(engine).isMeasured();
        try {
            // A round of one has the time limit of rounds; a step alone has none of that kind, and is cheaper.
            Mono<StepResult<O>> result =
                    isTimed ? engine.<I, O>stream(List.of(this), task.input).single() : engine.step(this, task.input);
            result.subscribe(this);
        } catch (Throwable thrown) {
            onError(thrown);
        }
    }

    @SuppressWarnings("ReferenceEquality") // there is one such object
    private boolean isCancelled() {
        return step == Operators.cancelledSubscription();
    }

    // --- the agent of the step

    @Override
    public AgentId id() {
        return worker.worker.id();
    }

    @Override
    @SuppressWarnings("unchecked") // a Mono of something more special serves as well
    public Mono<O> step(I input, StepContext called) {
        context = called;
        if (!entry.enter()) {
            return Mono.error(new CancellationException("task " + task.key() + " was taken from " + id()));
        }
        try {
            return (Mono<O>) incarnation.agent().step(input, new TaskContext(called, task));
        } finally {
            entry.leave();
        }
    }

    // --- the end of the step

    /** That of who has submitted the task, with its own capability instead of that of a task above. */
    @Override
    public Context currentContext() {
        return Context.of(task.sink.contextView()).put(CAPABILITY, task.capability);
    }

    @Override
    public void onSubscribe(Subscription given) {
        if (STEP.compareAndSet(this, null, given)) {
            given.request(Long.MAX_VALUE);
        } else {
            given.cancel();
        }
    }

    @Override
    public void onNext(StepResult<O> result) {
        if (end() != null) {
            passOn(result.usage());
            core.ended(this, result);
        }
    }

    /** For the one who ends it: its step, if there is one. From then on nobody else does. */
    @SuppressWarnings("ReferenceEquality") // there is one such object
    private @Nullable Subscription end() {
        Subscription before = STEP.getAndSet(this, Operators.cancelledSubscription());
        return before == Operators.cancelledSubscription() ? null : before;
    }

    private void passOn(Usage used) {
        if (task.above != null && !used.equals(Usage.NONE)) {
            try {
                passOn(used, task.above.usage());
            } catch (ArithmeticException full) {
                // More tokens than can be counted: the task itself is as good as without.
            }
        }
    }

    /** What an engine has counted already, this one or one further below, is not counted for the step above. */
    private void passOn(Usage used, UsageLedger above) {
        StepContext called = context;
        if (isMeasured) {
            above.recordNested(used);
        } else if (called == null) { // only interceptors have used something
            above.record(used);
        } else {
            above.recordUnmeasured(called.usage());
        }
    }

    /** A clock or timer of the user's threw. */
    @Override
    public void onError(Throwable cause) {
        if (!isCancelled()) {
            core.ended(this, new StepResult.Failed<>(id(), 0, 1, core.now(), 0, cause, Usage.NONE));
        }
    }

    @Override
    public void onComplete() {
        // its result has come before
    }

    /** From now on its agent is not called. What it has used counts all the same. */
    void cancel() {
        entry.close();
        Subscription before = end();
        if (before != null) {
            before.cancel();
            StepContext called = context;
            if (called != null) {
                passOn(called.usage().ownTotal());
            }
        }
    }

    /** After a cancel: at least once, when no call of its agent is under way any more. */
    void whenLeft(Runnable then) {
        entry.whenEmpty(then);
    }
}
