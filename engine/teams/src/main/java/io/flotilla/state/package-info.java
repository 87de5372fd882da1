/**
 * State that several agents share.
 *
 * <p>Start with {@link io.flotilla.state.SharedState}: immutable values under typed {@linkplain io.flotilla.state.StateKey keys},
 * each with a version. A write that expects a version either takes effect or is a {@link io.flotilla.state.Write.Conflict}; a
 * transaction over many keys takes effect as a whole or not at all.
 */
@NullMarked
package io.flotilla.state;

import org.jspecify.annotations.NullMarked;
