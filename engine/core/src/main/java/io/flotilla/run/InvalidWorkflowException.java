package io.flotilla.run;

import io.flotilla.FlotillaException;
import java.util.List;

/**
 * A workflow does not fit its topology: agents without a body, bodies or joins for what is not there.
 *
 * @since 0.1
 */
public final class InvalidWorkflowException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final transient List<String> errors;

    InvalidWorkflowException(List<String> faults) {
        super("invalid workflow: " + String.join("; ", faults), null);
        this.errors = List.copyOf(faults);
    }

    /**
     * All that is wrong.
     *
     * @return a sentence each
     */
    public List<String> errors() {
        return errors;
    }
}
