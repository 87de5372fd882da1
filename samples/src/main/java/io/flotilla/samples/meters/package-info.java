/** What a dashboard gets to see: {@link io.flotilla.samples.meters.MetersSample}. */
@NullMarked
package io.flotilla.samples.meters;

import org.jspecify.annotations.NullMarked;
