/** Recorded runs are held against new code before it is deployed: {@link io.flotilla.samples.verify.Verify}. */
@NullMarked
package io.flotilla.samples.verify;

import org.jspecify.annotations.NullMarked;
