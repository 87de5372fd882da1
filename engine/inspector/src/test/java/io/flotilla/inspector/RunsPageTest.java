package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import io.flotilla.journal.InMemoryJournal;
import io.flotilla.journal.Journal;
import io.flotilla.run.Run;
import io.flotilla.run.RunOptions;
import io.flotilla.run.Workflow;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The table of runs, in a browser. */
@Timeout(120)
@ExtendWith(Chromium.class)
class RunsPageTest {

    private final Journal journal = InMemoryJournal.builder().build();
    private final Newsroom newsroom = Newsroom.atOnce();
    private final Workflow<Object, String> reports = newsroom.workflow("market-report", journal);
    private final Workflow<Object, String> clerks = Flows.asking("clerk", journal);
    private Inspector inspector;

    @BeforeEach
    void start() {
        inspector = Look.start(Inspector.on(reports.runs(), clerks.runs()));
    }

    @AfterEach
    void stop() {
        reports.runs().live().forEach(Run::cancel);
        clerks.runs().live().forEach(Run::cancel);
        inspector.stop().block(Client.PATIENCE);
    }

    private String ended(String task, RunOptions options) {
        Run<String> run = reports.start(task, options);
        run.result().block(Client.PATIENCE);
        return run.runId();
    }

    private static List<String> ids(Look look) {
        List<String> ids = new ArrayList<>();
        look.page.locator("tbody tr").all().forEach(row -> ids.add(row.getAttribute("data-id")));
        return ids;
    }

    private static Locator row(Look look, String id) {
        return look.page.locator("tr[data-id='" + id + "']");
    }

    @Test
    void runs_noneYet_isExplainedAndTheFirstOneAppears(Browser browser) {
        try (Look look = Look.at(browser, inspector, null).open("").reads("No runs yet")) {
            String id = ended("alpha", RunOptions.none().label("tenant", "blue"));

            row(look, id).locator(".badge.succeeded").waitFor();

            assertThat(row(look, id).innerText()).contains("market-report", "tenant=blue", "12");
        }
    }

    @Test
    void runs_oneIsLive_itsRowChangesUntilItHasEnded(Browser browser) {
        try (Look look = Look.at(browser, inspector, null).open("").reads("No runs yet")) {
            Run<String> run = reports.start("gate-a");
            Run<String> asking = clerks.start("x");
            row(look, run.runId()).locator(".badge.running").waitFor();
            row(look, asking.runId()).getByText("1 question").waitFor();
            look.until("() => document.querySelector('#link').dataset.state === 'live'");

            newsroom.open("gate-a");

            row(look, run.runId()).locator(".badge.succeeded").waitFor();
            assertThat(ids(look)).containsExactlyInAnyOrder(run.runId(), asking.runId());

            look.button("Live").click();
            look.until("() => document.querySelectorAll('tbody tr').length === 1");
            asking.cancel();
            look.reads("No run matches");
        }
    }

    @Test
    void runs_filtered_areThoseThatMatchAndTheAddressSaysSo(Browser browser) {
        String blue = ended("alpha", RunOptions.none().label("tenant", "blue"));
        String green = ended("beta", RunOptions.none().label("tenant", "green"));
        Run<String> asking = clerks.start("x");
        try (Look look = Look.at(browser, inspector, null).open("")) {
            look.until("() => document.querySelectorAll('tbody tr').length === 3");

            look.page.getByLabel("Labels").fill("tenant:green");
            look.until("() => document.querySelectorAll('tbody tr').length === 1");
            assertThat(ids(look)).containsExactly(green);
            assertThat(look.page.url()).contains("label=tenant%3Agreen");

            look.page.getByLabel("Labels").fill("");
            look.page.getByLabel("Workflow").selectOption("clerk");
            look.until("() => document.querySelector('tbody tr')?.dataset.id === '" + asking.runId() + "'");
            assertThat(ids(look)).containsExactly(asking.runId());

            look.page.getByLabel("Workflow").selectOption("");
            look.button("Succeeded").click();
            look.until("() => document.querySelectorAll('tbody tr').length === 2");
            assertThat(ids(look)).containsExactly(green, blue);

            look.page.getByLabel("Run id begins with").fill(blue);
            look.until("() => document.querySelectorAll('tbody tr').length === 1");
            assertThat(ids(look)).containsExactly(blue);

            look.page.getByLabel("Run id begins with").fill("none-such");
            look.reads("No run matches");
            look.button("Clear the filter").click();
            look.until("() => document.querySelectorAll('tbody tr').length === 3");
        }
    }

    @Test
    void runs_moreThanAPage_areTurnedAndOnlyOnePageIsInTheDocument(Browser browser) {
        List<String> all = new ArrayList<>();
        for (int run = 0; run < 120; run++) {
            all.add(0, ended("alpha", RunOptions.none()));
        }
        try (Look look = Look.at(browser, inspector, null).open("")) {
            look.until("() => document.querySelectorAll('tbody tr').length === 50");
            List<String> seen = new ArrayList<>(ids(look));
            for (int page = 2; page <= 3; page++) {
                look.button("Older →").click();
                look.reads("Page " + page);
                seen.addAll(ids(look));
            }
            assertThat(seen).containsExactlyElementsOf(all);
            assertThat(look.button("Older →").isDisabled()).isTrue();

            ended("beta", RunOptions.none());
            look.button("1 newer run since. Show").click();
            look.until("() => !document.querySelector('.paging').textContent.includes('Page')");
            assertThat(ids(look)).hasSize(50).doesNotContain(all.get(49)).contains(all.get(48));
        }
    }

    @Test
    void runs_byKeyboardAlone_leadToARunThroughItAndBack(Browser browser) {
        ended("alpha", RunOptions.none());
        String newest = ended("beta", RunOptions.none());
        try (Look look = Look.at(browser, inspector, null).open("")) {
            look.until("() => document.querySelectorAll('tbody tr').length === 2");
            look.page.keyboard().press("Tab");
            assertThat(focused(look)).isEqualTo("Skip to the content");
            look.page.keyboard().press("Enter");
            look.page.keyboard().press("/");
            assertThat(look.page.evaluate("() => document.activeElement.name")).isEqualTo("id");
            while (!"runs"
                    .equals(look.page.evaluate("() => document.activeElement.closest('table')?.className ?? ''"))) {
                look.page.keyboard().press("Tab");
            }
            look.page.keyboard().press("ArrowDown");
            look.page.keyboard().press("ArrowUp");
            look.page.keyboard().press("Enter");
            look.page.waitForURL("**/#/runs/" + newest);
            look.tab("Events").waitFor();

            look.page.locator("[role=tab][aria-selected=true]").focus();
            assertThat(focused(look))
                    .as("a run that has failures shows them first")
                    .startsWith("Failures");
            look.page.keyboard().press("ArrowRight");
            assertThat(focused(look)).startsWith("Agents");
            look.page.locator(".lanes .scroll").focus();
            look.page.keyboard().press("ArrowDown");
            look.until(
                    "() => document.querySelector('[role=status].visually-hidden').textContent.includes('Branch /')");
            look.page.locator(".time input").focus();
            look.page.keyboard().press("Home");
            look.until("() => document.querySelector('.time output').textContent.startsWith('0 of')");
            look.page.goBack();
            look.until("() => document.querySelectorAll('tbody tr').length === 2");
        }
    }

    private static String focused(Look look) {
        return String.valueOf(look.page.evaluate("() => document.activeElement.textContent"));
    }
}
