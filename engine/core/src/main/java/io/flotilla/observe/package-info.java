/**
 * Observations and meters. {@link io.flotilla.observe.FlotillaObservation} and {@link io.flotilla.observe.FlotillaMeter} document
 * each with its name, unit and keys, for people and for Micrometer's tools; {@link
 * io.flotilla.observe.FlotillaObservationConvention} makes names and keys of them, and may be replaced.
 */
@NullMarked
package io.flotilla.observe;

import org.jspecify.annotations.NullMarked;
