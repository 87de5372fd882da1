package io.flotilla.samples.patterns;

import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunFailure;
import io.flotilla.run.RunResult;
import io.flotilla.samples.shell.BadInput;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Lists and runs the agent patterns that others have written down; {@code -Dpattern=NAME} runs one and says more of it. */
public final class Patterns implements Sample {

    public static void main(String[] args) {
        Shell.exit(new Patterns());
    }

    @Override
    public String name() {
        return "patterns";
    }

    /** What became of one task. */
    record Played(RunResult<String> result, List<RunEvent> events, List<String> calls) {

        /** The answer, or why there is none. */
        String outcome() {
            RunFailure failure = result.failure();
            return failure == null
                    ? String.valueOf(result.answer())
                    : "FAILED: " + failure.first().reason();
        }

        /** Who took a step, in order. */
        List<String> steps() {
            return events.stream()
                    .filter(RunEvent.StepStarted.class::isInstance)
                    .map(event -> ((RunEvent.StepStarted) event).agent())
                    .toList();
        }
    }

    static List<Pattern> all() {
        return Stream.concat(Anthropic.patterns().stream(), OpenAi.patterns().stream())
                .toList();
    }

    /** Runs one of a pattern's tasks. */
    static Played play(Pattern pattern, String task, long seed) {
        Model model = new Model(seed);
        Run<String> run = pattern.workflow(model).start(task);
        pattern.person().accept(run);
        // Blocking is for the outermost edge of a program, such as this.
        RunResult<String> result = Objects.requireNonNull(run.result().block());
        return new Played(
                result, Objects.requireNonNull(run.events().collectList().block()), model.calls());
    }

    @Override
    public int run(Settings settings, Output output) {
        String wanted = settings.pattern();
        if (wanted == null) {
            list(Anthropic.NAME, Anthropic.patterns(), settings.seed(), output);
            list(OpenAi.NAME, OpenAi.patterns(), settings.seed(), output);
            return 0;
        }
        show(named(wanted), settings.seed(), output);
        return 0;
    }

    private static Pattern named(String wanted) {
        return all().stream()
                .filter(pattern -> pattern.name().equals(wanted))
                .findAny()
                .orElseThrow(() -> new BadInput("-Dpattern must be one of "
                        + all().stream().map(Pattern::name).collect(Collectors.joining(", ")) + ", was "
                        + BadInput.quoted(wanted)));
    }

    private static void list(String origin, List<Pattern> patterns, long seed, Output output) {
        output.line("%s (seed %d)", origin, seed);
        for (Pattern pattern : patterns) {
            String label = pattern.name();
            for (String task : pattern.tasks()) {
                Played played = play(pattern, task, seed);
                long steps = played.result().steps();
                output.line("  %-27s %2d %-5s  %s", label, steps, steps == 1 ? "step" : "steps", played.outcome());
                label = "";
            }
        }
    }

    private static void show(Pattern pattern, long seed, Output output) {
        output.line("%s: %s", pattern.name(), pattern.about());
        pattern.topology().lines().forEach(line -> output.line("  %s", line));
        for (String task : pattern.tasks()) {
            Played played = play(pattern, task, seed);
            output.line("");
            output.line("Task: %s", task);
            played.events().stream()
                    .map(Patterns::told)
                    .filter(Objects::nonNull)
                    .forEach(line -> output.line("  %s", line));
            output.line("Model asked: %s", String.join(", ", played.calls()));
            output.line("Outcome: %s", played.outcome());
        }
    }

    /** What is shown of an event; null for nothing. */
    private static @Nullable String told(RunEvent event) {
        if (event instanceof RunEvent.StepStarted step) {
            return "%-7s %s".formatted(step.branch(), step.agent());
        }
        if (event instanceof RunEvent.Forked forked) {
            return "%-7s   forks %d".formatted(forked.branch(), forked.branches());
        }
        if (event instanceof RunEvent.BranchCancelled cancelled) {
            return "%-7s   is cancelled".formatted(cancelled.branch());
        }
        if (event instanceof RunEvent.QuestionAsked asked) {
            return "%-7s   asks: %s".formatted(asked.branch(), asked.question().text());
        }
        return null;
    }
}
