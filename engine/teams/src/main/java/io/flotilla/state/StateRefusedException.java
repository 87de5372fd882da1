package io.flotilla.state;

import io.flotilla.FlotillaException;
import java.util.Objects;

/**
 * A {@link StateAgent} did not follow a message; its state is what it was. Has no stack trace.
 *
 * @since 0.1
 */
public final class StateRefusedException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final StateReply.Reason reason;

    /**
     * Describes a message that was not followed.
     *
     * @param reason why
     * @param message what is wrong
     * @throws NullPointerException if {@code reason} is null
     */
    public StateRefusedException(StateReply.Reason reason, String message) {
        super(reason + ": " + message, null, false);
        this.reason = Objects.requireNonNull(reason, "reason");
    }

    /**
     * Why.
     *
     * @return the reason
     */
    public StateReply.Reason reason() {
        return reason;
    }
}
