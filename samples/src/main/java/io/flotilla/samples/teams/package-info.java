/**
 * The three forms of team: {@link io.flotilla.samples.teams.HierarchySample}, {@link io.flotilla.samples.teams.PeersSample},
 * {@link io.flotilla.samples.teams.HybridSample}.
 */
@NullMarked
package io.flotilla.samples.teams;

import org.jspecify.annotations.NullMarked;
