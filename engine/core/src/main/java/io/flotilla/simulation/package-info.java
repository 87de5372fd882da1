/**
 * Simulations: a population of agents that is stepped again and again, the same way for the same seed.
 *
 * <p>Start with {@link io.flotilla.simulation.AgentSet}: an ordered set of objects of any class, with an id each and one
 * random generator. {@code select}, {@code shuffle}, {@code sort} and {@code groupBy} make other sets of it; {@code map},
 * {@code get}, {@code set} and {@code aggregate} read and write the agents at once; {@code step} steps them all with a
 * {@link io.flotilla.step.StepEngine}, which keeps every result.
 */
@NullMarked
package io.flotilla.simulation;

import org.jspecify.annotations.NullMarked;
