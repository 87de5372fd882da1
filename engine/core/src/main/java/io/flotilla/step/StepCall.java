package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;

/**
 * A step as an interceptor sees it: who is called, with what, and a place to say that a fallback has stood in.
 *
 * <p>Thread-safe.
 *
 * @param <I> the input of the step
 * @param <O> the value of the step
 */
public interface StepCall<I, O> {

    /**
     * The agent the engine was given.
     *
     * @return whose step it is
     */
    Agent<? super I, ? extends O> agent();

    /**
     * What the agent is called with.
     *
     * @return the input of the step
     */
    I input();

    /**
     * The step's context, as its first attempt has it.
     *
     * @return the context
     */
    StepContext context();

    /**
     * Says that the value about to be emitted is not the agent's own: if the step now succeeds, its result is {@link
     * StepResult.Degraded}. The last call counts; after the step has ended, none does.
     *
     * @param source where the value is from, such as another agent's id
     * @param cause why the agent's own answer is missing; if an attempt has failed, the result has that first cause
     *     instead
     * @throws NullPointerException if an argument is null
     */
    void degraded(String source, Throwable cause);
}
