package io.flotilla.journal.runs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What things are called is no format: with an event, an exception and a message of other names, in a copy of the sources
 * that is compiled here, the golden journals replay as they do.
 */
@Timeout(180)
class RenamedReplayTest {

    @TempDir
    Path folder;

    private static String renamed(String source) {
        return source.replaceAll("\\bHandedOff\\b", "PassedAlong")
                .replaceAll("\\bAgentFailedException\\b", "StepBrokeException")
                .replace("\" decided to fail: \"", "\" gave up, saying \"")
                .replace("it has no edge to ", "no edge leads from it to ");
    }

    private List<Path> copies() throws IOException {
        List<Path> copies = new ArrayList<>();
        Path sources = Files.createDirectory(folder.resolve("sources"));
        for (Path root : List.of(Path.of("../core/src/main/java"), Path.of("src/main/java"))) {
            try (Stream<Path> files = Files.walk(root)) {
                for (Path file : files.filter(path -> path.toString().endsWith(".java"))
                        .filter(path -> !path.endsWith("module-info.java"))
                        .toList()) {
                    copies.add(copy(file, sources.resolve(root.relativize(file))));
                }
            }
        }
        Path tests = Path.of("src/test/java/io/flotilla/journal/runs");
        for (String test : List.of("GoldenFlows.java", "GoldenReplay.java")) {
            copies.add(copy(tests.resolve(test), sources.resolve("golden").resolve(test)));
        }
        return copies;
    }

    private static Path copy(Path from, Path to) throws IOException {
        Path renamed = to.resolveSibling(renamed(to.getFileName().toString()));
        Files.createDirectories(renamed.getParent());
        return Files.writeString(renamed, renamed(Files.readString(from)));
    }

    private Path compiled() throws IOException {
        Path classes = Files.createDirectory(folder.resolve("classes"));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            List<String> options = List.of(
                    "-proc:none",
                    "-nowarn",
                    "-encoding",
                    "UTF-8",
                    "-d",
                    classes.toString(),
                    "-classpath",
                    System.getProperty("java.class.path"));
            boolean done = compiler.getTask(
                            null, files, null, options, null, files.getJavaFileObjectsFromPaths(copies()))
                    .call();
            assertThat(done).as("the renamed sources compile").isTrue();
        }
        return classes;
    }

    /** Our own classes from the copy, those of others from where they are. */
    private static final class Renamed extends URLClassLoader {

        Renamed(URL classes) {
            super(new URL[] {classes}, RenamedReplayTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                if (loaded != null) {
                    return loaded;
                }
                return name.startsWith("io.flotilla.") ? findClass(name) : super.loadClass(name, resolve);
            }
        }
    }

    @Test
    void replay_afterAnEventAnExceptionAndMessagesWereRenamed_isTheSame() throws Exception {
        Path golden = Files.createDirectory(folder.resolve("golden"));
        for (String name : List.of("simple", "forks", "open")) {
            Files.copy(
                    Path.of("src/test/resources/golden/0.1").resolve(name + ".sqlite"),
                    golden.resolve(name + ".sqlite"));
        }
        List<String> asTheyAre = GoldenReplay.replayAll(golden);
        assertThat(asTheyAre.toString()).contains("HandedOff");

        try (Renamed renamed = new Renamed(compiled().toUri().toURL())) {
            Object replayed = renamed.loadClass(GoldenReplay.class.getName())
                    .getMethod("replayAll", Path.class)
                    .invoke(null, golden);

            assertThat(replayed.toString()).isEqualTo(renamed(asTheyAre.toString()));
        }
    }
}
