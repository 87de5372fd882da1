/**
 * What an agent is.
 *
 * <p>Start with {@link io.flotilla.agent.Agent}: a name and a function from an input to a {@code Mono}. {@link
 * io.flotilla.agent.StepContext} describes the step the function is called for, and {@link
 * io.flotilla.agent.UsageLedger} is where it writes what the step has used.
 *
 * <p>Nothing here runs an agent; that is {@code io.flotilla.step}.
 */
@NullMarked
package io.flotilla.agent;

import org.jspecify.annotations.NullMarked;
