/** One agent fails, another works: {@link io.flotilla.samples.isolation.Isolation}. */
@NullMarked
package io.flotilla.samples.isolation;

import org.jspecify.annotations.NullMarked;
