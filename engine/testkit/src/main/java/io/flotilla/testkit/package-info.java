/**
 * To test workflows with: agents that play a script, and whole runs written down as files.
 *
 * <p>{@link io.flotilla.testkit.ScriptedAgent} takes the place of an agent and does what its {@link
 * io.flotilla.testkit.ScriptedDecision}s say, turn by turn. {@link io.flotilla.testkit.Scenario} is a run in a file: topology, scripts
 * and what must come of it; {@link io.flotilla.testkit.ScenarioRunner} runs it under virtual time and says in a {@link
 * io.flotilla.testkit.ScenarioReport} where the run differs.
 */
@NullMarked
package io.flotilla.testkit;

import org.jspecify.annotations.NullMarked;
