/**
 * A crew of agents that reads a folder, a file each: start with {@link io.flotilla.samples.readingcrew.ReadingCrew}, whose
 * workflow is in {@code Crew}. {@link io.flotilla.samples.readingcrew.ReadingRound} has the same readers in one round,
 * without a topology. The agent is a {@code Reader}; {@code chat} is whom it asks, {@code standin} who answers where there
 * is no model.
 */
@NullMarked
package io.flotilla.samples.readingcrew;

import org.jspecify.annotations.NullMarked;
