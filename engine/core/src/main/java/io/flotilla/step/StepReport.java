package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.agent.Usage;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * All results of a round, in input order. Immutable.
 *
 * @param <O> the value of a step
 * @since 0.1
 */
public final class StepReport<O> {

    private static final int FAILURES_WRITTEN = 5;

    private final List<StepResult<O>> results;
    private final long[] counts;
    private final Usage usage;

    /** Takes over both arrays. */
    StepReport(StepResult<O>[] results, long[] counts, Usage usage) {
        this.usage = usage;
        this.results = Collections.unmodifiableList(Arrays.asList(results));
        this.counts = counts;
    }

    /**
     * One result a step.
     *
     * @return all results, in input order; of a sink that keeps failures only, those
     */
    public List<StepResult<O>> results() {
        return results;
    }

    /**
     * The results that can be used.
     *
     * @return those that are {@link StepResult.Succeeded} or {@link StepResult.Degraded}, in input order
     */
    public List<StepResult<O>> succeeded() {
        return only(result -> !result.isFailure());
    }

    /**
     * The results that cannot be used.
     *
     * @return all others, in input order
     */
    public List<StepResult<O>> failures() {
        return only(StepResult::isFailure);
    }

    /**
     * The values of the steps that have one.
     *
     * @return the values, in input order; fewer than {@link #succeeded()} where an agent completed empty
     */
    public List<O> values() {
        return results.stream()
                .map(StepResult::value)
                .filter(Objects::nonNull)
                .map(value -> Objects.requireNonNull(value))
                .toList();
    }

    /**
     * The results of one agent.
     *
     * @param agentId whose
     * @return one result for each time it was given to the round, in input order; empty if it was not
     * @throws NullPointerException if {@code agentId} is null
     */
    public List<StepResult<O>> resultsOf(AgentId agentId) {
        Objects.requireNonNull(agentId, "agentId");
        return only(result -> result.agentId().equals(agentId));
    }

    /**
     * The results of one agent, by its name.
     *
     * @param agent its name, as {@link AgentId#of(String)} reads it: {@code reader} is the agent of that id, not all agents
     *     of that kind
     * @return one result for each time it was given to the round, in input order; empty if it was not
     * @throws NullPointerException if {@code agent} is null
     * @throws IllegalArgumentException if {@code agent} is no name of an agent
     */
    public List<StepResult<O>> resultsOf(String agent) {
        return resultsOf(AgentId.of(Objects.requireNonNull(agent, "agent")));
    }

    private List<StepResult<O>> only(Predicate<StepResult<O>> wanted) {
        return results.stream().filter(wanted).toList();
    }

    /**
     * The number of steps.
     *
     * @return the number of all results
     */
    public long size() {
        return Arrays.stream(counts).sum();
    }

    /**
     * The number of steps with a kind of result.
     *
     * @param kind which
     * @return the number of results of that kind
     * @throws NullPointerException if {@code kind} is null
     */
    public long count(StepResult.Kind kind) {
        return counts[kind.ordinal()];
    }

    /**
     * The number of steps by kind of result.
     *
     * @return the kinds that occur, each with its number, in the order of {@link StepResult.Kind}
     */
    public Map<StepResult.Kind, Long> counts() {
        Map<StepResult.Kind, Long> occurring = new EnumMap<>(StepResult.Kind.class);
        for (StepResult.Kind kind : StepResult.Kind.values()) {
            if (count(kind) > 0) {
                occurring.put(kind, count(kind));
            }
        }
        return Collections.unmodifiableMap(occurring);
    }

    /**
     * The number of failed steps.
     *
     * @return the number of all results that cannot be used
     */
    public long failureCount() {
        return size() - count(StepResult.Kind.SUCCEEDED) - count(StepResult.Kind.DEGRADED);
    }

    /**
     * The durations of the steps, failed ones included.
     *
     * @return the statistics of {@link #results()}; all zero if there are none
     */
    public Durations durations() {
        return Durations.of(
                results.stream().mapToLong(StepResult::durationNanos).sorted().toArray());
    }

    /**
     * The usage that the steps have written into {@link io.flotilla.agent.StepContext#usage()} until the report was made, failed and
     * cancelled ones too.
     *
     * @return the sum of the round; {@link Usage#NONE} for the report of a {@link ResultSink} of one's own
     */
    public Usage usage() {
        return usage;
    }

    /**
     * For callers that want an exception after all.
     *
     * @return this report, if no step failed
     * @throws RoundFailedException if a step failed; it carries this report
     */
    public StepReport<O> orThrow() {
        if (failureCount() > 0) {
            throw new RoundFailedException(this);
        }
        return this;
    }

    /** One line: the counts, the durations, and the first {@value #FAILURES_WRITTEN} failures. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder().append(size()).append(size() == 1 ? " step" : " steps");
        String byKind = counts().entrySet().stream()
                .map(entry -> entry.getValue() + " " + entry.getKey().name().toLowerCase(java.util.Locale.ROOT))
                .collect(Collectors.joining(", "));
        if (!byKind.isEmpty()) {
            text.append(": ").append(byKind);
        }
        if (!results.isEmpty()) {
            text.append("; ").append(durations());
        }
        List<String> written = failures().stream()
                .limit(FAILURES_WRITTEN)
                .map(StepReport::describe)
                .toList();
        if (!written.isEmpty()) {
            text.append("; failures: ").append(String.join("; ", written));
            if (failureCount() > written.size()) {
                text.append("; and ").append(failureCount() - written.size()).append(" more");
            }
        }
        return text.toString();
    }

    private static String describe(StepResult<?> failure) {
        return failure.agentId() + " (index " + failure.index() + ") " + failure.kind() + " "
                + Causes.describe(Objects.requireNonNull(failure.cause()));
    }

    /**
     * The durations of the steps of a report. Immutable.
     *
     * @param min the shortest
     * @param median half of the steps took at most this long
     * @param p99 99 of 100 steps took at most this long
     * @param max the longest
     */
    public record Durations(Duration min, Duration median, Duration p99, Duration max) {

        private static final Durations NONE = new Durations(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO);

        static Durations of(long[] sorted) {
            return sorted.length == 0
                    ? NONE
                    : new Durations(
                            Duration.ofNanos(sorted[0]),
                            ranked(sorted, 50),
                            ranked(sorted, 99),
                            Duration.ofNanos(sorted[sorted.length - 1]));
        }

        /** The nearest rank: the smallest duration that at least {@code percent} of all are not above. */
        private static Duration ranked(long[] sorted, int percent) {
            long rank = ((long) sorted.length * percent + 99) / 100;
            return Duration.ofNanos(sorted[(int) rank - 1]);
        }

        /** All four, in one line. */
        @Override
        public String toString() {
            return "min " + Causes.describe(min) + ", median " + Causes.describe(median) + ", p99 "
                    + Causes.describe(p99) + ", max " + Causes.describe(max);
        }
    }
}
