package io.flotilla.run;

import java.util.List;

/**
 * What {@link Runs#verify} has found. Immutable.
 *
 * @param runs how many runs were replayed
 * @param failures those that the workflow at hand does not replay, with the first difference of each, those of its runs that cannot be
 *     read, and those of the journal whose start cannot be read, so that nobody knows whose they are; in the order of their ids
 * @since 0.1
 */
public record Verification(long runs, List<Recovery.Failure> failures) {

    /**
     * Copies the list.
     *
     * @param runs how many runs were replayed
     * @param failures those that cannot be
     * @throws NullPointerException if {@code failures} or one of them is null
     */
    public Verification {
        failures = List.copyOf(failures);
    }

    /**
     * Whether all runs were replayed without a difference.
     *
     * @return true if there are no failures
     */
    public boolean isOk() {
        return failures.isEmpty();
    }

    /** The counts, and a line for each failure. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("Verification[runs=" + runs + ", failed=" + failures.size() + "]");
        failures.forEach(failure -> text.append("\n  ").append(Recovery.text(failure.cause())));
        return text.toString();
    }
}
