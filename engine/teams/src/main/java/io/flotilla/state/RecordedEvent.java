package io.flotilla.state;

import java.time.Instant;

/**
 * An event of an {@link EventSourcedState}, as it stands in the journal. Immutable, as far as the event is.
 *
 * @param version the version of the state that it made: 1 for the first event
 * @param timestamp when it was appended, by the clock of its writer; never before that of the event before
 * @param event the event, upcast to its present form
 * @param <E> the type of the events
 * @since 0.1
 */
public record RecordedEvent<E>(long version, Instant timestamp, E event) {}
