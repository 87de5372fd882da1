package io.flotilla.topology;

import io.flotilla.FlotillaException;
import java.util.List;

/** A topology was not made, for every one of {@link #faults()}. The message lists the first 20 of them. */
public final class InvalidTopologyException extends FlotillaException {

    private static final long serialVersionUID = 1L;
    private static final int PRINTED = 20;

    private final List<Fault> faults;

    InvalidTopologyException(List<Fault> faults) {
        super(message(faults), null);
        this.faults = List.copyOf(faults);
    }

    private static String message(List<Fault> faults) {
        StringBuilder text = new StringBuilder(faults.size() == 1 ? "1 fault" : faults.size() + " faults");
        text.append(" in the topology:");
        faults.stream().limit(PRINTED).forEach(fault -> text.append("\n  ").append(fault.message()));
        if (faults.size() > PRINTED) {
            text.append("\n  and ").append(faults.size() - PRINTED).append(" more");
        }
        return text.toString();
    }

    /**
     * Everything that is wrong.
     *
     * @return at least one fault: first those of names and lines as they were read, then those of the whole graph in
     *     declaration order
     */
    public List<Fault> faults() {
        return faults;
    }
}
