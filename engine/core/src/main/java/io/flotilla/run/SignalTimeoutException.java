package io.flotilla.run;

import io.flotilla.internal.JsonFields;
import java.time.Duration;

/**
 * A signal that a branch waited for did not come before the deadline, and there was no default.
 *
 * @since 0.1
 */
public final class SignalTimeoutException extends RunFailure {

    private static final long serialVersionUID = 1L;

    private final String signal;
    private final Duration timeout;

    /**
     * The failure of the branch that waited.
     *
     * @param agent where the branch was
     * @param branch which branch
     * @param signal the name of the signal
     * @param timeout how long it waited
     */
    public SignalTimeoutException(String agent, BranchPath branch, String signal, Duration timeout) {
        super(
                "no signal \"" + signal + "\" came within " + timeout + " for agent " + agent + " (branch " + branch
                        + ")",
                null);
        this.signal = signal;
        this.timeout = timeout;
    }

    @Override
    public Kind kind() {
        return Kind.SIGNAL_TIMEOUT;
    }

    /**
     * Which signal.
     *
     * @return its name
     */
    public String signal() {
        return signal;
    }

    /**
     * How long the branch waited.
     *
     * @return the timeout
     */
    public Duration timeout() {
        return timeout;
    }

    @Override
    void describe(JsonFields fields) {
        fields.text("signal", signal).duration("timeout", timeout);
    }
}
