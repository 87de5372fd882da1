/**
 * Who is well: checks, a monitor that calls them, and what a readiness endpoint shows.
 *
 * <p>{@link io.flotilla.health.HealthCheck} is one question with a time limit; {@link io.flotilla.health.HealthMonitor} asks all of
 * them again and again, and has the {@link io.flotilla.health.HealthReport}. {@link io.flotilla.health.Progress} and {@link
 * io.flotilla.health.Heartbeat} make checks of work that is done: an agent that is stuck is seen although its timer still ticks.
 * {@link io.flotilla.health.HealthSource} is for what brings checks of its own.
 */
@NullMarked
package io.flotilla.health;

import org.jspecify.annotations.NullMarked;
