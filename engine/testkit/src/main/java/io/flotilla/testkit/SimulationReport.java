package io.flotilla.testkit;

import io.flotilla.Experimental;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The result of a {@link Simulation}. Immutable.
 *
 * @param seeds how many seeds were run, the failing one included
 * @param failure the first run that failed, as it was found; null if none did
 * @param smallest the smallest run found that fails in the same way; null if none failed
 * @param shrinkRuns how many runs that took
 * @param difference where a second run of the same case differs from the first: the line of the one, and of the other. Then the
 *     system is not deterministic, and nothing was shrunk. Null if they are the same
 * @since 0.1
 */
@Experimental
public record SimulationReport(
        int seeds,
        @Nullable SimulationRun failure,
        @Nullable SimulationRun smallest,
        int shrinkRuns,
        @Nullable Difference difference) {

    private static final int LAST_LINES = 40;

    /**
     * Two runs of one case that differ.
     *
     * @param of the case
     * @param line the number of the line, from 1
     * @param first that line of the first run's log; empty if it has none
     * @param second that of the second's
     */
    public record Difference(SimulationCase of, int line, String first, String second) {

        /** Null if there is none. */
        static @Nullable Difference between(SimulationRun one, SimulationRun other) {
            for (int at = 0; at < Math.max(one.log().size(), other.log().size()); at++) {
                String first = at < one.log().size() ? one.log().get(at) : "";
                String second = at < other.log().size() ? other.log().get(at) : "";
                if (!first.equals(second)) {
                    return new Difference(one.of(), at + 1, first, second);
                }
            }
            return null;
        }
    }

    static SimulationReport passed(int seeds) {
        return new SimulationReport(seeds, null, null, 0, null);
    }

    static SimulationReport differs(int seeds, @Nullable SimulationRun failure, Difference difference) {
        return new SimulationReport(seeds, failure, failure, 0, difference);
    }

    /**
     * Whether every seed has passed.
     *
     * @return true if nothing failed, and nothing differed
     */
    public boolean passed() {
        return failure == null && difference == null;
    }

    /**
     * Throws if a seed failed, as the last line of a test.
     *
     * @throws AssertionError with the whole report; its cause is that of the smallest failure
     */
    public void orThrow() {
        if (!passed()) {
            throw new AssertionError(toString(), smallest == null ? null : smallest.cause());
        }
    }

    /** The seed, the smallest case, how to replay it, and the end of its log. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        if (passed()) {
            return text.append(seeds).append(" seeds passed").toString();
        }
        if (difference != null) {
            text.append("not deterministic: two runs of ")
                    .append(difference.of())
                    .append(" differ in line ")
                    .append(difference.line())
                    .append("\n  first:  ")
                    .append(difference.first())
                    .append("\n  second: ")
                    .append(difference.second());
        }
        if (failure != null) {
            text.append(text.isEmpty() ? "" : "\n")
                    .append("seed ")
                    .append(failure.of().seed())
                    .append(" failed, after ")
                    .append(seeds - 1)
                    .append(" that passed: ")
                    .append(failure);
        }
        if (smallest != null && difference == null) {
            append(text, Objects.requireNonNull(smallest));
        }
        return text.toString();
    }

    private void append(StringBuilder text, SimulationRun least) {
        text.append("\nsmallest after ")
                .append(shrinkRuns)
                .append(" runs: ")
                .append(least)
                .append("\nreplay it with replay(SimulationCase.parse(\"")
                .append(least.of())
                .append("\"), check)\n");
        List<String> log = least.log();
        int from = Math.max(0, log.size() - LAST_LINES);
        text.append(from == 0 ? "its log:" : "the end of its log, " + from + " lines are before it:");
        log.subList(from, log.size()).forEach(line -> text.append("\n  ").append(line));
    }
}
