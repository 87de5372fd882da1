/** A network is recorded and replayed, to its first divergence. */
@NullMarked
package io.flotilla.samples.recordreplay;

import org.jspecify.annotations.NullMarked;
