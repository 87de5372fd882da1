package io.flotilla.testkit;

import io.flotilla.Experimental;
import io.flotilla.run.InvalidWorkflowException;
import io.flotilla.topology.InvalidTopologyException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs scenarios in virtual time, with unbounded concurrency and without step timeouts and retries.
 *
 * <pre>{@code
 * @TestFactory
 * Stream<DynamicTest> scenarios() {
 *     return DynamicTest.stream(
 *             ScenarioRunner.scenarios(Path.of("src/test/resources/scenarios")),
 *             Scenario::name,
 *             scenario -> new ScenarioRunner().run(scenario).orThrow());
 * }
 * }</pre>
 *
 * <p>While a scenario runs, all of Reactor's schedulers in the JVM are virtual, so nothing else should use them. Runners
 * wait for each other. Immutable and thread-safe.
 * @since 0.1
 */
@Experimental
public final class ScenarioRunner {

    /** How much real time a scenario may take by default. */
    public static final Duration DEFAULT_REAL_TIME_LIMIT = Duration.ofMinutes(2);

    /** How long a run that was stopped may take to notice. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    /** Held while Reactor's schedulers are exchanged, here and by simulations. */
    static final Object VIRTUAL_TIME = new Object();

    private final Duration realTimeLimit;

    /** A runner with all defaults. */
    public ScenarioRunner() {
        this(DEFAULT_REAL_TIME_LIMIT);
    }

    private ScenarioRunner(Duration realTimeLimit) {
        this.realTimeLimit = realTimeLimit;
    }

    /**
     * A runner with another limit for the real time of a scenario.
     *
     * @param limit 1 ms or more, at most 292 years; default {@link #DEFAULT_REAL_TIME_LIMIT}
     * @return the runner
     * @throws NullPointerException if {@code limit} is null
     * @throws IllegalArgumentException if {@code limit} is outside its bounds
     */
    public ScenarioRunner realTimeLimit(Duration limit) {
        if (limit.compareTo(Duration.ofMillis(1)) < 0 || limit.compareTo(Duration.ofNanos(Long.MAX_VALUE)) > 0) {
            throw new IllegalArgumentException("realTime must be >= PT0.001S and <= 292 years, was " + limit);
        }
        return new ScenarioRunner(limit);
    }

    /**
     * Runs a scenario on a separate thread, compares it with its expectations, and blocks until it has ended.
     *
     * <p>A run that does not end, because nothing more can happen or because it takes too long, is a difference, and so
     * is an invalid topology or workflow. A run in which nothing more can happen is cancelled if that is expected.
     *
     * @param scenario the scenario
     * @return the differences
     * @throws NullPointerException if {@code scenario} is null
     * @throws IllegalStateException if it is called in a simulated world
     */
    public ScenarioReport run(Scenario scenario) {
        Objects.requireNonNull(scenario, "scenario");
        CaseRunner.checkOutside();
        synchronized (VIRTUAL_TIME) {
            return ScenarioReport.of(scenario.name(), differences(scenario));
        }
    }

    private List<String> differences(Scenario scenario) {
        VirtualRun run = new VirtualRun(scenario);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread thread = new Thread(run::run, "flotilla-scenario");
        thread.setDaemon(true);
        thread.setUncaughtExceptionHandler((at, what) -> thrown.set(what));
        thread.start();
        String stopped = join(thread, run);
        if (stopped != null) {
            return List.of(stopped);
        }
        Throwable failure = thrown.get();
        if (failure != null) {
            return broken(failure);
        }
        if (run.result() == null) {
            return List.of("did not end: nothing is left to happen, and there is no result");
        }
        return Comparison.differences(scenario.expected, run.result(), run.agents(), run.compensated(), run.values());
    }

    /** Why it was stopped; null if it was not. */
    private @Nullable String join(Thread thread, VirtualRun run) {
        try {
            thread.join(realTimeLimit.toMillis());
            if (!thread.isAlive()) {
                return null;
            }
            run.stop();
            thread.join(GRACE.toMillis());
            return "did not end within " + realTimeLimit + " of real time";
        } catch (InterruptedException interrupted) {
            run.stop();
            Thread.currentThread().interrupt();
            return "did not end: the runner was interrupted";
        }
    }

    private static List<String> broken(Throwable thrown) {
        if (thrown instanceof InvalidTopologyException invalid) {
            return invalid.errors().stream()
                    .map(fault -> "topology: " + fault.message())
                    .toList();
        }
        if (thrown instanceof InvalidWorkflowException invalid) {
            return invalid.errors().stream().map(fault -> "workflow: " + fault).toList();
        }
        return List.of("broke down: " + thrown);
    }

    // --- files

    /**
     * Reads scenarios, for tests with one case for each file.
     *
     * @param filesOrFolders files, and folders whose {@code *.json} are read, sorted by name
     * @return the scenarios, which are read lazily, one by one
     * @throws NullPointerException if an argument is null
     * @throws UncheckedIOException if a folder cannot be read; while the stream is used, if a file cannot
     * @throws IllegalArgumentException if there is no file
     * @throws InvalidScenarioException while the stream is used, if a file is not a scenario
     */
    public static Stream<Scenario> scenarios(Path... filesOrFolders) {
        List<Path> files = new ArrayList<>();
        try {
            for (Path path : filesOrFolders) {
                files.addAll(files(path));
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
        if (files.isEmpty()) {
            throw new IllegalArgumentException("there is no scenario in " + List.of(filesOrFolders));
        }
        return files.stream().map(file -> {
            try {
                return Scenario.read(file);
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
        });
    }

    private static List<Path> files(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return List.of(path);
        }
        try (Stream<Path> inside = Files.list(path)) {
            return inside.filter(file -> String.valueOf(file.getFileName()).endsWith(".json"))
                    .sorted()
                    .toList();
        }
    }

    // --- from the command line

    /**
     * Runs scenarios and prints a line of JSON for each on the standard output: {@code {"name":..., "passed":...,
     * "differences":[...]}}. Ends the JVM: with 0 if all have passed; with 1 if one has failed or cannot be read, which
     * is a line as well, or if there is no scenario, which is reported on the standard error.
     *
     * @param args files, and folders whose {@code *.json} are read, sorted by name. An argument that is not a path is
     *     split at commas and white space
     */
    public static void main(String[] args) {
        System.exit(run(args, System.out, System.err));
    }

    static int run(String[] args, PrintStream out, PrintStream err) {
        List<Path> files = new ArrayList<>();
        boolean passed = true;
        for (String arg : args) {
            for (String name : names(arg)) {
                try {
                    List<Path> found = files(Path.of(name));
                    if (found.isEmpty()) {
                        err.println("there is no scenario in " + name);
                        passed = false;
                    }
                    files.addAll(found);
                } catch (IOException | InvalidPathException unreadable) {
                    err.println("cannot be read: " + unreadable);
                    passed = false;
                }
            }
        }
        if (files.isEmpty()) {
            err.println("no scenarios; say which files or folders");
            return 1;
        }
        for (Path file : files) {
            ScenarioReport report = report(file);
            out.println(report.toJson());
            out.flush();
            passed &= report.passed();
        }
        return passed ? 0 : 1;
    }

    private static List<String> names(String arg) {
        return isPath(arg)
                ? List.of(arg)
                : Stream.of(arg.split("[,\\s]+"))
                        .filter(name -> !name.isEmpty())
                        .toList();
    }

    private static boolean isPath(String arg) {
        try {
            return !arg.isBlank() && Files.exists(Path.of(arg));
        } catch (InvalidPathException several) {
            return false;
        }
    }

    private static ScenarioReport report(Path file) {
        try {
            return new ScenarioRunner().run(Scenario.read(file));
        } catch (IOException | InvalidScenarioException unreadable) {
            return ScenarioReport.of(Scenario.nameOf(file), List.of("cannot be read: " + message(unreadable)));
        }
    }

    private static String message(Exception unreadable) {
        return unreadable instanceof InvalidScenarioException
                ? String.valueOf(unreadable.getMessage())
                : unreadable.toString();
    }
}
