package io.flotilla.samples.shell;

import io.flotilla.step.FailureMode;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the user asked for: {@code -Dname=value} on the command line, and the environment. Checked when read. */
public final class Settings {

    private static final String HOME = "flotilla.samples.home";
    private static final Duration LONGEST_TIMEOUT = Duration.ofMinutes(10);
    private static final Pattern SHARE = Pattern.compile("\\d(\\.\\d{1,9})?");
    private static final int MAX_RUNS = 100_000;

    private final Properties properties;
    private final Map<String, String> environment;

    public Settings(Properties properties, Map<String, String> environment) {
        this.properties = properties;
        this.environment = Map.copyOf(environment);
    }

    static Settings ofThisProcess() {
        return new Settings(System.getProperties(), System.getenv());
    }

    /** {@code -Dseed}: any whole number, default 42. */
    public long seed() {
        String given = properties.getProperty("seed", "42");
        try {
            return Long.parseLong(given);
        } catch (NumberFormatException notANumber) {
            throw new BadInput("-Dseed must be a whole number of 64 bits, was " + BadInput.quoted(given));
        }
    }

    /** {@code -Dmode}: {@code isolate}, the default, or {@code fail-fast}. */
    public FailureMode mode() {
        String given = properties.getProperty("mode", "isolate");
        return switch (given) {
            case "isolate" -> FailureMode.ISOLATE;
            case "fail-fast" -> FailureMode.FAIL_FAST;
            default -> throw new BadInput("-Dmode must be one of isolate, fail-fast, was " + BadInput.quoted(given));
        };
    }

    /** {@code -Dresilience}: {@code on}, the default, or {@code off}. */
    public boolean resilience() {
        return choice("resilience", "on", "off", "on");
    }

    /** {@code -Dstorm}: {@code true}, or {@code false}, the default. */
    public boolean storm() {
        return choice("storm", "true", "false", "false");
    }

    /** {@code -Dresume}: {@code true}, or {@code false}, the default. */
    public boolean resume() {
        return choice("resume", "true", "false", "false");
    }

    /** {@code -Dinspect}: {@code true}, or {@code false}, the default. */
    public boolean inspect() {
        return choice("inspect", "true", "false", "false");
    }

    /** {@code -DinspectIdle}: how long the inspector stays when nobody looks any more, as in {@code PT10M}. */
    public Duration inspectIdle() {
        return duration("inspectIdle", LONGEST_TIMEOUT);
    }

    private boolean choice(String name, String yes, String no, String fallback) {
        String given = properties.getProperty(name, fallback);
        if (given.equals(yes) || given.equals(no)) {
            return given.equals(yes);
        }
        throw new BadInput("-D" + name + " must be one of " + yes + ", " + no + ", was " + BadInput.quoted(given));
    }

    /** {@code -Dtimeout}: how long an attempt may take, as in {@code PT3S}. */
    public Duration timeout(Duration fallback) {
        return duration("timeout", fallback);
    }

    /** {@code -Ddeadline}: how long the readers may take, as in {@code PT20S}. */
    public Duration deadline(Duration fallback) {
        return duration("deadline", fallback);
    }

    private Duration duration(String name, Duration fallback) {
        String given = properties.getProperty(name);
        if (given == null) {
            return fallback;
        }
        BadInput bad = new BadInput("-D" + name + " must be a duration as in PT3S, above zero and at most "
                + LONGEST_TIMEOUT + ", was " + BadInput.quoted(given));
        try {
            Duration duration = Duration.parse(given);
            if (duration.isZero() || duration.isNegative() || duration.compareTo(LONGEST_TIMEOUT) > 0) {
                throw bad;
            }
            return duration;
        } catch (DateTimeParseException noDuration) {
            throw bad;
        }
    }

    /** {@code -Dquorum}: which share of the files is enough, exactly as it was written; default 1, all of them. */
    public BigDecimal quorum() {
        String given = properties.getProperty("quorum", "1");
        BigDecimal quorum = SHARE.matcher(given).matches() ? new BigDecimal(given) : BigDecimal.ZERO;
        if (quorum.signum() <= 0 || quorum.compareTo(BigDecimal.ONE) > 0) {
            throw new BadInput(
                    "-Dquorum must be a number as in 0.8, above zero and at most 1, was " + BadInput.quoted(given));
        }
        return quorum;
    }

    /** {@code -Druns}: how many runs; default 1,000. */
    public int runs() {
        String given = properties.getProperty("runs", "1000");
        try {
            int runs = Integer.parseInt(given);
            if (runs >= 1 && runs <= MAX_RUNS) {
                return runs;
            }
        } catch (NumberFormatException notANumber) {
            // told below
        }
        throw new BadInput("-Druns must be a whole number from 1 to " + MAX_RUNS + ", was " + BadInput.quoted(given));
    }

    /** {@code -Dpattern}: the name of a pattern; null for all. */
    public @Nullable String pattern() {
        return properties.getProperty("pattern");
    }

    /** {@code -Dinput}: a folder, relative to where the command was typed; default the project itself. */
    public Path input() {
        String given = properties.getProperty("input");
        if (given == null) {
            return projectRoot();
        }
        try {
            return Path.of(given);
        } catch (InvalidPathException noPath) {
            throw new BadInput("-Dinput must be a folder, was " + BadInput.quoted(given));
        }
    }

    /** Where a sample puts its files, wherever the command was typed: {@code samples/target/NAME}. */
    public Path outputFolder(String sample) {
        return home().resolve("target").resolve(sample);
    }

    /** A variable of the environment without spaces around it; null if it is not set or blank. */
    public @Nullable String variable(String name) {
        String value = environment.get(name);
        return value == null || value.isBlank() ? null : value.strip();
    }

    private Path projectRoot() {
        Path parent = home().getParent();
        return parent == null ? home() : parent;
    }

    /** The folder of the samples: as the build says; started by hand, below the first folder upwards that has it. */
    private Path home() {
        String given = properties.getProperty(HOME);
        if (given != null) {
            return Path.of(given).toAbsolutePath().normalize();
        }
        Path here = Path.of("").toAbsolutePath();
        for (Path folder = here; folder != null; folder = folder.getParent()) {
            if (Files.isRegularFile(folder.resolve("samples").resolve("pom.xml"))) {
                return folder.resolve("samples");
            }
        }
        return here;
    }
}
