/**
 * Tests for workflows and networks: agents that follow a script, whole runs described in files, whole systems simulated by seed.
 *
 * <p>{@link io.flotilla.testkit.ScriptedAgent} takes the place of an agent and follows a script of {@link
 * io.flotilla.testkit.ScriptedDecision}s, turn by turn. A {@link io.flotilla.testkit.Scenario} is a run in a file:
 * topology, scripts and expected outcome. {@link io.flotilla.testkit.ScenarioRunner} runs it in virtual time; its {@link
 * io.flotilla.testkit.ScenarioReport} has the differences.
 *
 * <p>A {@link io.flotilla.testkit.Simulation} runs a system of any kind many times, in orders and with faults that follow from
 * seeds; its {@link io.flotilla.testkit.SimulationReport} has the smallest case that fails.
 */
@NullMarked
package io.flotilla.testkit;

import org.jspecify.annotations.NullMarked;
