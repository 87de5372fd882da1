package io.flotilla.run;

import io.flotilla.agent.StepContext;
import reactor.core.publisher.Mono;

/**
 * Finds out whether a step that was in flight when its process died has done its work: by asking the system that it works on
 * for what has the step's {@link StepContext#idempotencyKey()}.
 *
 * <p>It is asked once an attempt, before the agent, when a run is recovered that had started the step and has no end of it. It is
 * guarded and timed as the step's agent is: if it fails, the attempt has failed. Thread-safe.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface Reconciler {

    /** What becomes of a step of which nobody knows. */
    enum WhenUnknown {
        /** The agent is called again. */
        RUN_AGAIN,
        /** The step fails with {@link StepInDoubtException}. */
        FAIL
    }

    /**
     * Finds out what has become of a step.
     *
     * @param turn what its agent was called with
     * @param context the step's, with the key it had
     * @return what has become of it; an empty Mono counts as {@link Reconciliation#unknown()}
     */
    Mono<Reconciliation> reconcile(Turn turn, StepContext context);
}
