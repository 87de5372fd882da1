/**
 * State that several agents share.
 *
 * <p>Start with {@link io.flotilla.state.SharedState}: immutable values under typed {@linkplain io.flotilla.state.StateKey keys},
 * each with a version. A write that expects a version either takes effect or is a {@link io.flotilla.state.Write.Conflict}; a
 * transaction over many keys takes effect as a whole or not at all.
 *
 * <p>A {@link io.flotilla.state.StateAgent} keeps its state to itself and changes it by messages, one at a time. An {@link
 * io.flotilla.state.EventSourced} state is what its events in a journal have made of it: it survives the process, and can be seen
 * as it was at any version or instant.
 */
@NullMarked
package io.flotilla.state;

import org.jspecify.annotations.NullMarked;
