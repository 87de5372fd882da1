package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import io.flotilla.journal.InMemoryJournal;
import io.flotilla.journal.Journal;
import io.flotilla.run.Run;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Runs that a page may stumble over. */
@Timeout(120)
@ExtendWith(Chromium.class)
class AwkwardRunPageTest {

    private static final List<String> TABS = List.of(
            "Events", "Branches", "Joins", "Failures", "Agents", "Messages", "Questions", "State", "Output", "Result");

    private final Journal journal = InMemoryJournal.builder().build();
    private @Nullable Inspector inspector;

    @AfterEach
    void stop() {
        if (inspector != null) {
            inspector.stop().block(Client.PATIENCE);
        }
    }

    /** What an agent, a label or an output has made of the page. */
    private static List<String> disturbances(Look look, String where) {
        List<String> found = new ArrayList<>();
        if (look.page.locator(".evil").count() > 0) {
            found.add(where + ": a text has become markup");
        }
        if ((boolean) look.page.evaluate("() => document.documentElement.scrollWidth > innerWidth")) {
            found.add(where + ": is scrolled sideways");
        }
        if ((boolean) look.page.evaluate("() => document.documentElement.scrollHeight > 12 * innerHeight")) {
            found.add(where + ": a text fills the page");
        }
        return found;
    }

    private static List<String> tabs(Look look, String name) {
        List<String> found = new ArrayList<>(disturbances(look, name));
        for (String tab : TABS) {
            if (look.tab(tab).isVisible()) {
                look.tab(tab).click();
                found.addAll(disturbances(look, name + ", " + tab));
            }
        }
        return found;
    }

    @Test
    void run_markupLongNamesAndEndlessTexts_stayTextsAndInTheirPlaces(Browser browser) {
        Workflow<Object, String> awkward = Awkward.workflow(journal);
        awkward.start("go", Awkward.options()).result().block(Client.PATIENCE);
        Run<String> asking = awkward.start("ask", Awkward.options());
        inspector = Look.start(Inspector.on(awkward.runs()));
        List<String> found = new ArrayList<>();
        for (Browser.NewContextOptions kind : List.of(Look.laptop(), Look.phone())) {
            try (Look look = Look.at(browser, Objects.requireNonNull(inspector), null, kind)
                    .open("")) {
                look.until("() => document.querySelectorAll('tbody tr').length === 2");
                found.addAll(disturbances(look, "runs"));
                look.page.locator("tr:has(.succeeded) a.run-link").click();
                look.until("() => document.querySelector('.title .badge')?.textContent === 'succeeded'");
                found.addAll(tabs(look, "ended"));
                look.open("runs/" + asking.runId()).reads("alert(1)");
                look.until("() => document.querySelector('.notice') !== null");
                found.addAll(tabs(look, "asking"));
            }
        }
        asking.cancel();
        assertThat(found).isEmpty();
    }

    @Test
    void run_endlessText_isShownWholeWhenAsked(Browser browser) {
        Workflow<Object, String> awkward = Awkward.workflow(journal);
        String id =
                Objects.requireNonNull(awkward.run("go").block(Client.PATIENCE)).runId();
        inspector = Look.start(Inspector.on(awkward.runs()));
        try (Look look =
                Look.at(browser, Objects.requireNonNull(inspector), null).open("runs/" + id)) {
            look.tab("Failures").click();
            assertThat(look.page.locator(".failures .reason").innerText()).hasSizeLessThan(2_000);

            look.page.locator(".failures .reason button").click();

            assertThat(look.page.locator(".failures .reason").innerText()).hasSizeGreaterThan(10_000);
        }
    }

    @Test
    void graph_largeCyclicOrDense_isReadable(Browser browser) {
        Map<String, Topology> topologies = new LinkedHashMap<>();
        topologies.put("fifty", Awkward.fifty());
        topologies.put("hub", Awkward.hub());
        topologies.put("mesh", Awkward.mesh());
        topologies.put("awkward", Awkward.workflow(journal).topology());
        Map<String, String> runs = new LinkedHashMap<>();
        List<Workflow<Object, String>> workflows = new ArrayList<>();
        topologies.forEach((name, topology) -> {
            Workflow<Object, String> workflow = Awkward.drawn(name, topology, journal);
            workflows.add(workflow);
            runs.put(
                    name,
                    Objects.requireNonNull(workflow.run("go").block(Client.PATIENCE))
                            .runId());
        });
        inspector =
                Look.start(Inspector.on(workflows.stream().map(Workflow::runs).toArray(io.flotilla.run.Runs[]::new)));
        try (Look look = Look.at(browser, Objects.requireNonNull(inspector), null)) {
            topologies.forEach((name, topology) -> {
                look.open("runs/" + runs.get(name));
                look.until("() => document.querySelector('.page h1')?.textContent === '" + name
                        + "' && document.querySelector('.graph svg') !== null");
                assertThat(look.page.evaluate(PICTURE))
                        .as(
                                "%s: boxes that overlap, names that leave theirs, edges that are not drawn, whether it is too small to read",
                                name)
                        .isEqualTo(List.of(0, 0, 0, false));
                assertThat(look.page.locator(".graph .edge").count()).as(name).isEqualTo(edges(topology));
            });
        }
    }

    private static int edges(Topology topology) {
        return topology.successors(Topology.START).size()
                + topology.agents().stream()
                        .mapToInt(agent -> topology.successors(agent).size())
                        .sum();
    }

    private static final String PICTURE = """
            () => {
              const nodes = [...document.querySelectorAll('.graph .node')].map(node => ({ box: node.querySelector('rect, polygon').getBBox(), name: node.querySelector('.name').getBBox() }));
              const apart = (a, b) => a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
              const overlapping = nodes.filter((one, at) => nodes.slice(at + 1).some(other => !apart(one.box, other.box))).length;
              const leaving = nodes.filter(({ box, name }) => name.x < box.x || name.x + name.width > box.x + box.width).length;
              const empty = [...document.querySelectorAll('.graph .edge')].filter(edge => !(edge.getTotalLength() > 4)).length;
              const svg = document.querySelector('.graph svg'), { width, height } = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
              return [overlapping, leaving, empty, Math.min(width / view.width, height / view.height) < .74];
            }""";
}
