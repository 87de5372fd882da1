package io.flotilla.run;

import io.flotilla.agent.StepContext;
import reactor.core.publisher.Mono;

/**
 * Undoes what a step of an agent has done outside, when the run it belongs to does not succeed. See {@link
 * Workflow.Builder#compensate}.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface Compensation {

    /**
     * Undoes a step. Called once for each settled step of the agent, up to four times if it fails, and again after a restart that
     * came before its end was recorded: it must be idempotent, as steps are.
     *
     * <p>It is a step itself, with the engine's timeouts, guards and observations. Its {@link StepContext#idempotencyKey()} is a key of
     * its own, the same at every call; {@link CompensatedStep#idempotencyKey()} is that of the step to undo.
     *
     * @param step what is to be undone
     * @param context of the compensation
     * @return ends when it is undone, its value does not matter; an error if it cannot be
     */
    Mono<?> undo(CompensatedStep step, StepContext context);
}
