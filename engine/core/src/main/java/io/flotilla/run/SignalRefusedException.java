package io.flotilla.run;

import io.flotilla.FlotillaException;

/**
 * A signal was refused: the run keeps as many already as it may, or its value is too large. The run continues.
 *
 * @since 0.1
 */
public final class SignalRefusedException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String signal;

    SignalRefusedException(String signal, String why) {
        super("signal \"" + signal + "\" was refused: " + why, null, false);
        this.signal = signal;
    }

    /**
     * Which signal.
     *
     * @return its name
     */
    public String signal() {
        return signal;
    }
}
