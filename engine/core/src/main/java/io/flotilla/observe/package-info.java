/**
 * Observations and meters: {@link io.flotilla.observe.Telemetry} lists every observation and meter with its name,
 * type, unit and tags.
 */
@NullMarked
package io.flotilla.observe;

import org.jspecify.annotations.NullMarked;
