package io.flotilla.samples.readingcrew;

import io.flotilla.resilience.CircuitBreakerTransition;
import io.flotilla.samples.shell.Output;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import io.flotilla.step.StepResult.Kind;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.Collectors;

/** Says where digests came from, and what it took: attempts, refusals, and what the breaker did when. */
final class EffortText {

    private final StepReport<Digest> report;
    private final Tally tally;

    EffortText(StepReport<Digest> report, Tally tally) {
        this.report = report;
        this.tally = tally;
    }

    void print(Output output) {
        output.line(
                "Digests: %d of the endpoint, %d local, %d none",
                report.count(Kind.SUCCEEDED), report.count(Kind.DEGRADED), report.failureCount());
        long attempts =
                report.results().stream().mapToLong(StepResult::attempts).sum();
        long retries = report.results().stream()
                .mapToLong(result -> Math.max(0, result.attempts() - 1))
                .sum();
        output.line("Attempts: %d, of which %d were retries; refused by a guard: %s", attempts, retries, refusals());
        tally.changes().forEach(change -> output.line("Breaker: %s", words(change)));
    }

    private String refusals() {
        String byGuard = tally.refusals().entrySet().stream()
                .map(count -> count.getValue() + " " + count.getKey())
                .collect(Collectors.joining(", "));
        return byGuard.isEmpty() ? "none" : byGuard;
    }

    private String words(CircuitBreakerTransition change) {
        return String.format(
                Locale.ROOT,
                "after %5d ms %s -> %s",
                Duration.between(start(), change.at()).toMillis(),
                change.from(),
                change.to());
    }

    private Instant start() {
        return report.results().stream()
                .map(StepResult::startedAt)
                .min(Comparator.naturalOrder())
                .orElse(Instant.EPOCH);
    }
}
