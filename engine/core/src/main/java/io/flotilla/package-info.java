/**
 * What every other package needs: {@link io.flotilla.AgentId}, the name of an agent, and {@link
 * io.flotilla.FlotillaException}, the base of every exception of the library.
 *
 * <p>Next: {@code io.flotilla.agent}, what an agent is; {@code io.flotilla.step}, how agents are run.
 */
@NullMarked
package io.flotilla;

import org.jspecify.annotations.NullMarked;
