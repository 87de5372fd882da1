package io.flotilla.samples.meters;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.common.docs.KeyName;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.docs.MeterDocumentation;
import io.micrometer.observation.Observation;
import io.micrometer.observation.docs.ObservationDocumentation;
import io.micrometer.prometheusmetrics.PrometheusNamingConvention;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Names, keys and units of observations and meters are in the enums that document them, and the READMEs say the same. */
class TelemetryDocsTest {

    private static final Path PROJECT = Path.of("..");

    private static final Pattern DOCUMENTS =
            Pattern.compile("enum (\\w+) implements (?:\\w+, )*(?:MeterDocumentation|ObservationDocumentation)\\b");
    private static final Pattern PACKAGE = Pattern.compile("(?m)^package ([\\w.]+);");
    private static final Pattern LITERAL = Pattern.compile("\"(flotilla\\.[a-z.]+)\"");
    private static final Pattern BUILT_BY_LITERAL = Pattern.compile(
            "(?:Counter|Timer|Gauge|DistributionSummary|LongTaskTimer|FunctionCounter)\\.builder\\(\\s*\"|createNotStarted\\(\\s*\"|Observation\\.start\\(\\s*\"");
    private static final Pattern WORD = Pattern.compile("`([a-z][a-z. ]*)`");

    private static List<Path> modules() {
        return Stream.of("core", "journal", "teams", "testkit", "trust", "inspector")
                .map(name -> PROJECT.resolve("engine").resolve(name))
                .collect(Collectors.collectingAndThen(Collectors.toList(), all -> {
                    all.add(PROJECT.resolve("resilience"));
                    return all.stream().filter(Files::isDirectory).toList();
                }));
    }

    private static List<Path> sources(Path module) {
        try (Stream<Path> files = Files.walk(module.resolve("src/main/java"))) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** The constants of all enums of a module that document something. */
    private static List<Object> documented(Path module) {
        List<Object> constants = new ArrayList<>();
        for (Path source : sources(module)) {
            String text = read(source);
            Matcher documents = DOCUMENTS.matcher(text);
            if (documents.find()) {
                Matcher in = PACKAGE.matcher(text);
                assertThat(in.find()).isTrue();
                try {
                    Class<?> type = Class.forName(in.group(1) + '.' + documents.group(1));
                    constants.addAll(List.of(type.getEnumConstants()));
                } catch (ClassNotFoundException notCompiled) {
                    throw new AssertionError(notCompiled);
                }
            }
        }
        return constants;
    }

    private static String nameOf(Object constant) {
        return constant instanceof MeterDocumentation meter
                ? meter.getName()
                : ((ObservationDocumentation) constant).getName();
    }

    static List<Path> documenting() {
        return modules().stream()
                .filter(module -> !documented(module).isEmpty())
                .toList();
    }

    /** By name, the cells of its row by the header of their column. */
    private static Map<String, Map<String, String>> rows(Path readme) {
        Map<String, Map<String, String>> rows = new TreeMap<>();
        List<String> header = List.of();
        for (String line : read(readme).lines().toList()) {
            if (!line.startsWith("|")) {
                header = List.of();
                continue;
            }
            List<String> cells =
                    Arrays.stream(line.split("\\|", -1)).map(String::strip).toList();
            if (header.isEmpty()) {
                header = cells;
                continue;
            }
            if (cells.get(1).matches("`flotilla\\.[a-z.]+`")) {
                Map<String, String> row = new TreeMap<>();
                for (int at = 1; at < Math.min(cells.size(), header.size()) - 1; at++) {
                    row.put(header.get(at), cells.get(at));
                }
                assertThat(rows.put(cells.get(1).replace("`", ""), row))
                        .as(line)
                        .isNull();
            }
        }
        return rows;
    }

    private static Set<String> words(String cell) {
        return WORD.matcher(cell).results().map(word -> word.group(1)).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> names(KeyName[] keys) {
        return Arrays.stream(keys).map(KeyName::asString).collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void modules_thatDocument_areAtLeastThose() {
        assertThat(documenting().stream().map(module -> module.getFileName().toString()))
                .contains("core", "teams", "trust", "resilience");
    }

    @ParameterizedTest
    @MethodSource("documenting")
    void readme_ofAModule_hasARowForEachAndNoOther(Path module) {
        assertThat(rows(module.resolve("README.md")).keySet())
                .containsExactlyInAnyOrderElementsOf(documented(module).stream()
                        .map(TelemetryDocsTest::nameOf)
                        .toList());
    }

    @ParameterizedTest
    @MethodSource("documenting")
    void readme_ofAModule_saysWhatTheEnumsSay(Path module) {
        Map<String, Map<String, String>> rows = rows(module.resolve("README.md"));
        for (Object constant : documented(module)) {
            Map<String, String> row = rows.getOrDefault(nameOf(constant), Map.of());
            if (constant instanceof MeterDocumentation meter) {
                assertSays(row, meter);
            } else {
                assertSays(row, (ObservationDocumentation) constant);
            }
        }
    }

    private static void assertSays(Map<String, String> row, MeterDocumentation meter) {
        assertThat(words(row.getOrDefault("tags", "?"))).as("%s", meter).isEqualTo(names(meter.getKeyNames()));
        String unit = meter.getBaseUnit() == null ? "" : meter.getBaseUnit();
        if (row.containsKey("in Prometheus")) {
            String name = new PrometheusNamingConvention()
                    .name(meter.getName(), meter.getType(), unit.isEmpty() ? null : unit);
            boolean isCounter = meter.getType() == Meter.Type.COUNTER && !name.endsWith("_total");
            assertThat(row.get("in Prometheus")).startsWith("`" + name + (isCounter ? "_total" : "") + "`");
        } else {
            assertThat(row.get("type"))
                    .as("%s", meter)
                    .isEqualTo(meter.getType().name().toLowerCase(Locale.ROOT));
            assertThat(row.get("unit")).as("%s", meter).isEqualTo(unit);
        }
    }

    private static void assertSays(Map<String, String> row, ObservationDocumentation observation) {
        String[] keys = row.getOrDefault("keys", "?").split(";", -1);
        assertThat(words(keys[0])).as("%s", observation).isEqualTo(names(observation.getLowCardinalityKeyNames()));
        assertThat(words(keys.length > 1 ? keys[1] : ""))
                .as("%s", observation)
                .isEqualTo(names(observation.getHighCardinalityKeyNames()));
        assertThat(words(row.getOrDefault("events", "")))
                .as("%s", observation)
                .isEqualTo(Arrays.stream(observation.getEvents())
                        .map(Observation.Event::getName)
                        .collect(Collectors.toCollection(TreeSet::new)));
    }

    @Test
    void names_ofAll_areDifferentAndOfOneForm() {
        assertThat(modules().stream()
                        .flatMap(module -> documented(module).stream())
                        .map(TelemetryDocsTest::nameOf))
                .doesNotHaveDuplicates()
                .allMatch(name -> name.matches("flotilla(\\.[a-z]+)+"));
    }

    @Test
    void code_ofAllModules_usesTheEnumsAndNoNamesOfItsOwn() {
        Set<String> names = modules().stream()
                .flatMap(module -> documented(module).stream())
                .map(TelemetryDocsTest::nameOf)
                .collect(Collectors.toSet());
        List<String> found = new ArrayList<>();
        for (Path module : modules()) {
            for (Path source : sources(module)) {
                String text = read(source);
                if (BUILT_BY_LITERAL.matcher(text).find()) {
                    found.add(source + " builds a meter or observation by a literal name");
                }
                if (!DOCUMENTS.matcher(text).find()
                        && !source.endsWith("StepMdc.java")) { // a key of the MDC may be called as a span
                    for (MatchResult literal : LITERAL.matcher(text).results().toList()) {
                        if (names.contains(literal.group(1))) {
                            found.add(source + " has " + literal.group());
                        }
                    }
                }
            }
        }
        assertThat(found).isEmpty();
    }
}
