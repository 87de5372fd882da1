package io.flotilla.samples.readingcrew;

import io.flotilla.agent.Usage;
import io.flotilla.samples.shell.Output;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Says how the reading went: a table of what failed, and the numbers. */
final class ReportText {

    private static final int MAX_AGENT = 50;
    private static final int MAX_CAUSE = 50;

    private final StepReport<Digest> report;
    private final Tally tally;

    ReportText(StepReport<Digest> report, Tally tally) {
        this.report = report;
        this.tally = tally;
    }

    void print(Output output) {
        List<StepResult<Digest>> failures = report.failures();
        List<StepResult<Digest>> told =
                failures.stream().filter(failure -> !isLate(failure)).toList();
        if (!told.isEmpty()) {
            output.line("");
            output.line("%-" + MAX_AGENT + "s  %-9s  %-" + MAX_CAUSE + "s  %8s", "agent", "kind", "cause", "duration");
            told.forEach(failure -> output.line(
                    "%-" + MAX_AGENT + "s  %-9s  %-" + MAX_CAUSE + "s  %8s",
                    end(failure.agentId().toString(), MAX_AGENT),
                    failure.kind(),
                    beginning(cause(failure), MAX_CAUSE),
                    milliseconds(failure.duration())));
        }
        output.line("");
        output.line("%d files: %s", report.size(), countsByKind());
        if (!failures.isEmpty()) {
            output.line("Failures: %s", countsByCause(failures));
        }
        List<StepResult<Digest>> degraded = report.results().stream()
                .filter(result -> result.kind() == StepResult.Kind.DEGRADED)
                .toList();
        if (!degraded.isEmpty()) {
            output.line("Degraded: %s", countsByCause(degraded));
        }
        new EffortText(report, tally).print(output);
        output.line(
                "A step took %s (median), the slowest %s%s",
                milliseconds(report.durations().median()),
                milliseconds(report.durations().max()),
                slowestAgent());
        Usage usage = report.values().stream().map(Digest::usage).reduce(Usage.NONE, Usage::plus);
        output.line("Tokens: %d in, %d out", usage.inputTokens(), usage.outputTokens());
    }

    private String countsByKind() {
        return report.counts().entrySet().stream()
                .map(count -> count.getValue() + " " + count.getKey().name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
    }

    private static String countsByCause(List<StepResult<Digest>> failures) {
        return failures.stream()
                .collect(Collectors.groupingBy(
                        failure -> Lost.kindOf(Objects.requireNonNull(failure.cause())),
                        TreeMap::new,
                        Collectors.counting()))
                .entrySet()
                .stream()
                .map(count -> count.getValue() + " " + count.getKey())
                .collect(Collectors.joining(", "));
    }

    private String slowestAgent() {
        return report.results().stream()
                .max(Comparator.comparing(StepResult::duration))
                .map(slowest -> ": " + slowest.agentId())
                .orElse("");
    }

    /** Whoever is late has done nothing wrong, and there may be many of them. */
    private static boolean isLate(StepResult<Digest> failure) {
        return failure.cause() instanceof LateException;
    }

    /** Why a step failed, in one line. */
    static String cause(StepResult<?> failure) {
        if (failure instanceof StepResult.TimedOut<?> late && !(late.cause() instanceof Lost)) {
            return "not done within " + milliseconds(late.limit());
        }
        return cause(Objects.requireNonNull(failure.cause(), "a failure has a cause"));
    }

    /** What a cause says, in one line. */
    static String cause(Throwable cause) {
        String message = cause.getMessage();
        return Output.oneLine(cause instanceof RuntimeException && message != null ? message : cause.toString());
    }

    static String milliseconds(Duration duration) {
        return duration.toMillis() + " ms";
    }

    private static String beginning(String text, int most) {
        return text.length() <= most ? text : text.substring(0, most - 3) + "...";
    }

    private static String end(String text, int most) {
        return text.length() <= most ? text : "..." + text.substring(text.length() - most + 3);
    }
}
