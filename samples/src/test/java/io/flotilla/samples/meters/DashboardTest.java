package io.flotilla.samples.meters;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.run.Run;
import io.flotilla.run.RunResult;
import io.flotilla.run.Workflow;
import io.flotilla.samples.shell.Captured;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The dashboard asks for nothing that is not in a scrape of the sample. */
@Timeout(60)
class DashboardTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    private static final String RESOURCE = "/io/flotilla/observe/grafana-dashboard.json";

    private static final Pattern METRIC = Pattern.compile("\\b(flotilla_[a-z_]+)(?:\\{([^}]*)})?");
    private static final Pattern MATCHER = Pattern.compile("([a-z_]+)\\s*(=~|!~|=|!=)\\s*\"([^\"]*)\"");
    private static final Pattern GROUPING =
            Pattern.compile("\\bby \\(([^)]*)\\)\\s*\\(((?:[^()]|\\((?:[^()]|\\([^()]*\\))*\\))*)\\)");
    private static final Pattern VARIABLE = Pattern.compile("label_values\\(([a-z_]+), ([a-z_]+)\\)");
    private static final Pattern SAMPLE = Pattern.compile("^([a-z_]+)(?:\\{(.*)})? \\S+$");
    private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"([^\"]*)\"");

    private final JsonNode dashboard = read();

    private static JsonNode read() {
        try (InputStream in = DashboardTest.class.getResourceAsStream(RESOURCE)) {
            return JsonMapper.builder().build().readTree(in);
        } catch (java.io.IOException unreadable) {
            throw new java.io.UncheckedIOException(unreadable);
        }
    }

    /** By metric, the values of each label. */
    private static Map<String, Map<String, Set<String>>> scraped() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        Workflow<String, String> triage = MetersSample.triage(registry);
        for (String task : List.of("printer", "vague")) {
            RunResult<String> result = triage.start(task).result().block(SOON);
            assertThat(result.isSucceeded()).isEqualTo(task.equals("printer"));
        }
        Run<String> asking = triage.start("ask");
        String scrape = registry.scrape();
        asking.cancel();
        asking.result().block(SOON);
        Map<String, Map<String, Set<String>>> metrics = new TreeMap<>();
        for (String line : scrape.lines().toList()) {
            SAMPLE.matcher(line).results().forEach(sample -> {
                Map<String, Set<String>> labels = metrics.computeIfAbsent(sample.group(1), any -> new TreeMap<>());
                if (sample.group(2) != null) {
                    LABEL.matcher(sample.group(2))
                            .results()
                            .forEach(label -> labels.computeIfAbsent(label.group(1), any -> new TreeSet<>())
                                    .add(label.group(2)));
                }
            });
        }
        return metrics;
    }

    private List<JsonNode> panels() {
        List<JsonNode> panels = new ArrayList<>();
        dashboard.get("panels").forEach(panels::add);
        return panels;
    }

    private List<JsonNode> charts() {
        return panels().stream()
                .filter(panel -> !panel.get("type").asString().equals("row"))
                .toList();
    }

    private List<String> expressions() {
        List<String> expressions = new ArrayList<>();
        charts().forEach(panel -> panel.get("targets")
                .forEach(target -> expressions.add(target.get("expr").asString())));
        return expressions;
    }

    @Test
    void expressions_everyMetricAndLabel_isInAScrapeOfTheSample() {
        Map<String, Map<String, Set<String>>> scraped = scraped();

        assertThat(expressions()).hasSizeGreaterThan(20);
        for (String expression : expressions()) {
            List<MatchResult> metrics = METRIC.matcher(expression).results().toList();
            assertThat(metrics).as(expression).isNotEmpty();
            for (MatchResult metric : metrics) {
                assertThat(scraped).as(expression).containsKey(metric.group(1));
                if (metric.group(2) != null) {
                    assertMatchersMatch(expression, metric.group(2), scraped.get(metric.group(1)));
                }
            }
            for (MatchResult grouping : GROUPING.matcher(expression).results().toList()) {
                List<String> labels = List.of(grouping.group(1).split(",\\s*"));
                METRIC.matcher(grouping.group(2))
                        .results()
                        .forEach(metric -> assertThat(scraped.get(metric.group(1)))
                                .as("labels of %s in %s", metric.group(1), expression)
                                .containsKeys(labels.toArray(String[]::new)));
            }
        }
    }

    /** A value that is written out is one that there is. */
    private static void assertMatchersMatch(String expression, String matchers, Map<String, Set<String>> labels) {
        for (MatchResult matcher : MATCHER.matcher(matchers).results().toList()) {
            assertThat(labels).as(expression).containsKey(matcher.group(1));
            if (!matcher.group(2).startsWith("!")) {
                for (String value : matcher.group(3).split("\\|", -1)) {
                    if (!value.startsWith("$")
                            && !value.equals("end")) { // only runs that fail by their own join have it
                        assertThat(labels.get(matcher.group(1))).as(expression).contains(value);
                    }
                }
            }
        }
    }

    @Test
    void expressions_everyGrouping_isUnderstoodByThisTest() {
        for (String expression : expressions()) {
            assertThat(GROUPING.matcher(expression).results().count())
                    .as(expression)
                    .isEqualTo(expression.split("\\bby \\(", -1).length - 1L);
        }
    }

    @Test
    void variables_areTheDataSourceTheWorkflowAndTheAgentAndAskForWhatThereIs() {
        Map<String, Map<String, Set<String>>> scraped = scraped();
        Map<String, JsonNode> variables = new TreeMap<>();
        dashboard
                .get("templating")
                .get("list")
                .forEach(each -> variables.put(each.get("name").asString(), each));

        assertThat(variables).containsOnlyKeys("datasource", "workflow", "agent");
        assertThat(variables.get("datasource").get("type").asString()).isEqualTo("datasource");
        for (String name : List.of("workflow", "agent")) {
            MatchResult query = VARIABLE.matcher(
                            variables.get(name).get("query").get("query").asString())
                    .results()
                    .findFirst()
                    .orElseThrow();
            assertThat(scraped).containsKey(query.group(1));
            assertThat(scraped.get(query.group(1))).containsKey(query.group(2));
            assertThat(expressions().stream().filter(expression -> expression.contains("$" + name)))
                    .as("%s is used", name)
                    .isNotEmpty();
        }
    }

    @Test
    void panels_eachHaveTitleUnitAndTheDataSourceThatIsChosen() {
        assertThat(charts()).isNotEmpty().allSatisfy(panel -> {
            assertThat(panel.get("title").asString()).isNotBlank();
            assertThat(panel.get("description").asString()).isNotBlank();
            assertThat(panel.get("fieldConfig").get("defaults").get("unit").asString())
                    .isNotBlank();
            assertThat(panel.get("datasource").get("uid").asString()).isEqualTo("${datasource}");
            panel.get("targets").forEach(target -> {
                assertThat(target.get("datasource").get("uid").asString()).isEqualTo("${datasource}");
                assertThat(target.get("legendFormat").asString()).isNotBlank();
            });
        });
        assertThat(charts().stream().map(panel -> panel.get("title").asString()))
                .doesNotHaveDuplicates();
    }

    @Test
    void dashboard_idsAndPlaces_areStableAndDoNotOverlap() {
        assertThat(dashboard.get("uid").asString()).isEqualTo("flotilla");
        assertThat(dashboard.get("id").isNull()).as("Grafana's own").isTrue();
        assertThat(dashboard.get("schemaVersion").asInt()).isGreaterThanOrEqualTo(39);
        assertThat(panels().stream().map(panel -> panel.get("id").asInt())).doesNotHaveDuplicates();
        Set<String> taken = new HashSet<>();
        for (JsonNode panel : panels()) {
            JsonNode at = panel.get("gridPos");
            assertThat(at.get("x").asInt() + at.get("w").asInt()).isLessThanOrEqualTo(24);
            for (int x = 0; x < at.get("w").asInt(); x++) {
                for (int y = 0; y < at.get("h").asInt(); y++) {
                    assertThat(taken.add((at.get("x").asInt() + x) + ","
                                    + (at.get("y").asInt() + y)))
                            .as("%s", panel.get("title"))
                            .isTrue();
                }
            }
        }
    }

    @TempDir
    private Path home;

    @Test
    void sample_run_printsWhatPrometheusSees() {
        Captured run = Captured.run(new MetersSample(), home, Map.of());

        assertThat(run.code()).as(run.err()).isZero();
        Set<String> lines = run.out().lines().collect(Collectors.toSet());
        assertThat(lines)
                .contains(
                        "printer: SUCCEEDED",
                        "flotilla_runs_started_runs_total{workflow=\"triage\"} 3.0",
                        "flotilla_runs_in_flight_runs{workflow=\"triage\"} 1.0",
                        "flotilla_questions_pending_questions{workflow=\"triage\"} 1.0",
                        "flotilla_joins_unmet_joins_total{agent=\"Desk\",workflow=\"triage\"} 1.0",
                        "flotilla_corrections_decisions_total{agent=\"Desk\",workflow=\"triage\"} 1.0")
                .anyMatch(line -> line.startsWith("flotilla_tokens_total{agent=\"Expert\",direction=\"input\"}"));
    }
}
