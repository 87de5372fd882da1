package io.flotilla.testkit;

import io.flotilla.Experimental;
import io.flotilla.FlotillaException;
import java.util.Objects;

/**
 * What an attempt fails with because a simulation has it fail. Without a stack trace: nothing has gone wrong here.
 *
 * @since 0.1
 */
@Experimental
public final class SimulatedFaultException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // never written: main code serializes nothing
    private final SimulatedFault fault;

    SimulatedFaultException(SimulatedFault fault) {
        super("simulated: " + Objects.requireNonNull(fault, "fault"), null, false);
        this.fault = fault;
    }

    /**
     * The fault.
     *
     * @return what was injected
     */
    public SimulatedFault fault() {
        return fault;
    }
}
