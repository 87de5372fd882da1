package io.flotilla;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Files stay small, in all modules: a file that grows beyond {@value #MOST} lines has a second idea in it. */
class FileSizeTest {

    private static final int MOST = 500;
    private static final int HALF_UNDER = 90;
    private static final Path ROOT = Path.of("../..");

    /** The main files of all modules, and how many lines they have. */
    private static Map<String, Integer> lines() {
        Map<String, Integer> lines = new TreeMap<>();
        for (String folder : new String[] {"engine", "resilience", "samples", "benchmarks"}) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(folder))) {
                files.filter(FileSizeTest::isMain)
                        .forEach(file -> lines.put(ROOT.relativize(file).toString(), count(file)));
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
        }
        return lines;
    }

    private static boolean isMain(Path file) {
        String name = file.toString().replace('\\', '/');
        return name.endsWith(".java") && name.contains("/src/main/java/") && !name.contains("/target/");
    }

    private static int count(Path file) {
        try (Stream<String> lines = Files.lines(file)) {
            return (int) lines.count();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static Map<String, Integer> tooLong(Map<String, Integer> lines) {
        Map<String, Integer> tooLong = new TreeMap<>(lines);
        tooLong.values().removeIf(count -> count <= MOST);
        return tooLong;
    }

    private static boolean halfAreSmall(Map<String, Integer> lines) {
        long small = lines.values().stream().filter(count -> count < HALF_UNDER).count();
        return 2 * small >= lines.size();
    }

    @Test
    void mainFiles_ofAllModules_haveAtMost500Lines() {
        Map<String, Integer> lines = lines();

        assertThat(lines).hasSizeGreaterThan(300).containsKey("engine/core/src/main/java/io/flotilla/AgentId.java");
        assertThat(tooLong(lines))
                .as("look for the second idea in these files, and give it a class of its own")
                .isEmpty();
    }

    @Test
    void mainFiles_ofAllModules_areHalfOfThemUnder90Lines() {
        assertThat(halfAreSmall(lines())).isTrue();
    }

    @Test
    void file_thatIsTooLong_isFound() {
        assertThat(tooLong(Map.of("a", MOST, "b", MOST + 1))).containsOnlyKeys("b");
        assertThat(halfAreSmall(Map.of("a", HALF_UNDER - 1, "b", HALF_UNDER))).isTrue();
        assertThat(halfAreSmall(Map.of("a", HALF_UNDER, "b", HALF_UNDER))).isFalse();
    }
}
