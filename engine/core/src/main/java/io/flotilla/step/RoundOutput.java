package io.flotilla.step;

import io.flotilla.AgentId;

/** Where what the steps of a round emit goes, if anybody listens. */
interface RoundOutput {

    /** The output of one step, the same for all its attempts. Called by any thread; must neither block nor throw. */
    StepOutput of(AgentId agentId, long index);
}
