package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/** The control-flow patterns: every file runs, and {@code PATTERNS.md} says of each of the 43 what is true. */
@Timeout(120)
class WorkflowPatternsTest {

    private static final int PATTERNS = 43;
    private static final Path TABLE = Path.of("PATTERNS.md");
    private static final Path FILES = Path.of("src/test/resources/patterns");

    /** Number, name, support, file or test, remark. */
    private static final Pattern ROW = Pattern.compile("\\| (\\d+) \\| ([^|]+) \\| ([^|]+) \\| ([^|]*)\\| ([^|]+) \\|");

    private static final Pattern LINK = Pattern.compile("\\[[^]]+]\\(([^)]+)\\)");
    private static final Pattern COUNTS = Pattern.compile(
            "(\\d+) of the 43 run: (\\d+) directly, (\\d+) by combination\\. (\\d+) (?:do|does) not\\.");

    private record Row(int number, String name, String support, String link, String remark) {}

    private static String text() throws IOException {
        return Files.readString(TABLE, StandardCharsets.UTF_8);
    }

    private static List<Row> rows() throws IOException {
        return text().lines()
                .map(ROW::matcher)
                .filter(Matcher::matches)
                .map(row -> new Row(
                        Integer.parseInt(row.group(1)),
                        row.group(2),
                        row.group(3),
                        LINK.matcher(row.group(4))
                                .results()
                                .map(link -> link.group(1))
                                .findFirst()
                                .orElse(""),
                        row.group(5)))
                .toList();
    }

    @TestFactory
    Stream<DynamicTest> pattern_asWritten_comesOutAsExpected() {
        return DynamicTest.stream(
                ScenarioRunner.scenarios(FILES),
                Scenario::name,
                scenario -> new ScenarioRunner().run(scenario).orThrow());
    }

    @Test
    void table_ofAllPatterns_hasOneRowEachInOrder() throws IOException {
        assertThat(rows().stream().map(Row::number))
                .containsExactlyElementsOf(
                        IntStream.rangeClosed(1, PATTERNS).boxed().toList());
        assertThat(rows()).allSatisfy(row -> {
            assertThat(row.support()).isIn("direct", "combination", "not");
            assertThat(row.remark()).isNotBlank();
        });
    }

    @Test
    void row_thatClaimsSupport_linksToAScenarioOfItsNumberAndNameThatSaysWhatItMeans() throws IOException {
        for (Row row : rows()) {
            if (row.support().equals("not")) {
                assertThat(row.link()).as(row.name()).isEmpty();
                continue;
            }
            String name = "wcp-%02d-%s"
                    .formatted(row.number(), row.name().toLowerCase(Locale.ROOT).replaceAll("[^a-z]+", "-"));
            Path file = FILES.resolve(name + ".json");
            assertThat(row.link()).isEqualTo(linkTo(file));
            Scenario scenario = Scenario.read(file);
            assertThat(scenario.name()).isEqualTo(name);
            assertThat(scenario.about()).as(name).matches("[A-Z].{20,}\\.");
            assertThat(scenario.expected.status()).as(name).isNotNull();
        }
    }

    @Test
    void files_allOfThem_areInTheTable() throws IOException {
        try (Stream<Path> files = Files.list(FILES)) {
            List<String> found =
                    files.map(WorkflowPatternsTest::linkTo).sorted().toList();
            assertThat(rows().stream().map(Row::link).filter(link -> !link.isEmpty()))
                    .containsExactlyElementsOf(found);
        }
    }

    private static String linkTo(Path file) {
        return file.toString().replace('\\', '/');
    }

    @Test
    void counts_inWords_areThoseOfTheTable() throws IOException {
        Map<String, Integer> counted = new TreeMap<>();
        rows().forEach(row -> counted.merge(row.support(), 1, Integer::sum));
        int direct = counted.getOrDefault("direct", 0);
        int combination = counted.getOrDefault("combination", 0);
        Matcher said = COUNTS.matcher(text());
        assertThat(said.find()).as("the sentence with the counts").isTrue();
        assertThat(IntStream.rangeClosed(1, 4).map(group -> Integer.parseInt(said.group(group))))
                .containsExactly(direct + combination, direct, combination, PATTERNS - direct - combination);
    }
}
