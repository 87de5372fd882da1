package io.flotilla.topology;

import io.flotilla.FlotillaException;
import java.util.List;

/**
 * A topology was not made, for every one of {@link #errors()}. The message lists the first 20 of them.
 *
 * @since 0.1
 */
public final class InvalidTopologyException extends FlotillaException {

    private static final long serialVersionUID = 1L;
    private static final int PRINTED = 20;

    private final List<TopologyError> errors;

    InvalidTopologyException(List<TopologyError> errors) {
        super(message(errors), null);
        this.errors = List.copyOf(errors);
    }

    private static String message(List<TopologyError> errors) {
        StringBuilder text = new StringBuilder(errors.size() == 1 ? "1 fault" : errors.size() + " faults");
        text.append(" in the topology:");
        errors.stream().limit(PRINTED).forEach(error -> text.append("\n  ").append(error.message()));
        if (errors.size() > PRINTED) {
            text.append("\n  and ").append(errors.size() - PRINTED).append(" more");
        }
        return text.toString();
    }

    /**
     * All errors.
     *
     * @return at least one error: first those of names and lines in reading order, then those of the whole graph in
     *     declaration order
     */
    public List<TopologyError> errors() {
        return errors;
    }
}
