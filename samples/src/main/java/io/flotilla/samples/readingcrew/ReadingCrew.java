package io.flotilla.samples.readingcrew;

import io.flotilla.samples.readingcrew.chat.ChatClient;
import io.flotilla.samples.readingcrew.chat.Endpoint;
import io.flotilla.samples.readingcrew.standin.StandIn;
import io.flotilla.samples.readingcrew.standin.Storm;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.step.FailureMode;
import io.flotilla.step.StepFailedException;
import io.flotilla.step.StepReport;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A crew of agents reads a folder, one agent a file: each asks a model for a digest of its file, some fail, and all that
 * worked is kept. Without a key in {@code OPENAI_API_KEY} a stand-in answers, which fails on purpose.
 */
public final class ReadingCrew implements Sample {

    /** What {@code -Dsample} calls it. */
    public static final String NAME = "reading-crew";

    static final int MAX_FILES = 1_000;

    private static final Duration STAND_IN_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration MODEL_TIMEOUT = Duration.ofSeconds(60);

    public static void main(String[] args) {
        Shell.exit(new ReadingCrew());
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int run(Settings settings, Output output) {
        FailureMode mode = settings.mode();
        long seed = settings.seed();
        boolean wanted = settings.resilience();
        boolean resilience = wanted && mode == FailureMode.ISOLATE;
        boolean storm = settings.storm();
        Endpoint model = Endpoint.of(settings);
        Duration timeout = settings.timeout(model == null ? STAND_IN_TIMEOUT : MODEL_TIMEOUT);
        ReadingRound round = new ReadingRound(mode, timeout, resilience, seed);
        Folder folder = Folder.scan(settings.input(), MAX_FILES);
        Path results = settings.outputFolder(NAME);
        if (model != null) {
            output.line("Asking %s", model);
            if (storm) {
                output.line("-Dstorm is for the stand-in, and not used together with a key");
            }
            sayProtection(wanted, resilience, output);
            return read(folder, model, round, results, output);
        }
        try (StandIn standIn = new StandIn(seed, storm ? Storm.brief() : Storm.none())) {
            output.line("No OPENAI_API_KEY set: %s", standIn);
            if (storm) {
                output.line("A storm is coming: %s", Storm.brief());
            }
            if (settings.variable("OPENAI_BASE_URL") != null) {
                output.line("OPENAI_BASE_URL is set, and used only together with a key");
            }
            sayProtection(wanted, resilience, output);
            return read(folder, standIn.endpoint(), round, results, output);
        }
    }

    private static void sayProtection(boolean wanted, boolean resilience, Output output) {
        if (resilience) {
            output.line("Resilience is on: up to %d attempts, a breaker, and a local digest", Protection.ATTEMPTS);
        } else {
            output.line("Resilience is off%s", wanted ? " in fail-fast mode: with it hardly a step would fail" : "");
        }
    }

    private int read(Folder folder, Endpoint endpoint, ReadingRound round, Path results, Output output) {
        announce(folder, output);
        Tally tally = new Tally();
        StepReport<Digest> report;
        try (ChatClient chat = new ChatClient(endpoint, ReadingRound.CONCURRENCY);
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
        output.line("Digest: %s", DigestFile.write(results, report, "asked " + endpoint));
        return 0;
    }

    private static void announce(Folder folder, Output output) {
        output.line(
                "Reading %d files of %s, %d at a time",
                folder.files().size(), folder.root().toAbsolutePath().normalize(), ReadingRound.CONCURRENCY);
        if (folder.leftOut() > 0) {
            output.line("%d more are left out", folder.leftOut());
        }
        if (folder.unreadable() > 0) {
            output.line("%d could not be looked into", folder.unreadable());
        }
    }
}
