package io.flotilla.samples.traces;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.message.MessageObservation;
import io.flotilla.observe.FlotillaObservation;
import io.flotilla.observe.MdcKey;
import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.docs.ObservationDocumentation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page about traces says what the code does. */
class TracesPageTest {

    private static final Path CORE = Path.of("..", "engine", "core");
    private static final Path PAGE = CORE.resolve("TRACES.md");
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern WORD = Pattern.compile("`([a-z.]+)`");

    /** The rows of a section: what is in backquotes in the first cell, and in the last. */
    private static Map<String, Set<String>> rows(String section) throws IOException {
        String page = Files.readString(PAGE);
        String text = page.substring(page.indexOf("\n## " + section + "\n"));
        int end = text.indexOf("\n## ", 4);
        Map<String, Set<String>> rows = new TreeMap<>();
        (end < 0 ? text : text.substring(0, end))
                .lines()
                .filter(line -> line.startsWith("| `"))
                .forEach(line -> {
                    String[] cells = line.strip().replaceFirst("\\|$", "").split("\\|", -1);
                    rows.put(words(cells[1]).iterator().next(), words(cells[cells.length - 1]));
                });
        return rows;
    }

    private static Set<String> words(String cell) {
        return WORD.matcher(cell)
                .results()
                .map((MatchResult word) -> word.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void spans_onThePage_areThoseThatAreObserved_withTheirKeys() throws IOException {
        Map<String, Set<String>> observed = new TreeMap<>();
        List<ObservationDocumentation> all = Stream.<ObservationDocumentation>concat(
                        Stream.of(FlotillaObservation.values()), Stream.of(MessageObservation.values()))
                .toList();
        for (ObservationDocumentation each : all) {
            observed.put(
                    each.getName(),
                    Stream.of(KeyName.merge(each.getLowCardinalityKeyNames(), each.getHighCardinalityKeyNames()))
                            .map(KeyName::asString)
                            .collect(Collectors.toCollection(TreeSet::new)));
        }

        assertThat(rows("Spans")).isEqualTo(observed);
    }

    @Test
    void keysOfTheMdc_onThePage_areThoseThatAreSet() throws IOException {
        assertThat(rows("The MDC").keySet())
                .isEqualTo(Stream.of(MdcKey.values()).map(MdcKey::key).collect(Collectors.toCollection(TreeSet::new)));
    }

    @Test
    void code_onThePage_standsInTestsThatRunIt() throws IOException {
        String tests = squeezed(Files.readString(
                        Path.of("src/test/java/io/flotilla/samples/traces/TraceSetupTest.java"))
                + Files.readString(CORE.resolve("src/test/java/io/flotilla/observe/SpringBootTracesTest.java")));

        assertThat(BLOCK.matcher(Files.readString(PAGE)).results().map(block -> block.group(1)))
                .hasSize(2)
                .allSatisfy(block -> assertThat(tests).contains(squeezed(block)));
    }

    /** Without comments and white space, in which a page and a formatted file differ. */
    private static String squeezed(String code) {
        return code.lines()
                .map(line -> line.replaceFirst("//.*$", ""))
                .collect(Collectors.joining())
                .replaceAll("\\s+", "");
    }

    @Test
    void tree_onThePage_isOfTheSample() throws IOException {
        String golden = Files.readString(Path.of("README.md"));
        List<String> drawn = Files.readString(PAGE)
                .lines()
                .filter(line -> line.matches(" ?#\\d+ .*"))
                .toList();

        assertThat(drawn)
                .hasSizeGreaterThan(4)
                .allSatisfy(line -> assertThat(golden).contains(line));
    }
}
