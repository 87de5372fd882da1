/**
 * Topologies: which agent may hand work to which, as a graph that is checked once and immutable.
 *
 * <p>Start with {@link io.flotilla.topology.Topology}: it is built from text, from lists or from a pattern. {@link
 * io.flotilla.topology.InvalidTopologyException} has all errors at once, each a {@link
 * io.flotilla.topology.TopologyError}. A {@link io.flotilla.topology.Warning} is a legal part that may be unintended.
 * {@link io.flotilla.topology.Rules} are the limits written beside the edges.
 *
 * <p>This package does not run agents; its names are not bound to agents.
 */
@NullMarked
package io.flotilla.topology;

import org.jspecify.annotations.NullMarked;
