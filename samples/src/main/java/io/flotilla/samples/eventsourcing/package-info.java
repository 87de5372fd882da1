/** State that its events have made: {@link io.flotilla.samples.eventsourcing.EventSourcing}. */
@NullMarked
package io.flotilla.samples.eventsourcing;

import org.jspecify.annotations.NullMarked;
