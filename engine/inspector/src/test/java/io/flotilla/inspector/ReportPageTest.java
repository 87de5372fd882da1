package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.options.ColorScheme;
import io.flotilla.journal.InMemoryJournal;
import io.flotilla.journal.Journal;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunResult;
import io.flotilla.run.Workflow;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The report of a run, one file without a server, in a browser. */
@Timeout(120)
@ExtendWith(Chromium.class)
class ReportPageTest {

    private final Journal journal = InMemoryJournal.builder().build();

    @TempDir
    private Path folder;

    private static String ended(Workflow<Object, String> workflow) {
        RunResult<String> result = Objects.requireNonNull(workflow.run("go").block(Client.PATIENCE));
        return result.runId();
    }

    private Path report(Workflow<Object, String> workflow, String id) {
        return Objects.requireNonNull(
                workflow.runs().report(id, folder.resolve(id + ".html")).block(Client.PATIENCE));
    }

    @Test
    void report_ofARun_drawsItAndFollowsTheSlider(Browser browser) {
        Workflow<Object, String> workflow = Newsroom.atOnce().workflow("market-report", journal);
        Path file = report(workflow, ended(workflow));
        try (Look look = Look.at(browser, file, Look.laptop())) {
            look.until("() => document.querySelector('.title .badge')?.textContent === 'succeeded'");
            assertThat(look.page.title()).startsWith("market-report");
            assertThat(look.number("branches")).isEqualTo("8");
            assertThat(look.number("steps")).isEqualTo("12");
            assertThat(look.number("tokens in")).isEqualTo("18,400");
            assertThat(look.page.locator(".graph .node").count()).isEqualTo(9);
            assertThat(look.page.locator(".graph .node.bad").count()).isEqualTo(1);
            look.reads("HTTP 429 of search.example");
            look.tab("Agents").click();
            assertThat(row(look, "Researcher")).contains("8,000", "2,100");
            look.tab("Result").click();
            look.reads("It grows by four percent.");

            look.travel(0);

            assertThat(look.number("steps")).isEqualTo("0");
            look.tab("Agents").click();
            look.reads("No agent has worked yet.");
        }
    }

    private static String row(Look look, String text) {
        return look.page.locator(".panel tr:has-text('" + text + "')").innerText();
    }

    @Test
    void report_ofARunWithAState_showsItAsItWas(Browser browser) {
        Workflow<Object, String> workflow = Awkward.workflow(journal);
        String id = ended(workflow);
        List<RunEvent> events =
                Objects.requireNonNull(workflow.runs().events(id).collectList().block(Client.PATIENCE));
        int written = (int) events.stream()
                .takeWhile(event -> !(event instanceof RunEvent.StateWritten))
                .count();
        for (Browser.NewContextOptions kind :
                List.of(Look.laptop(), Look.laptop().setColorScheme(ColorScheme.DARK), Look.phone())) {
            try (Look look = Look.at(browser, report(workflow, id), kind)
                    .ignoring("willReadFrequently")) { // axe reads its own canvas
                look.until("() => document.querySelector('.title .badge')?.textContent === 'succeeded'");
                List<String> faults = new ArrayList<>(Axe.faults(look, Axe.PAGE));
                look.tab("State").click();
                assertThat(look.page.locator(".panel tbody tr").count()).isEqualTo(4);
                faults.addAll(Axe.faults(look, Axe.PANEL));
                assertThat(faults).isEmpty();
                assertThat(look.page.locator(".evil").count())
                        .as("texts that became markup")
                        .isZero();
                assertThat((boolean) look.page.evaluate("() => document.documentElement.scrollWidth > innerWidth"))
                        .as("scrolled sideways")
                        .isFalse();

                look.travel(written + 1);
                look.until("() => document.querySelectorAll('.panel tbody tr').length === 2");
                assertThat(row(look, "asks")).contains("false");
                look.travel(written);
                look.reads("The run's own state is empty at this moment.");
            }
        }
    }
}
