package io.flotilla.samples.shell;

import org.slf4j.LoggerFactory;

/**
 * Between a sample and the shell: settings in, exit code out. 0: done; 1: it could not; 2: the input made no sense. In
 * the last two cases there is one line on standard error that says why, and no stack trace.
 */
public final class Shell {

    private static final int COULD_NOT = 1;
    private static final int BAD_INPUT = 2;

    private Shell() {}

    /**
     * Runs a sample and ends this process with its exit code, also when it is 0: a build that started the sample has
     * nothing left to do, and would wait for idle threads.
     */
    public static void exit(Sample sample) {
        Settings settings = Settings.ofThisProcess();
        quietLibraries(settings, sample.name());
        int code = run(sample, settings, Output.ofThisProcess());
        System.out.flush();
        System.exit(code);
    }

    /** Runs a sample and turns whatever it throws into a line and an exit code. */
    public static int run(Sample sample, Settings settings, Output output) {
        try {
            return sample.run(settings, output);
        } catch (BadInput bad) {
            output.err().println(sample.name() + ": " + bad.getMessage());
            return BAD_INPUT;
        } catch (RuntimeException unexpected) {
            LoggerFactory.getLogger(Shell.class).error("{} failed", sample.name(), unexpected);
            output.err()
                    .println(sample.name() + ": failed: " + Output.oneLine(unexpected.toString()) + "; more in "
                            + settings.outputFolder(sample.name()).resolve("run.log"));
            return COULD_NOT;
        }
    }

    /** Read by the libraries when their first class is loaded, so this comes before everything else. */
    private static void quietLibraries(Settings settings, String sample) {
        System.setProperty(
                "flotilla.samples.log",
                settings.outputFolder(sample).resolve("run.log").toString());
        if (System.getProperty("io.netty.noUnsafe") == null) {
            System.setProperty("io.netty.noUnsafe", "true"); // newer JDKs print a warning where it is used
        }
    }
}
