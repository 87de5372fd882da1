package io.flotilla.resilience;

import java.util.function.BooleanSupplier;

/**
 * Asks a state machine for a permit without the thread's interrupt flag.
 *
 * <p>Resilience4j refuses on a thread whose flag is set, whatever is free: a body that has restored the flag, as is the
 * custom, would have its thread refused, and the attempts that wait in line with it. The flag is back afterwards.
 */
final class Uninterrupted {

    private Uninterrupted() {}

    static boolean ask(BooleanSupplier machine) {
        boolean interrupted = Thread.interrupted();
        try {
            boolean answer = machine.getAsBoolean();
            while (!answer && Thread.interrupted()) { // it came while the machine was asked: that no is not believed
                interrupted = true;
                answer = machine.getAsBoolean();
            }
            return answer;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
