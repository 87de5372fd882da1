package io.flotilla.agent;

import io.flotilla.AgentId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Describes the step that an agent is called for.
 *
 * <p>It is passed with the step and nowhere else: not in a field of a shared object, not in a thread-local variable. So
 * two steps of one agent, however their threads interleave, cannot read each other's identity. It may be kept and read
 * after the step has ended; it does not change.
 *
 * <p>Immutable, but for what is written into {@link #usage()}, which is thread-safe.
 *
 * @since 0.1
 */
public interface StepContext {

    /**
     * The run or round this step belongs to.
     *
     * @return an id with 96 random bits, which no other run has; printable ASCII without spaces
     */
    String runId();

    /**
     * Which branch of the run the step is on.
     *
     * @return a path of numbers, {@code /0.2/1.0/}: for every fork on the way its number and the index in it; {@code /}
     *     outside every fork, as in a round of an engine
     */
    String branchPath();

    /**
     * Which step of its branch this is; in a round the index of the result.
     *
     * @return a number from 0
     */
    long stepNumber();

    /**
     * The step's id: run id, branch path and step number, {@code 3f2a9c017be0d4418c52e6aa-7/#12}.
     *
     * @return the same for every attempt; printable ASCII without spaces
     */
    default String stepId() {
        return runId() + branchPath() + '#' + stepNumber();
    }

    /**
     * The key to make the step's effects idempotent with: hand it to whatever must not do the same work twice.
     *
     * @return the same for every attempt, and again after the run has been resumed; printable ASCII without spaces
     */
    default String idempotencyKey() {
        return stepId();
    }

    /**
     * The agent of this step.
     *
     * @return the id of the agent that was called
     */
    AgentId agentId();

    /**
     * The number of this attempt, from 1.
     *
     * @return 1 for the first
     */
    int attempt();

    /**
     * Until when the step must end; then it is cancelled.
     *
     * @return the instant on the engine's clock, or null if the step has no limit
     */
    @Nullable Instant deadline();

    /**
     * The agents that handed the work on to this one, the first one first.
     *
     * @return the agents before this one, without itself; empty in a round
     */
    List<AgentId> delegationPath();

    /**
     * Where the agent writes what the step has used. The step's result has the {@link UsageLedger#ownTotal()} of it, the
     * report of a round its {@link UsageLedger#total()}.
     *
     * @return the step's ledger, the same for every attempt; a part of that of the whole run or round
     */
    UsageLedger usage();

    /**
     * A context outside every engine, to call an agent directly with, as a unit test does: a run id of its own, first
     * attempt, no deadline, a new ledger.
     *
     * @param agentId whose step it is
     * @return the context
     * @throws NullPointerException if {@code agentId} is null
     */
    static StepContext detached(AgentId agentId) {
        return DetachedContext.of(agentId);
    }
}
