/** The spans of a run, as an exporter of OpenTelemetry gets them: {@link io.flotilla.samples.traces.Traces}. */
@NullMarked
package io.flotilla.samples.traces;

import org.jspecify.annotations.NullMarked;
