/**
 * A stand-in for a model's server, for those who have no key: {@link io.flotilla.samples.readingcrew.standin.StandIn}
 * answers with the text's own best sentences ({@link io.flotilla.samples.readingcrew.standin.Extract}), and now and then
 * fails the way such servers do ({@link io.flotilla.samples.readingcrew.standin.FaultPlan}).
 */
@NullMarked
package io.flotilla.samples.readingcrew.standin;

import org.jspecify.annotations.NullMarked;
