package io.flotilla.state;

import io.flotilla.FlotillaException;
import org.jspecify.annotations.Nullable;

/**
 * An event of an {@link EventSourcedState} cannot be written, read or applied. The journal is not changed by that.
 *
 * @since 0.1
 */
public final class EventReplayException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    /** What is wrong. */
    public enum Reason {
        /** The {@link EventFormat} has no event of this name, or none of this class. */
        UNKNOWN_EVENT,
        /** The event was written by a newer version of the program. */
        NEWER_VERSION,
        /** The function that writes, reads or upcasts the event threw or returned null. */
        MALFORMED,
        /** The function that applies the event threw or returned null. */
        NOT_APPLICABLE,
        /** The entry is no event. */
        NO_EVENT
    }

    private final String stateId;
    private final long version;
    private final Reason reason;

    EventReplayException(String stateId, long version, EventFault fault) {
        super(
                "event " + version + " of " + stateId + ": " + fault.reason() + ", " + fault.getMessage(),
                fault.getCause());
        this.stateId = stateId;
        this.version = version;
        this.reason = fault.reason();
    }

    /**
     * Whose event it is.
     *
     * @return the id of the state
     */
    public String stateId() {
        return stateId;
    }

    /**
     * Which event.
     *
     * @return the version that it makes: 1 for the first
     */
    public long version() {
        return version;
    }

    /**
     * What is wrong.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }

    /** The same before it is known whose event it is. */
    static final class EventFault extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private final Reason reason;

        EventFault(Reason reason, String message, @Nullable Throwable cause) {
            super(message, cause, false, false);
            this.reason = reason;
        }

        Reason reason() {
            return reason;
        }
    }
}
