/**
 * Work and agents that several steps share.
 *
 * <p>A {@link io.flotilla.pool.Batcher} gathers single items and hands them on many at a time; each item has a {@code Mono} of
 * its own, and its failure is its own. An {@link io.flotilla.pool.AgentPool} lends each of a bounded number of agents to one
 * step at a time. Both may stand in for an agent.
 */
@NullMarked
package io.flotilla.pool;

import org.jspecify.annotations.NullMarked;
