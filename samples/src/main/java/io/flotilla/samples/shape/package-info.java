/** One fan-out written in three ways: {@link io.flotilla.samples.shape.Shape}. */
@NullMarked
package io.flotilla.samples.shape;

import org.jspecify.annotations.NullMarked;
