package io.flotilla.samples.readingcrew;

import io.flotilla.samples.readingcrew.chat.ChatClient;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.step.StepFailedException;
import io.flotilla.step.StepReport;

/**
 * A round of agents reads a folder, one agent a file: each asks a model for a digest of its file, some fail, and all that
 * worked is kept. Without a key in {@code OPENAI_API_KEY} a stand-in answers, which fails on purpose.
 */
public final class ReadingRound implements Sample {

    /** What {@code -Dsample} calls it. */
    public static final String NAME = "reading-round";

    public static void main(String[] args) {
        Shell.exit(new ReadingRound());
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int run(Settings settings, Output output) {
        return Task.open(NAME, settings, output, task -> read(task, output));
    }

    private static int read(Task task, Output output) {
        Folder folder = task.folder();
        Tally tally = new Tally();
        Round round = new Round(task.mode(), task.timeout(), task.resilience(), task.seed());
        StepReport<Digest> report;
        try (ChatClient chat = new ChatClient(task.endpoint(), Task.AT_A_TIME);
                Progress progress = new Progress(ProgressView.of(folder.files().size(), output))) {
            report = round.read(folder.files(), chat, progress, tally);
        } catch (StepFailedException first) {
            output.err()
                    .printf(
                            "%s: stopped by the first failure, of agent %s: %s after %s: %s%n",
                            NAME,
                            first.agentId(),
                            first.failure().kind(),
                            ReportText.milliseconds(first.failure().duration()),
                            Output.oneLine(
                                    String.valueOf(first.failure().cause().getMessage())));
            return 1;
        }
        new ReportText(report, tally).print(output);
        output.line("Digest: %s", DigestFile.write(task.results(), report, "asked " + task.endpoint()));
        return 0;
    }
}
