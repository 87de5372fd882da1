/**
 * The machine that decides what happens in a run. It is pure: no threads, clocks, randomness or I/O. The same facts in the
 * same order make the same run, live, replayed, or driven by another engine.
 *
 * <p>This package is for engines that drive runs; users of a {@link io.flotilla.run.Workflow} do not need it. Begin with
 * {@link io.flotilla.run.machine.RunMachine}, which is made from a {@link io.flotilla.run.machine.Plan}. An engine applies
 * each {@link io.flotilla.run.machine.Fact} and carries out each {@link io.flotilla.run.machine.Effect} that comes of it, in
 * order, before it applies the next fact:
 *
 * <ol>
 *   <li>The first fact is {@link io.flotilla.run.machine.Fact.Started}.
 *   <li>{@link io.flotilla.run.machine.Effect.StartStep} calls an agent. Its end is a {@link
 *       io.flotilla.run.machine.Fact.StepSettled} with the same step number, with what the step writes into the run's own state: a
 *       {@link io.flotilla.run.machine.StateWrite} a key, with the version that the effect's state had.
 *   <li>{@link io.flotilla.run.machine.Effect.StartTimer} starts a timer. Its end is a {@link
 *       io.flotilla.run.machine.Fact.DeadlinePassed}.
 *   <li>{@link io.flotilla.run.machine.Effect.Ask} asks people. Their answer is a {@link
 *       io.flotilla.run.machine.Fact.QuestionAnswered}.
 *   <li>{@link io.flotilla.run.machine.Effect.Finish} is the result of the run. Nothing comes after it.
 * </ol>
 *
 * <p>Facts that happen at the same time are applied in the order in which their steps were started, timers last.
 *
 * <p>An engine that records facts keeps a {@link io.flotilla.run.machine.Recorded} of each, which {@link
 * io.flotilla.run.machine.FactCodec} turns into journal entries. {@link io.flotilla.run.machine.Replay} follows them again, with
 * a {@link io.flotilla.run.machine.RunDigest} of what came of them, and says which effects are outstanding.
 *
 * <p>Names of agents, numbers of steps and timers, and ids of questions are the same in every replay.
 */
@Experimental
@NullMarked
package io.flotilla.run.machine;

import io.flotilla.Experimental;
import org.jspecify.annotations.NullMarked;
