package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.options.ColorScheme;
import io.flotilla.health.Health;
import io.flotilla.health.HealthCheck;
import io.flotilla.health.HealthMonitor;
import io.flotilla.journal.InMemoryJournal;
import io.flotilla.journal.Journal;
import io.flotilla.message.Hub;
import io.flotilla.run.Run;
import io.flotilla.run.RunOptions;
import io.flotilla.run.Workflow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Every page of the inspector in light and dark, on a laptop and on a phone: what axe-core finds, what leaves the window, and what is said on
 * the console. With {@code -Dscreenshots=FOLDER} the pages are kept there as pictures.
 */
@Timeout(240)
@ExtendWith(Chromium.class)
class LookOfPagesTest {

    /** What the READMEs show. */
    private static final Set<String> SHOWN =
            Set.of("runs-light", "live-light", "run-dark", "compare-dark", "system-light", "live-phone");

    private static final List<String> TABS =
            List.of("Branches", "Joins", "Failures", "Agents", "Messages", "Questions", "Result");

    private static final String TOKEN = "a-token-for-the-tests";

    private final Journal journal = InMemoryJournal.builder().build();
    private final Newsroom newsroom = Newsroom.unhurried();
    private final Workflow<Object, String> reports = newsroom.workflow("market-report", journal);
    private final Workflow<Object, String> clerks = Flows.asking("invoice-clerk", journal);
    private final Hub hub = Hub.create();
    private final HealthMonitor monitor = HealthMonitor.builder()
            .check(HealthCheck.of("journal", Health::up))
            .check(HealthCheck.of("model endpoint", () -> Health.degraded("p99 is 2.4 s")))
            .build();
    private final Map<String, String> pages = new LinkedHashMap<>();
    private Inspector inspector;

    @BeforeEach
    void start() {
        inspector = Look.start(Inspector.on(reports.runs(), clerks.runs())
                .network("desk", hub)
                .health(monitor)
                .circuitBreakers(
                        () -> List.of(HealthCheck.of("circuit breaker Researcher", () -> Health.degraded("half-open"))))
                .token(TOKEN)
                .allowActions(true));
        monitor.refresh().block(Client.PATIENCE);
        Networking.chat(hub);
        String recorded = Objects.requireNonNull(
                        reports.start("Europe", RunOptions.none().label("tenant", "acme"))
                                .result()
                                .block(Client.PATIENCE))
                .runId();
        Run<String> fork =
                Objects.requireNonNull(reports.runs().fork(recorded, 0, "Asia").block(Client.PATIENCE));
        fork.result().block(Client.PATIENCE);
        for (int more = 0; more < 8; more++) {
            clerks.start("x", RunOptions.none().label("priority", more % 2 == 0 ? "high" : "low"))
                    .cancel();
        }
        Run<String> asking = clerks.start("x");
        Run<String> live = reports.start(
                "gate: Africa", RunOptions.none().label("tenant", "acme").label("region", "eu"));
        pages.put("runs", "");
        pages.put("live", "runs/" + live.runId());
        pages.put("run", "runs/" + recorded);
        pages.put("question", "runs/" + asking.runId());
        pages.put("compare", "compare?a=" + recorded + "&b=" + fork.runId());
        pages.put("choose", "compare");
        pages.put("system", "system");
        pages.put("unknown", "runs/none-such");
    }

    @AfterEach
    void stop() {
        reports.runs().live().forEach(Run::cancel);
        clerks.runs().live().forEach(Run::cancel);
        inspector.stop().block(Client.PATIENCE);
        hub.close(Duration.ZERO).block(Client.PATIENCE);
    }

    private void open(Look look, String name, String hash) {
        monitor.refresh().block(Client.PATIENCE); // what was found long ago is unknown again
        look.open(hash);
        look.until(
                switch (name) {
                    case "runs" -> "() => document.querySelectorAll('tbody tr').length > 9";
                    case "run" -> "() => document.querySelector('.title .badge')?.textContent === 'succeeded'";
                    case "live" -> "() => document.querySelector('.facts')?.textContent.includes('live' + 8)";
                    case "question" -> "() => document.querySelector('.notice') !== null";
                    case "compare" -> "() => document.querySelector('.flag') !== null";
                    case "choose" -> "() => document.querySelector('.chooser') !== null";
                    case "system" -> "() => document.querySelectorAll('.system-grid .card').length >= 3";
                    default -> "() => document.querySelector('.blank') !== null";
                });
    }

    private static boolean overflows(Look look) {
        return (boolean) look.page.evaluate("() => document.documentElement.scrollWidth > innerWidth");
    }

    @Test
    void pages_lightAndDark_haveNoFaultThatAxeFinds(Browser browser) {
        List<String> faults = new ArrayList<>();
        try (Look look = Look.at(browser, inspector, TOKEN)
                .expectingOutages()
                .ignoring("willReadFrequently")) { // axe reads its own canvas
            pages.forEach((name, hash) -> {
                look.in(ColorScheme.LIGHT);
                open(look, name, hash);
                keep(look, "light", name);
                faults.addAll(inBothColors(look, name, Axe.PAGE));
                keep(look, "dark", name);
                if (name.equals("run")) {
                    for (String tab : TABS) {
                        look.tab(tab).click();
                        faults.addAll(inBothColors(look, tab, Axe.PANEL));
                    }
                    look.button("Fork from here").click();
                    faults.addAll(inBothColors(look, "dialog", "dialog"));
                    look.page.keyboard().press("Escape");
                }
            });
        }
        assertThat(faults).isEmpty();
    }

    private static List<String> inBothColors(Look look, String name, String part) {
        List<String> faults = new ArrayList<>();
        Axe.faults(look.in(ColorScheme.LIGHT), part).forEach(fault -> faults.add("light " + name + ": " + fault));
        Axe.contrasts(look.in(ColorScheme.DARK), part).forEach(fault -> faults.add("dark " + name + ": " + fault));
        return faults;
    }

    @Test
    void pages_onAPhone_fitItsWidth(Browser browser) {
        List<String> wide = new ArrayList<>();
        try (Look look = Look.at(browser, inspector, TOKEN, Look.phone()).expectingOutages()) {
            pages.forEach((name, hash) -> {
                open(look, name, hash);
                if (overflows(look)) {
                    wide.add(name);
                }
                keep(look, "phone", name);
            });
        }
        assertThat(wide).as("pages that are scrolled sideways").isEmpty();
    }

    private static void keep(Look look, String kind, String name) {
        String folder = System.getProperty("screenshots");
        if (folder == null || !SHOWN.contains(name + "-" + kind)) {
            return;
        }
        look.page.evaluate(
                "() => { document.querySelector('main button[role=tab]')?.click(); document.activeElement.blur(); window.scrollTo(0, 0); }");
        look.page.mouse().move(0, 0);
        look.page.waitForTimeout(300);
        try {
            Files.createDirectories(Path.of(folder));
            Files.write(Path.of(folder, "inspector-" + name + "-" + kind + ".png"), look.page.screenshot());
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }
}
