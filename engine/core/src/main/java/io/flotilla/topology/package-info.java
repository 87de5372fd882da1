/**
 * Which agent may hand work to which: a graph, checked once and then only read.
 *
 * <p>Start with {@link io.flotilla.topology.Topology}: made from text, from lists or from a pattern. What is wrong with one
 * is told all at once by {@link io.flotilla.topology.InvalidTopologyException}, a {@link io.flotilla.topology.TopologyError} each;
 * what is legal and yet worth a look is a {@link io.flotilla.topology.Warning}. {@link io.flotilla.topology.Rules} are the
 * limits that were written beside the edges.
 *
 * <p>Nothing here runs an agent, and no name here is bound to one.
 */
@NullMarked
package io.flotilla.topology;

import org.jspecify.annotations.NullMarked;
