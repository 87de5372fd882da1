package io.flotilla.samples.modules;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two small programs, {@code src/it}, are compiled and run on the module path, by the JDK's own tools. */
@Timeout(300)
class ModularApplicationTest {

    private static final ToolProvider JAVAC = ToolProvider.findFirst("javac").orElseThrow();

    @TempDir
    Path folder;

    /** Without what only tests have, and what is optional: users of the modules need not bring it. */
    private static List<Path> withoutTestLibraries(List<Path> modulePath) {
        return modulePath.stream()
                .filter(
                        each -> !each.getFileName()
                                .toString()
                                .matches(
                                        "(junit|assertj|opentest4j|apiguardian|jackson-(databind|core)-2|micrometer-tracing|context-propagation|opentelemetry).*"))
                .toList();
    }

    private static String joined(List<Path> paths) {
        return paths.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    private void compile(String module, List<Path> modulePath) throws Exception {
        List<String> args = new ArrayList<>(List.of(
                "--release",
                "17",
                "-Xlint:all,-requires-automatic",
                "-Werror",
                "-proc:none",
                "-d",
                folder.resolve(module).toString(),
                "--module-path",
                joined(modulePath)));
        try (Stream<Path> sources = Files.walk(Path.of("src", "it", module))) {
            sources.map(Path::toString).filter(each -> each.endsWith(".java")).forEach(args::add);
        }
        StringWriter said = new StringWriter();
        PrintWriter to = new PrintWriter(said);
        int code = JAVAC.run(to, to, args.toArray(String[]::new));
        assertThat(code).as("javac: %s", said).isZero();
    }

    private List<String> run(String module, List<Path> modulePath, String... args) throws Exception {
        List<Path> path = new ArrayList<>(modulePath);
        path.add(folder.resolve(module));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "--module-path",
                joined(path),
                "--module",
                module + "/" + module + ".Main"));
        command.addAll(List.of(args));
        Path out = folder.resolve("out");
        Path errors = folder.resolve("errors");
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(errors.toFile())
                .start();
        try {
            assertThat(process.waitFor(180, TimeUnit.SECONDS)).as("ends").isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as("%s", Files.readString(errors)).isZero();
        return Files.readAllLines(out);
    }

    @Test
    void application_ofCoreJournalAndResilience_runsOnTheModulePath() throws Exception {
        List<Path> path = withoutTestLibraries(BuiltModules.modulePath());
        compile("fleet", path);

        assertThat(run("fleet", path, folder.resolve("runs.db").toString()))
                .containsSubsequence(
                        "answer Note[text=two words, words=2] after 2 attempts",
                        "replayed SUCCEEDED",
                        "modules fleet io.flotilla.core io.flotilla.journal.sqlite io.flotilla.resilience reactor.core");
    }

    @Test
    void testsOfAModule_withTheTestKit_runOnTheModulePath() throws Exception {
        List<Path> path = BuiltModules.modulePath();
        compile("fleet.test", path);

        Path scenario =
                Path.of("..", "engine", "testkit", "src", "test", "resources", "scenarios", "nested-forks.json");
        assertThat(run("fleet.test", path, scenario.toString(), "append_toANewRun_givesTheNextSequence"))
                .containsSubsequence("passed nested-forks", "succeeded 1");
    }
}
