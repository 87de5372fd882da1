/**
 * Runs over a topology: branches that fork, hand over, meet and join, until there is an answer.
 *
 * <p>Start with {@link io.flotilla.run.Workflow}: agents at the places of a {@link io.flotilla.topology.Topology}, with
 * joins and limits. {@link io.flotilla.run.Workflow#start} gives a {@link io.flotilla.run.Run}, whose {@link
 * io.flotilla.run.RunResult} says what came of it and whose {@link io.flotilla.run.RunEvent}s how. An agent of a run
 * takes a {@link io.flotilla.run.Turn} and makes a {@link io.flotilla.run.Decision}. {@link io.flotilla.run.Join} says
 * when the branches of a fork are enough, {@link io.flotilla.run.Limits} what a run may use, and {@link
 * io.flotilla.run.RunFailure} has a subtype for everything that can go wrong. With a {@link io.flotilla.journal.Journal} runs
 * survive the process: {@link io.flotilla.run.Workflow#runs} recovers, replays and forks them.
 *
 * <p>What happens next is decided by one pure machine; threads, timers and the engine are kept outside of it.
 */
@NullMarked
package io.flotilla.run;

import org.jspecify.annotations.NullMarked;
