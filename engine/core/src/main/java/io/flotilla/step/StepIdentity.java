package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.agent.StepState;
import io.flotilla.agent.UsageLedger;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The identity of a step started through a {@link StepDriver}: what the step's {@link
 * io.flotilla.agent.StepContext} says besides the agent, the attempt and the step timeout.
 *
 * <p>It travels with the step and comes back with its result, so that a result is never matched with another step's
 * identity. Implementations do not change while the step lives, and may be read by any thread.
 *
 * @since 0.1
 */
public interface StepIdentity {

    /**
     * The run the step belongs to.
     *
     * @return see {@link io.flotilla.agent.StepContext#runId()}
     */
    String runId();

    /**
     * Which branch of the run the step is on.
     *
     * @return see {@link io.flotilla.agent.StepContext#branchPath()}
     */
    String branchPath();

    /**
     * Which step of its branch it is.
     *
     * @return a number from 0
     */
    long stepNumber();

    /**
     * Until when the run must end, whatever the step timeout.
     *
     * @return the instant on the engine's clock, or null without a limit
     */
    @Nullable Instant deadline();

    /**
     * The agents that handed the work on to this one.
     *
     * @return see {@link io.flotilla.agent.StepContext#delegationPath()}
     */
    List<AgentId> delegationPath();

    /**
     * Where the usage of all steps is summed up. The step's context has a part of it.
     *
     * @return the ledger of the run
     */
    UsageLedger usage();

    /**
     * Where what the step emits goes.
     *
     * @return the same for all attempts; null, the default, if nobody listens
     */
    default @Nullable StepOutput output() {
        return null;
    }

    /**
     * The state of the run as an attempt of the step sees it. Called once an attempt at most, by any thread, if its body asks for it.
     *
     * @return see {@link io.flotilla.agent.StepContext#state()}; {@link StepState#none()} by default
     */
    default StepState openState() {
        return StepState.none();
    }

    /**
     * An attempt has ended that had asked for the state. Called before the result of the step is known to others; must neither block
     * nor throw.
     *
     * @param state what {@link #openState} has returned
     * @param kept whether the step has ended with the value of this attempt, so that what it has written counts
     */
    default void stateEnded(StepState state, boolean kept) {}
}
