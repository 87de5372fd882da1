/** Who is well, by the work that is done: {@link io.flotilla.samples.health.HealthSample}. */
@NullMarked
package io.flotilla.samples.health;

import org.jspecify.annotations.NullMarked;
