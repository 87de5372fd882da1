/**
 * Teams of agents: who gives work to whom, and what happens when somebody fails.
 *
 * <p>Start with {@link io.flotilla.team.Manager}, a hierarchy: it gives tasks to {@link io.flotilla.team.Worker}s that are
 * capable of them, and supervises them as their {@link io.flotilla.team.Supervision} says. Managers of managers are built with
 * {@link io.flotilla.team.Manager#asAgent(io.flotilla.AgentId)}.
 *
 * <p>{@link io.flotilla.team.Peers} is a flat team: nobody is in charge, the state is shared, and tasks are offered, bid for and
 * awarded with a lease. {@link io.flotilla.team.Hybrid} is a hierarchy whose members also talk to their colleagues.
 *
 * <p>{@link io.flotilla.team.AntiPatterns} watches the traffic of a network for what teams are better off without.
 *
 * <p>This package stands on {@code flotilla-core} and {@code io.flotilla.message}.
 */
@NullMarked
package io.flotilla.team;

import org.jspecify.annotations.NullMarked;
