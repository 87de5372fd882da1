/**
 * Types that all packages share: {@link io.flotilla.AgentId}, the name of an agent, and {@link
 * io.flotilla.FlotillaException}, the base of all exceptions of the library.
 *
 * <p>Next: {@code io.flotilla.agent} defines agents; {@code io.flotilla.step} runs them.
 */
@NullMarked
package io.flotilla;

import org.jspecify.annotations.NullMarked;
