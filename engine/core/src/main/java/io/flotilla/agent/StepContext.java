package io.flotilla.agent;

import io.flotilla.AgentId;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Describes the step that an agent is called for.
 *
 * <p>It is passed with the step and nowhere else: not in a field of a shared object, not in a thread-local variable. So
 * two steps of one agent, however their threads interleave, cannot read each other's identity. It may be kept and read
 * after the step has ended; it does not change.
 *
 * <p>Immutable, but for what is written into {@link #usage()} and {@link #state()} and told by {@link #emit}; thread-safe.
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
     * Tells those who listen something while the step runs: tokens, progress, intermediate findings. It is no result: what
     * counts in the end is the value of the step. Who listens, see {@code StepEngine.signals} and {@code Run.output}.
     *
     * <ul>
     *   <li><b>never blocks</b>, and never fails the step. A subscriber that is slow loses the oldest values of this step,
     *       which it is told the number of.
     *   <li><b>order</b>: values of one attempt arrive in the order they are emitted, those of several threads in some order.
     *   <li><b>void if the attempt fails</b>: each value has the number of its attempt, and a signal says that another
     *       attempt has begun.
     *   <li><b>redacted</b>: texts go through the engine's redactor, each value by itself, so a secret that is split over
     *       two values is not seen. If there is a redactor, a value of another type is passed on as it is only if the
     *       redactor leaves its {@code toString()} alone; else the redacted text takes its place. One whose {@code
     *       toString()} throws is withheld.
     *   <li><b>not recorded</b>: no journal has it. After a recovery a step that is started again emits again.
     *   <li><b>ignored</b>: null, and whatever comes after the end of the attempt. That is counted, and null is logged once
     *       an engine.
     *   <li><b>cost</b>: next to nothing if nobody listens. Each value restarts the idle timeout of the step.
     *   <li><b>threads</b>: any.
     * </ul>
     *
     * <p>A context of another kind may ignore all of it; this is the default.
     *
     * @param value what to tell; an immutable object, as subscribers read it on threads of their own
     */
    default void emit(Object value) {}

    /**
     * The run's own state: what its steps have written, journaled with the run. What this step writes takes effect when it ends with
     * success, see {@link StepState}.
     *
     * @return the state as this attempt sees it; outside of a run {@link StepState#none()}, which refuses to be written, and so for a
     *     context of another kind: this is the default
     */
    default StepState state() {
        return StepState.none();
    }

    /**
     * A context outside every engine, to call an agent directly with, as a unit test does: a run id of its own, first
     * attempt, no deadline, a new ledger, a state of its own that each write changes at once.
     *
     * @param agentId whose step it is
     * @return the context
     * @throws NullPointerException if {@code agentId} is null
     */
    static StepContext detached(AgentId agentId) {
        return detached(agentId, ignored -> {});
    }

    /**
     * As {@link #detached(AgentId)}, with somebody who listens.
     *
     * @param agentId whose step it is
     * @param emitted is given each value but null that is emitted, on the thread that emits it, such as a list's {@code add};
     *     what it throws is thrown at who emits
     * @return the context
     * @throws NullPointerException if an argument is null
     */
    static StepContext detached(AgentId agentId, Consumer<Object> emitted) {
        return DetachedContext.of(agentId, emitted);
    }
}
