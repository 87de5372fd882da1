package io.flotilla.samples.timetravel;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.Decision;
import io.flotilla.run.Run;
import io.flotilla.run.RunResult;
import io.flotilla.run.RunState;
import io.flotilla.run.Runs;
import io.flotilla.run.Workflow;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** A run is recorded; then its facts are listed, it is looked at as it was after two of them, and taken another way. */
public final class TimeTravel implements Sample {

    /** What {@code -Dsample} calls it. */
    public static final String NAME = "time-travel";

    public static void main(String[] args) {
        Shell.exit(new TimeTravel());
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int run(Settings settings, Output output) {
        Path folder = settings.outputFolder(NAME);
        try {
            Files.createDirectories(folder);
        } catch (IOException failed) {
            throw new UncheckedIOException("cannot make " + folder, failed);
        }
        // Blocking is for the outermost edge of a program, such as this.
        Journal journal =
                SqliteJournal.builder(folder.resolve("journal.sqlite")).open();
        try {
            return travel(journal, output);
        } finally {
            journal.close().block();
        }
    }

    private static int travel(Journal journal, Output output) {
        Word word = new Word();
        Workflow<String, String> workflow = word.workflow(journal);
        Runs<String> runs = workflow.runs();
        FactText text = new FactText(journal.codec());

        Run<String> run = workflow.start(Word.TASK);
        String first = answer(run);
        List<JournalEntry> facts = facts(journal, run);
        output.line("A run, recorded: %s", first);
        output.line("");
        print(facts, text, 0, output);

        long early = numberOf(facts, text, "AgentA") + 1;
        long late = numberOf(facts, text, "AgentC") + 1;
        for (long sequence : List.of(early, late)) {
            print(Objects.requireNonNull(runs.stateAt(run.runId(), sequence).block()), output);
        }

        List<String> everybody = word.asked();
        long answered = numberOf(facts, text, "AgentB");
        Run<String> fork =
                Objects.requireNonNull(runs.fork(run.runId(), answered, Decision.handOff("Orchestrator", "I"))
                        .block());
        String second = answer(fork);
        output.line("");
        output.line("The same run, but at fact %d AgentB says I:", answered);
        output.line("");
        print(facts(journal, fork), text, answered, output);
        output.line("");
        output.line("It was:          %s, for which were asked %s", first, String.join(", ", everybody));
        output.line("It is otherwise: %s, for which were asked %s", second, String.join(", ", word.asked()));
        output.line(
                "And still is:    %s",
                answer(Objects.requireNonNull(runs.recover(run.runId()).block())));
        return 0;
    }

    private static String answer(Run<String> run) {
        RunResult<String> result = Objects.requireNonNull(run.result().block());
        return Objects.requireNonNull(result.orThrow().answer());
    }

    private static List<JournalEntry> facts(Journal journal, Run<String> run) {
        return Objects.requireNonNull(journal.read(run.runId(), 0).collectList().block());
    }

    private static void print(List<JournalEntry> facts, FactText text, long from, Output output) {
        for (JournalEntry fact : facts) {
            if (fact.sequence() >= from) {
                output.line("%3d  %-12s  %s", fact.sequence(), fact.type(), text.of(fact));
            }
        }
    }

    /** The first step of an agent that ended. */
    private static long numberOf(List<JournalEntry> facts, FactText text, String agent) {
        return facts.stream()
                .filter(fact -> text.of(fact).startsWith(agent + " "))
                .findFirst()
                .orElseThrow()
                .sequence();
    }

    private static void print(RunState state, Output output) {
        output.line("");
        output.line("After %d facts: %s, %d steps started", state.facts(), lower(state.status()), state.steps());
        state.branches()
                .forEach(branch ->
                        output.line("  %-6s %-13s %s", branch.path(), branch.agent(), lower(branch.status())));
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
