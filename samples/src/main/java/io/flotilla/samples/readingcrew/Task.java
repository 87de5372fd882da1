package io.flotilla.samples.readingcrew;

import io.flotilla.samples.readingcrew.chat.Endpoint;
import io.flotilla.samples.readingcrew.standin.StandIn;
import io.flotilla.samples.readingcrew.standin.Storm;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Settings;
import io.flotilla.step.FailureMode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.ToIntFunction;

/**
 * What is to be read, how, and whom to ask: the same for the crew and for the round.
 *
 * @param folder what to read
 * @param endpoint whom to ask
 * @param mode what a failed step does
 * @param timeout how long an attempt may take
 * @param resilience whether steps are protected
 * @param seed of the retries' jitter
 * @param results where files are written to
 */
record Task(
        Folder folder,
        Endpoint endpoint,
        FailureMode mode,
        Duration timeout,
        boolean resilience,
        long seed,
        Path results) {

    /** How many files are asked about at the same time. */
    static final int AT_A_TIME = 16;

    /** What a reader is asked for. */
    static final String WORDS = "Write a digest of this file in three sentences.";

    static final int MAX_FILES = 10_000;

    private static final Duration STAND_IN_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration MODEL_TIMEOUT = Duration.ofSeconds(60);

    /** Reads the settings, opens the stand-in if there is no key, says what is going to be done, and has it done. */
    static int open(String sample, Settings settings, Output output, ToIntFunction<Task> read) {
        FailureMode mode = settings.mode();
        long seed = settings.seed();
        boolean wanted = settings.resilience();
        boolean resilience = wanted && mode == FailureMode.ISOLATE;
        boolean storm = settings.storm();
        Endpoint model = Endpoint.of(settings);
        Duration timeout = settings.timeout(model == null ? STAND_IN_TIMEOUT : MODEL_TIMEOUT);
        Folder folder = Folder.scan(settings.input(), MAX_FILES);
        Path results = settings.outputFolder(sample);
        if (model != null) {
            output.line("Asking %s", model);
            if (storm) {
                output.line("-Dstorm is for the stand-in, and not used together with a key");
            }
            announce(folder, wanted, resilience, output);
            return read.applyAsInt(new Task(folder, model, mode, timeout, resilience, seed, results));
        }
        try (StandIn standIn = new StandIn(seed, storm ? Storm.brief() : Storm.none())) {
            output.line("No OPENAI_API_KEY set: %s", standIn);
            if (storm) {
                output.line("A storm is coming: %s", Storm.brief());
            }
            if (settings.variable("OPENAI_BASE_URL") != null) {
                output.line("OPENAI_BASE_URL is set, and used only together with a key");
            }
            announce(folder, wanted, resilience, output);
            Endpoint endpoint = standIn.endpoint();
            return read.applyAsInt(new Task(folder, endpoint, mode, timeout, resilience, seed, results));
        }
    }

    private static void announce(Folder folder, boolean wanted, boolean resilience, Output output) {
        if (resilience) {
            output.line("Resilience is on: up to %d attempts, a breaker, and a local digest", Protection.ATTEMPTS);
        } else {
            output.line("Resilience is off%s", wanted ? " in fail-fast mode: with it hardly a step would fail" : "");
        }
        output.line(
                "Reading %d files of %s, %d at a time",
                folder.files().size(), folder.root().toAbsolutePath().normalize(), AT_A_TIME);
        if (folder.leftOut() > 0) {
            output.line("%d more are left out", folder.leftOut());
        }
        if (folder.unreadable() > 0) {
            output.line("%d could not be looked into", folder.unreadable());
        }
    }
}
