package io.flotilla.run;

import java.util.List;

/**
 * What {@link Runs#verify} has found. Immutable.
 *
 * <p>In a journal that workflows with different codecs share, a codec that lacks a type cannot read the start of some runs, so {@link
 * #isOk()} is false there. A filter's limit is of the runs that are replayed: those that cannot be read do not count, and are failures
 * up to the last run of the limit.
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
