package io.flotilla.run;

import io.flotilla.AgentId;
import io.flotilla.observe.StepObservationContext;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.StepDriver;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/**
 * A step that is a run of its own, as it is observed: a step like all others, with the nested run inside. Does nothing where nobody
 * observes. Thread-safe.
 */
final class NestedSpan {

    private final StepDriver<?, ?> driver;
    private final Span span;
    private final AtomicBoolean stopped = new AtomicBoolean();

    NestedSpan(StepDriver<?, ?> driver, EngineAccess engine, RunStep step, Context context) {
        this.driver = driver;
        this.span = new Span(context, driver.isObserved() ? observed(engine, step) : null);
    }

    private static StepObservationContext observed(EngineAccess engine, RunStep step) {
        AgentId agent = AgentId.of(step.start().agent());
        return new StepObservationContext(
                engine.boundedAgent(agent.kind()),
                agent,
                step.runId(),
                () -> step.runId() + step.branchPath() + '#' + step.stepNumber());
    }

    /** What the nested run sees. */
    Context context() {
        return span.context();
    }

    /** Calls {@code then} once, on another thread if a handler keeps this one. */
    void start(Runnable then) {
        if (!driver.isObserved()) {
            then.run();
            return;
        }
        report(() -> span.start(driver), then);
    }

    /** As {@link #start}; only the first call stops it. */
    void stop(String outcome, @Nullable Throwable cause, Runnable then) {
        if (driver.isObserved() && stopped.compareAndSet(false, true)) {
            report(() -> span.stop(outcome, cause), then);
        } else {
            then.run();
        }
    }

    private void report(Runnable piece, Runnable then) {
        if (Handover.call(driver.clock(), piece, then)) {
            then.run();
        }
    }
}
