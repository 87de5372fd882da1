/**
 * Tests for workflows: agents that follow a script, and whole runs described in files.
 *
 * <p>{@link io.flotilla.testkit.ScriptedAgent} takes the place of an agent and follows a script of {@link
 * io.flotilla.testkit.ScriptedDecision}s, turn by turn. A {@link io.flotilla.testkit.Scenario} is a run in a file:
 * topology, scripts and expected outcome. {@link io.flotilla.testkit.ScenarioRunner} runs it in virtual time; its {@link
 * io.flotilla.testkit.ScenarioReport} has the differences.
 */
@NullMarked
package io.flotilla.testkit;

import org.jspecify.annotations.NullMarked;
