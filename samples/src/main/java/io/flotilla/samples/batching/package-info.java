/** A hundred steps become four calls: {@link io.flotilla.samples.batching.Batching}. */
@NullMarked
package io.flotilla.samples.batching;

import org.jspecify.annotations.NullMarked;
