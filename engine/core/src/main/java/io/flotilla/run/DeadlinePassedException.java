package io.flotilla.run;

import io.flotilla.FlotillaException;
import java.time.Instant;

/**
 * A run is not started, because its deadline has passed already.
 *
 * @since 0.1
 */
public final class DeadlinePassedException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final Instant deadline;

    DeadlinePassedException(Instant deadline, Instant now) {
        super("the deadline of the run, " + deadline + ", has passed: it is " + now, null);
        this.deadline = deadline;
    }

    /**
     * The deadline.
     *
     * @return as given
     */
    public Instant deadline() {
        return deadline;
    }
}
