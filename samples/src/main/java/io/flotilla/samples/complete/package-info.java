/** All parts together, one of which is broken and healed: {@link io.flotilla.samples.complete.CompleteSystem}. */
@NullMarked
package io.flotilla.samples.complete;

import org.jspecify.annotations.NullMarked;
