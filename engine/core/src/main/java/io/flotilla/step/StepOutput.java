package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.Experimental;

/**
 * Where what a step emits goes, see {@link StepIdentity#output()}. Called by any thread, several at the same time; must neither
 * block nor throw.
 *
 * @since 0.1
 */
@Experimental
public interface StepOutput {

    /**
     * The body is about to be called: what was emitted before is void.
     *
     * @param attempt the number of the attempt, from 1; a fallback has that of the last attempt before it
     * @param called the agent that is called: the step's own, or a fallback
     */
    void attemptStarted(int attempt, AgentId called);

    /**
     * The attempt has emitted something.
     *
     * @param value not null; redacted
     * @return false if the step has ended: the value is counted as ignored
     */
    boolean emitted(Object value);

    /**
     * The step has ended. Called before its result is known to others, and if it was cancelled, too.
     *
     * @param kind how; {@link StepResult.Kind#CANCELLED} also if it has no result because its round or run cancelled it
     */
    void ended(StepResult.Kind kind);
}
