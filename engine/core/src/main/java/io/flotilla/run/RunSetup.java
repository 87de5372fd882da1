package io.flotilla.run;

import io.flotilla.agent.Agent;
import io.flotilla.run.machine.Plan;
import io.flotilla.step.StepEngine;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a workflow gives all its runs.
 *
 * @param agents by name
 * @param eventHistory how many events of a run are kept
 * @param outputHistory how many emitted values of each step in flight are kept
 * @param recording where its runs are recorded; null if they are not
 */
record RunSetup(
        Plan plan,
        Map<String, Agent<Turn, Decision>> agents,
        StepEngine engine,
        int eventHistory,
        int outputHistory,
        FactRecorder.@Nullable Recording recording) {}
