package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.InMemoryJournal;
import io.flotilla.journal.Journal;
import io.flotilla.run.RunOptions;
import io.flotilla.run.RunResult;
import io.flotilla.run.Workflow;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What can be read. */
class InspectorReadTest {

    private final Journal journal = InMemoryJournal.builder().build();
    private final Workflow<Object, String> crew = Flows.crew("crew", journal);
    private final Workflow<Object, String> asking = Flows.asking("asking", journal);
    private Inspector inspector;
    private Client client;

    @BeforeEach
    void start() {
        inspector = Inspector.on(crew.runs(), asking.runs()).start().block(Client.PATIENCE);
        client = Client.of(inspector);
    }

    @AfterEach
    void stop() {
        inspector.stop().block(Client.PATIENCE);
    }

    private String run(Object task) {
        RunResult<String> result = crew.run(task).block(Client.PATIENCE);
        assertThat(result.isSucceeded()).as("%s", result).isTrue();
        return result.runId();
    }

    @Test
    void about_ofAnInspector_saysWhatIsShown() {
        JsonNode about = client.get("/api/about").json();

        assertThat(about.get("workflows")).hasToString("[\"crew\",\"asking\"]");
        assertThat(about.get("actions").asBoolean()).isFalse();
        assertThat(about.get("network").asBoolean()).isFalse();
        assertThat(about.get("health").asBoolean()).isFalse();
        assertThat(about.get("now").asString()).endsWith("Z");
    }

    @Test
    void runs_severalOfThem_areRowsWithTheNewestFirst() {
        String first = run(2);
        String second = crew.start(3, RunOptions.none().label("tenant", "acme"))
                .result()
                .block(Client.PATIENCE)
                .runId();

        JsonNode page = client.get("/api/runs").json();

        assertThat(ids(page)).containsExactly(second, first);
        assertThat(page.get("next").isNull()).isTrue();
        JsonNode row = page.get("runs").get(0);
        assertThat(row.get("workflow").asString()).isEqualTo("crew");
        assertThat(row.get("status").asString()).isEqualTo("succeeded");
        assertThat(row.get("labels")).hasToString("{\"tenant\":\"acme\"}");
        assertThat(row.get("steps").asLong()).isEqualTo(5);
        assertThat(row.get("tokens").asLong()).isEqualTo(30);
        assertThat(row.get("questions").asLong()).isZero();
        assertThat(row.get("live").asBoolean()).isFalse();
        assertThat(row.get("durationMillis").asLong()).isNotNegative();
    }

    private static List<String> ids(JsonNode page) {
        List<String> ids = new ArrayList<>();
        page.get("runs").forEach(row -> ids.add(row.get("id").asString()));
        return ids;
    }

    @Test
    void runs_pageByPage_areAllThereOnce() {
        List<String> all = new ArrayList<>();
        for (int run = 0; run < 7; run++) {
            all.add(0, run(1));
        }
        List<String> seen = new ArrayList<>();
        String after = "";
        do {
            JsonNode page = client.get("/api/runs?limit=3&after=" + after).json();
            seen.addAll(ids(page));
            after = page.get("next").asString("");
        } while (!after.isEmpty());

        assertThat(seen).isEqualTo(all);
    }

    @Test
    void run_thatHasEnded_hasTopologyAndResult() {
        String id = run(2);

        JsonNode run = client.get("/api/runs/" + id).json();

        assertThat(run.get("run").get("id").asString()).isEqualTo(id);
        assertThat(run.get("topology").get("nodes").toString()).contains("{\"name\":\"Reader\",\"kind\":\"agent\"}");
        assertThat(run.get("topology").get("edges").toString()).contains("[\"Planner\",\"Reader\"]");
        assertThat(run.get("result").asString()).isEqualTo("read 2\n");
        assertThat(run.get("joins")).isEmpty();
    }

    @Test
    void facts_ofARun_areItsEventsWithTheirFacts() {
        String id = run(2);
        List<String> expected =
                crew.runs().events(id).map(event -> event.type()).collectList().block(Client.PATIENCE);

        JsonNode facts = client.get("/api/runs/" + id + "/facts").json();

        List<String> types = new ArrayList<>();
        facts.get("entries").forEach(entry -> types.add(entry.get("type").asString()));
        assertThat(types).isEqualTo(expected).hasSizeGreaterThan(8);
        assertThat(facts.get("entries").get(0).get("fact").asLong()).isZero();
        assertThat(facts.get("entries").get(types.size() - 1).get("fact").asLong())
                .isEqualTo(4);
        assertThat(facts.get("next").isNull()).isTrue();
    }

    @Test
    void facts_aPartOfThem_sayWhereTheNextBegins() {
        String id = run(2);

        JsonNode facts = client.get("/api/runs/" + id + "/facts?from=3&limit=2").json();

        assertThat(facts.get("entries")).hasSize(2);
        assertThat(facts.get("entries").get(0).get("sequence").asLong()).isEqualTo(3);
        assertThat(facts.get("next").asLong()).isEqualTo(5);
    }

    @Test
    void state_atAFactOrAnEvent_isThatOfThen() {
        String id = run(2);

        assertThat(client.get("/api/runs/" + id + "/state?at=2")
                        .json()
                        .get("facts")
                        .asLong())
                .isEqualTo(2);
        assertThat(client.get("/api/runs/" + id + "/state?event=0")
                        .json()
                        .get("facts")
                        .asLong())
                .isEqualTo(1);
        assertThat(client.get("/api/runs/" + id + "/state").json().get("status").asString())
                .isEqualTo("succeeded");
    }

    @Test
    void usage_ofARun_isThatOfItsAgents() {
        String id = run(3);

        JsonNode usage = client.get("/api/runs/" + id + "/usage").json();

        assertThat(usage.get("total").get("inputTokens").asLong()).isEqualTo(21);
        assertThat(usage.get("agents").toString())
                .contains("{\"agent\":\"Reader\",\"steps\":3,\"failed\":0")
                .contains("\"inputTokens\":21,\"outputTokens\":9");
    }

    private static JsonNode usage(Workflow<Object, String> flow, String id) {
        Inspector other = Inspector.on(flow.runs()).start().block(Client.PATIENCE);
        try {
            return Client.of(other).get("/api/runs/" + id + "/usage").json();
        } finally {
            other.stop().block(Client.PATIENCE);
        }
    }

    private static List<String> lines(JsonNode usage) {
        List<String> lines = new ArrayList<>();
        usage.get("agents")
                .forEach(line -> lines.add(line.get("agent").asString("others") + " "
                        + line.get("inputTokens").asLong() + " "
                        + line.get("outputTokens").asLong()));
        return lines;
    }

    @Test
    void usage_ofStepsSideBySide_isThatOfEachAndOfThoseThatWereCancelled() {
        Workflow<Object, String> racing = Flows.racing("racing", journal);
        JsonNode usage = usage(racing, racing.run("go").block(Client.PATIENCE).runId());

        assertThat(usage.get("total").get("inputTokens").asLong()).isEqualTo(103);
        assertThat(lines(usage)).containsExactly("Lead 0 0", "Quick 3 1", "others 100 20");
    }

    @Test
    void usage_ofARunRecordedBeforeItWas_isPutDownToTheStepThatEndsNext() {
        String id =
                Flows.racing("racing", journal).run("go").block(Client.PATIENCE).runId();
        Journal older = Flows.beforeOwnUsage(journal, id);

        assertThat(lines(usage(Flows.racing("racing", older), id))).containsExactly("Lead 0 0", "Quick 103 21");
    }

    @Test
    void run_thatWaitsForAnAnswer_hasItsQuestion() {
        var run = asking.start("x");
        while (run.questions().isEmpty()) {
            Thread.onSpinWait();
        }

        JsonNode details = client.get("/api/runs/" + run.runId()).json();

        assertThat(details.get("run").get("status").asString()).isEqualTo("running");
        assertThat(details.get("run").get("live").asBoolean()).isTrue();
        assertThat(details.get("run").get("questions").asLong()).isEqualTo(1);
        assertThat(details.get("questions").get(0).get("choices")).hasToString("[\"yes\",\"no\"]");
        run.cancel();
    }
}
