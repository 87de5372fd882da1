/** A network that believes nobody: seven kinds of bad messages, and why each is refused. */
@NullMarked
package io.flotilla.samples.trust;

import org.jspecify.annotations.NullMarked;
