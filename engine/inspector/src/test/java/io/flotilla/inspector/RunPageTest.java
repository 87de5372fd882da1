package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import io.flotilla.health.Health;
import io.flotilla.health.HealthCheck;
import io.flotilla.health.HealthMonitor;
import io.flotilla.journal.InMemoryJournal;
import io.flotilla.journal.Journal;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.Workflow;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Sinks;

/** One run, live and recorded, in a browser. */
@Timeout(120)
@ExtendWith(Chromium.class)
class RunPageTest {

    private final Journal journal = InMemoryJournal.builder().build();
    private final Newsroom newsroom = Newsroom.atOnce();
    private final Workflow<Object, String> reports = newsroom.workflow("market-report", journal);
    private final Sinks.Empty<Void> paper = Sinks.empty();
    private final Workflow<Object, String> printers = Flows.failing("printer", journal, paper.asMono());
    private final HealthMonitor monitor = HealthMonitor.builder()
            .check(HealthCheck.of("model endpoint", () -> Health.degraded("p99 is 2.4 s")))
            .build();
    private Inspector inspector;

    @BeforeEach
    void start() {
        inspector = Look.start(Inspector.on(reports.runs(), printers.runs())
                .health(monitor)
                .circuitBreakers(() ->
                        List.of(HealthCheck.of("circuit breaker Researcher", () -> Health.degraded("half-open")))));
    }

    @AfterEach
    void stop() {
        reports.runs().live().forEach(Run::cancel);
        inspector.stop().block(Client.PATIENCE);
    }

    private String ended(String task) {
        return Objects.requireNonNull(reports.run(task).block(Client.PATIENCE)).runId();
    }

    private List<RunEvent> events(String id) {
        return Objects.requireNonNull(reports.runs().events(id).collectList().block(Client.PATIENCE));
    }

    private static String live(Look look, String agent) {
        return String.valueOf(look.page.evaluate(
                "name => { const node = [...document.querySelectorAll('.graph .node')].find(each => each.querySelector('title').textContent === name); return node.classList.contains('live') ? node.querySelector('.live-text').textContent : '' }",
                agent));
    }

    @Test
    void run_live_isFollowedFromForkToEnd(Browser browser) {
        Run<String> run = reports.start("gate-live");
        try (Look look = Look.at(browser, inspector, null).open("runs/" + run.runId())) {
            look.until(
                    "() => document.querySelector('.badge.running') && document.querySelector('#link').dataset.state === 'live'");
            look.until("() => document.querySelector('.facts').textContent.includes('live' + 7)");
            assertThat(live(look, "Researcher")).isEqualTo("4");
            assertThat(live(look, "Analyst")).isEqualTo("2");
            look.tab("Joins").click();
            look.reads("waits for the fork of 6 branches").reads("6 awaited");
            assertThat(look.page.locator(".join .chip").count()).isEqualTo(6);
            look.tab("Output").click();
            look.reads("Source 2 of gate-live");
            look.tab("Health").click();
            look.reads("half-open").reads("As it is now");

            newsroom.open("gate-live");

            look.until("() => document.querySelector('.title .badge').textContent === 'succeeded'");
            look.until("() => document.querySelector('.facts').textContent.includes('tokens in18,400')");
            assertThat(look.number("retries")).isEqualTo("1");
            assertThat(look.number("failed branches")).isEqualTo("1");
            assertThat(look.number("live")).isEqualTo("0");
            look.tab("Agents").click();
            assertThat(row(look, "Researcher"))
                    .as("they had all used theirs when the first of them ended")
                    .contains("8,000");
            assertThat(row(look, "Analyst")).contains("3,300");
            look.tab("Failures").click();
            look.reads("HTTP 429 of search.example");
            look.tab("Result").click();
            look.reads("It grows by four percent.");
            assertThat(look.page.locator(".time output").textContent())
                    .startsWith(events(run.runId()).size() + " of");
        }
    }

    @Test
    void run_recorded_allFollowsTheSlider(Browser browser) {
        String id = ended("alpha");
        List<RunEvent> events = events(id);
        int forked = (int) events.stream()
                .takeWhile(event -> !(event instanceof RunEvent.Forked))
                .count();
        try (Look look = Look.at(browser, inspector, null).open("runs/" + id)) {
            look.until("() => document.querySelector('.title .badge')?.textContent === 'succeeded'");
            assertThat(look.number("steps")).isEqualTo("12");
            assertThat(look.number("tokens in")).isEqualTo("18,400");
            look.tab("Agents").click();
            assertThat(row(look, "Researcher")).contains("8,000");
            assertThat(look.page.locator(".panel").innerText()).doesNotContain("besides", "recorded before");

            look.travel(0);
            assertThat(look.number("steps")).isEqualTo("0");
            assertThat(live(look, "Editor")).isEmpty();
            assertThat(look.page.locator(".title .badge").textContent()).isEqualTo("running");

            look.travel(forked + 1);
            assertThat(look.number("steps")).isEqualTo("1");
            assertThat(look.number("tokens in")).isEqualTo("700");
            look.tab("Agents").click();
            assertThat(look.page.locator(".panel tbody tr").allInnerTexts())
                    .singleElement(InstanceOfAssertFactories.STRING)
                    .contains("Editor", "700", "120");
            assertThat(live(look, "Editor")).isEqualTo("1");
            look.tab("Joins").click();
            look.reads("waits for the fork of 6 branches");
            look.tab("Messages").click();
            look.until("() => document.querySelectorAll('.panel tbody tr').length === 1");
            look.tab("Events").click();
            look.until(
                    "() => document.querySelector('.vt-row.now .vt-row, .vt-row.now')?.textContent.includes('forks into 6')");

            look.button("To the end").click();
            look.until("() => document.querySelector('.title .badge').textContent === 'succeeded'");
            assertThat(look.number("live")).isEqualTo("0");
        }
    }

    private static String row(Look look, String agent) {
        return look.page.locator(".panel tr:has-text('" + agent + "')").innerText();
    }

    @Test
    void agents_ofARunWithCancelledStepsAndOfAnOlderOne_sayWhatIsNotTheirs(Browser browser) {
        inspector.stop().block(Client.PATIENCE);
        Workflow<Object, String> racing = Flows.racing("racing", journal);
        String id =
                Objects.requireNonNull(racing.run("go").block(Client.PATIENCE)).runId();
        Workflow<Object, String> older = Flows.racing("racing", Flows.beforeOwnUsage(journal, id));
        inspector = Look.start(Inspector.on(racing.runs()));
        Inspector another = Look.start(Inspector.on(older.runs()));
        try (Look look = Look.at(browser, inspector, null).open("runs/" + id);
                Look before = Look.at(browser, another, null).open("runs/" + id)) {
            look.tab("Agents").click();
            look.reads("were cancelled, have used 120 tokens besides.");
            assertThat(row(look, "Quick")).contains("3\t1");
            before.tab("Agents").click();
            before.reads("This run was recorded before each step's own usage was");
            assertThat(row(before, "Quick")).contains("103\t21");
        } finally {
            another.stop().block(Client.PATIENCE);
        }
    }

    /** Live events do not say what the cancelled have used: the run does, when it has ended. */
    @Test
    void agents_ofARunWithCancelledStepsWatchedToItsEnd_saysWhatIsNotTheirs(Browser browser) {
        inspector.stop().block(Client.PATIENCE);
        Sinks.Empty<Void> gate = Sinks.empty();
        Workflow<Object, String> racing = Flows.racing("racing", journal, gate.asMono());
        inspector = Look.start(Inspector.on(racing.runs()));
        Run<String> run = racing.start("go");
        try (Look look = Look.at(browser, inspector, null).open("runs/" + run.runId())) {
            look.until(
                    "() => document.querySelector('#link').dataset.state === 'live' && document.querySelector('.facts').textContent.includes('steps' + 3)");
            look.tab("Agents").click();

            gate.tryEmitEmpty();

            look.until("() => document.querySelector('.title .badge').textContent === 'succeeded'");
            look.reads("were cancelled, have used 120 tokens besides.");
            assertThat(look.number("tokens in")).isEqualTo("103");
            assertThat(row(look, "Quick")).contains("3\t1");
        } finally {
            run.cancel();
        }
    }

    @Test
    void run_serverIsGoneAndThereAgain_theConnectionSaysSoAndNothingIsMissed(Browser browser) {
        Run<String> run = reports.start("gate-again");
        int port = inspector.address().getPort();
        try (Look look = Look.at(browser, inspector, null).expectingOutages().open("runs/" + run.runId())) {
            look.until(
                    "() => document.querySelector('#link').dataset.state === 'live' && document.querySelector('.facts').textContent.includes('live' + 7)");

            inspector.stop().block(Client.PATIENCE);
            look.reads("Reconnecting…");
            newsroom.open("gate-again");
            run.result().block(Client.PATIENCE);
            inspector = Look.start(Inspector.on(reports.runs()).port(port));

            look.until("() => document.querySelector('.title .badge').textContent === 'succeeded'");
            int all = events(run.runId()).size();
            look.until("() => document.querySelector('.time output').textContent.startsWith('" + all + " of " + all
                    + "')");
            assertThat(look.number("steps")).isEqualTo("12");
        }
    }

    @Test
    void run_watchedUntilItFails_saysWhy(Browser browser) {
        Run<String> run = printers.start("x");
        try (Look look = Look.at(browser, inspector, null).open("runs/" + run.runId())) {
            look.until("() => document.querySelector('.title .badge')?.textContent === 'running'");
            paper.tryEmitEmpty();
            look.reads("The run has failed");
            assertThat(look.page.locator(".notice .reason").innerText()).contains("out of paper");
            look.tab("Result").click();
            assertThat(look.page.locator(".panel pre").innerText()).contains("out of paper");
        }
    }

    @Test
    void run_watched_whatIsOpenedStaysOpen(Browser browser) {
        Run<String> run = reports.start("gate-open");
        try (Look look = Look.at(browser, inspector, null).open("runs/" + run.runId())) {
            look.until("() => document.querySelector('.facts')?.textContent.includes('live' + 7)");
            look.tab("Joins").click();
            look.page.locator(".join .chip").first().focus();
            for (int tick = 0; tick < 2; tick++) { // the tabs follow a little later
                look.until("() => ![...document.querySelectorAll('.facts dd')].some(each => each.textContent === '"
                        + look.number("time") + "')");
            }
            assertThat(look.page.evaluate("() => document.activeElement.className"))
                    .isEqualTo("chip");
        }
    }

    @Test
    void run_unknown_isSaid(Browser browser) {
        try (Look look = Look.at(browser, inspector, null).expectingOutages().open("runs/none-such")) {
            look.reads("Not found").reads("there is no such run");
        }
    }

    @Test
    void compare_runAndItsFork_marksTheFirstDifference(Browser browser) {
        String id = ended("alpha");
        Run<String> fork =
                Objects.requireNonNull(reports.runs().fork(id, 0, "other").block(Client.PATIENCE));
        fork.result().block(Client.PATIENCE);
        try (Look look = Look.at(browser, inspector, null).open("compare?a=" + id + "&b=" + fork.runId())) {
            look.reads("first difference");
            assertThat(look.page.locator(".side").count()).isEqualTo(2);
            assertThat(look.page.locator(".vt-row.first-difference").count()).isEqualTo(1);

            look.open("compare?a=" + id + "&b=" + id);
            look.reads("No difference.");
        }
    }
}
