package io.flotilla.samples.shell;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;

/** A run of a sample as the shell sees it: exit code, output, errors. */
public record Captured(int code, String out, String err) {

    /**
     * Runs a sample below a folder of its own.
     *
     * @param home instead of the samples' folder; results are in {@code target} below it
     * @param properties as given with {@code -D}
     */
    public static Captured run(Sample sample, Path home, Map<String, String> properties, Map<String, String> env) {
        Properties given = new Properties();
        given.putAll(properties);
        given.setProperty("flotilla.samples.home", home.toString());
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Output output = new Output(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false);
        int code = Shell.run(sample, new Settings(given, env), output);
        return new Captured(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    public static Captured run(Sample sample, Path home, Map<String, String> properties) {
        return run(sample, home, properties, Map.of());
    }
}
