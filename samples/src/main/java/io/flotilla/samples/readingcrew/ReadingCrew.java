package io.flotilla.samples.readingcrew;

import io.flotilla.samples.readingcrew.chat.ChatClient;
import io.flotilla.samples.readingcrew.chat.Endpoint;
import io.flotilla.samples.readingcrew.standin.StandIn;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.step.FailureMode;
import io.flotilla.step.ResultSink;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepFailedException;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import reactor.core.publisher.Flux;

/**
 * A crew of agents reads a folder, one agent a file: each asks a model for a digest of its file, some fail, and all that
 * worked is kept. Without a key in {@code OPENAI_API_KEY} a stand-in answers, which fails on purpose.
 */
public final class ReadingCrew implements Sample {

    /** What {@code -Dsample} calls it. */
    public static final String NAME = "reading-crew";

    static final int MAX_FILES = 1_000;

    private static final String TASK = "Write a digest of this file in three sentences.";
    private static final int CONCURRENCY = 16;
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
        Endpoint model = Endpoint.of(settings);
        Duration timeout = settings.timeout(model == null ? STAND_IN_TIMEOUT : MODEL_TIMEOUT);
        Folder folder = Folder.scan(settings.input(), MAX_FILES);
        Path results = settings.outputFolder(NAME);
        if (model != null) {
            output.line("Asking %s", model);
            return read(folder, model, mode, timeout, results, output);
        }
        try (StandIn standIn = new StandIn(seed)) {
            output.line("No OPENAI_API_KEY set: %s", standIn);
            if (settings.variable("OPENAI_BASE_URL") != null) {
                output.line("OPENAI_BASE_URL is set, and used only together with a key");
            }
            return read(folder, standIn.endpoint(), mode, timeout, results, output);
        }
    }

    private int read(
            Folder folder, Endpoint endpoint, FailureMode mode, Duration timeout, Path results, Output output) {
        announce(folder, output);
        StepReport<Digest> report;
        try (ChatClient chat = new ChatClient(endpoint, CONCURRENCY);
                Progress progress = new Progress(ProgressView.of(folder.files().size(), output))) {
            report = read(folder, chat, mode, timeout, progress);
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
        new ReportText(report).print(output);
        output.line("Digest: %s", DigestFile.write(results, report, "asked " + endpoint));
        return 0;
    }

    /** The heart of it: an agent a file, one engine, one round; each result is shown as it comes, and kept. */
    private static StepReport<Digest> read(
            Folder folder, ChatClient chat, FailureMode mode, Duration timeout, Progress progress) {
        List<Reader> readers =
                folder.files().stream().map(file -> new Reader(file, chat)).toList();
        StepEngine engine = StepEngine.builder()
                .concurrency(CONCURRENCY)
                .stepTimeout(timeout)
                .failureMode(mode)
                .with(progress)
                .build();
        ResultSink<Digest> sink = ResultSink.keepingAll();
        Flux<StepResult<Digest>> results = engine.stream(readers, TASK);
        // Blocking is for the outermost edge of a program, such as this.
        sink.pass(results.doOnNext(progress::ended)).then().block();
        return sink.report();
    }

    private static void announce(Folder folder, Output output) {
        output.line(
                "Reading %d files of %s, %d at a time",
                folder.files().size(), folder.root().toAbsolutePath().normalize(), CONCURRENCY);
        if (folder.leftOut() > 0) {
            output.line("%d more are left out", folder.leftOut());
        }
        if (folder.unreadable() > 0) {
            output.line("%d could not be looked into", folder.unreadable());
        }
    }
}
