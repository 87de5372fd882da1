/**
 * Messages that prove who sent them, and journals that prove what happened.
 *
 * <p>A message that is not what it claims to be is refused with a {@link io.flotilla.security.Refusal}.
 *
 * <p>This package stands on {@code flotilla-core} and {@code flotilla-teams}; the crypto is the JDK's.
 */
@NullMarked
package io.flotilla.security;

import org.jspecify.annotations.NullMarked;
