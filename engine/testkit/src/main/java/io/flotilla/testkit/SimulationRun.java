package io.flotilla.testkit;

import io.flotilla.Experimental;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What became of one simulated run. Immutable.
 *
 * @param of what it was made from, with the faults that happened and the choices that were made
 * @param outcome how it ended
 * @param cause what the check failed with; null unless {@code outcome} is {@link Outcome#FAILED}, {@link Outcome#BLOCKED} or
 *     {@link Outcome#REFUSED}
 * @param took how much virtual time had passed
 * @param log what happened, in order: the same for the same case
 * @since 0.1
 */
@Experimental
public record SimulationRun(
        SimulationCase of, Outcome outcome, @Nullable Throwable cause, Duration took, List<String> log) {

    /** How a simulated run ends. */
    public enum Outcome {
        /** The check has completed. */
        PASSED,
        /** The check has failed, or a task has thrown. */
        FAILED,
        /** Nothing is left to happen, and the check has not completed: somebody waits for ever. */
        STUCK,
        /** The check had not completed when the limit of virtual time, or of tasks, was reached. */
        ENDLESS,
        /** Somebody has kept the one thread of the world for longer than the limit of real time. */
        BLOCKED,
        /** The system has something in it that no seed decides: a thread of its own. The cause says which and where. */
        REFUSED;

        /** Whether it says something about the simulation rather than about the system; nothing is to be shrunk then. */
        boolean isOfTheSimulation() {
            return this == BLOCKED || this == REFUSED;
        }
    }

    /**
     * Copies the list.
     *
     * @param of what it was made from
     * @param outcome how it ended
     * @param cause what the check failed with, or null
     * @param took how much virtual time had passed
     * @param log what happened
     * @throws NullPointerException if an argument other than {@code cause} is null
     */
    public SimulationRun {
        Objects.requireNonNull(of, "of");
        Objects.requireNonNull(outcome, "outcome");
        Objects.requireNonNull(took, "took");
        log = List.copyOf(log);
    }

    /**
     * Whether the check has completed.
     *
     * @return true if the outcome is {@link Outcome#PASSED}
     */
    public boolean passed() {
        return outcome == Outcome.PASSED;
    }

    /** The same kind of failure: texts may have numbers in them that a smaller world changes. */
    boolean failsAs(SimulationRun other) {
        return !passed() && outcome == other.outcome && kind().equals(other.kind());
    }

    private String kind() {
        return cause == null ? "" : cause.getClass().getName();
    }

    /** The case, the outcome, and the cause. */
    @Override
    public String toString() {
        return of + ": " + outcome + " after " + took + (cause == null ? "" : ", " + Texts.of(cause));
    }
}
