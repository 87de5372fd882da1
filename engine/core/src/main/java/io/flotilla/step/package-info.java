/**
 * How agents are run: many at once, each apart from the others, every result kept.
 *
 * <p>Start with {@link io.flotilla.step.StepEngine}: {@code run} gathers the results into a {@link
 * io.flotilla.step.StepReport}, {@code stream} emits each {@link io.flotilla.step.StepResult} as its step ends. {@link
 * io.flotilla.step.FailureMode} and {@link io.flotilla.step.Order} say what a failure does and how steps start, {@link
 * io.flotilla.step.StepInterceptor} wraps steps, {@link io.flotilla.simulation.AgentSet} holds the agents of a simulation.
 */
@NullMarked
package io.flotilla.step;

import org.jspecify.annotations.NullMarked;
