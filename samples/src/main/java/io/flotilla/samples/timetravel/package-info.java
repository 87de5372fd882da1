/**
 * A recorded run is looked at and taken another way: {@link io.flotilla.samples.timetravel.TimeTravel}, whose agents are in
 * {@code Word}.
 */
@NullMarked
package io.flotilla.samples.timetravel;

import org.jspecify.annotations.NullMarked;
