package io.flotilla.run;

import io.flotilla.FlotillaException;

/**
 * A subscriber of {@link Run#events()} came so late, or was so slow, that events it has not had are not kept any more.
 * Nothing else is touched by it.
 *
 * @since 0.1
 */
public final class EventsLostException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final long expected;

    EventsLostException(long expected, int history) {
        super(
                "events from number " + expected + " on are not kept any more, the history is of " + history
                        + " events; see Workflow.Builder.eventHistory",
                null,
                false);
        this.expected = expected;
    }

    /**
     * The first event that is lost to the subscriber.
     *
     * @return its sequence number
     */
    public long expected() {
        return expected;
    }
}
