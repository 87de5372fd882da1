package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import io.flotilla.journal.InMemoryJournal;
import io.flotilla.journal.Journal;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunResult;
import io.flotilla.run.Workflow;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What can be done with runs in a browser: asked, done with the token, and told. */
@Timeout(120)
@ExtendWith(Chromium.class)
class ActionsPageTest {

    private static final String TOKEN = "a-token-for-the-tests";

    private final Journal journal = InMemoryJournal.builder().build();
    private final Newsroom newsroom = Newsroom.atOnce();
    private final Workflow<Object, String> reports = newsroom.workflow("market-report", journal);
    private final Workflow<Object, String> clerks = Flows.asking("clerk", journal);
    private final Workflow<Object, String> asked = Flows.askingTwice("asked", journal);
    private Inspector inspector;

    @BeforeEach
    void start() {
        inspector = Look.start(Inspector.on(reports.runs(), clerks.runs(), asked.runs())
                .token(TOKEN)
                .allowActions(true));
    }

    @AfterEach
    void stop() {
        reports.runs().live().forEach(Run::cancel);
        clerks.runs().live().forEach(Run::cancel);
        asked.runs().live().forEach(Run::cancel);
        inspector.stop().block(Client.PATIENCE);
    }

    private static Locator dialog(Look look) {
        return look.page.locator("dialog[open]");
    }

    private static void confirm(Look look, String action) {
        dialog(look)
                .getByText(action, new Locator.GetByTextOptions().setExact(true))
                .last()
                .click();
    }

    private static void done(Look look) {
        dialog(look).getByRole(com.microsoft.playwright.options.AriaRole.STATUS).waitFor();
        look.page.keyboard().press("Escape");
        look.until("() => document.querySelector('dialog[open]') === null");
    }

    private static void hasStatus(Look look, String status) {
        look.until("() => document.querySelector('.title .badge')?.textContent === '" + status + "'");
    }

    @Test
    void token_isNotKnown_nothingIsShownUntilItIsEntered(Browser browser) {
        clerks.start("x");
        try (Look look = Look.at(browser, inspector, null).expectingOutages().open("")) {
            look.reads("This inspector is locked");
            look.button("Enter the token").click();
            dialog(look).getByLabel("Token").fill("not the token at all");
            confirm(look, "Unlock");
            look.reads("This inspector is locked");
            look.button("Enter the token").click();
            dialog(look).getByLabel("Token").fill(TOKEN);
            confirm(look, "Unlock");
            look.reads("1 question");
            assertThat(look.page.url()).doesNotContain(TOKEN);
        }
    }

    @Test
    void token_inTheAddress_isTakenAndDoesNotStayThere(Browser browser) {
        clerks.start("x");
        try (Look look = Look.at(browser, inspector, null)) {
            look.page.navigate(inspector.address() + "#token=" + TOKEN);
            look.reads("1 question");
            assertThat(look.page.url()).endsWith("#/");
        }
    }

    @Test
    void question_isAnswered_theRunGoesOn(Browser browser) {
        Run<String> asking = clerks.start("x");
        Run<String> report = reports.start("ask");
        try (Look look = Look.at(browser, inspector, TOKEN).open("runs/" + asking.runId())) {
            look.reads("Shall I?");
            look.button("yes").click();
            assertThat(dialog(look).innerText()).contains("Shall I?", "yes");
            confirm(look, "Back");
            assertThat(asking.questions())
                    .as("nothing is done unless it is confirmed")
                    .hasSize(1);
            look.button("yes").click();
            confirm(look, "Send the answer");
            done(look);
            hasStatus(look, "succeeded");
            assertThat(Objects.requireNonNull(asking.result().block(Client.PATIENCE))
                            .answers())
                    .containsExactly("the answer is yes");

            look.open("runs/" + report.runId()).reads("Which market comes first?");
            look.page.getByLabel("Answer to").fill("Europe");
            look.button("Answer").click();
            confirm(look, "Send the answer");
            done(look);
            hasStatus(look, "succeeded");
            assertThat(look.page.locator(".notice").count()).isZero();
        }
    }

    @Test
    void run_pausedAndResumed_showsBoth(Browser browser) {
        Run<String> run = reports.start("gate-pause");
        try (Look look = Look.at(browser, inspector, TOKEN).open("runs/" + run.runId())) {
            look.button("Pause").click();
            confirm(look, "Pause");
            done(look);
            hasStatus(look, "paused");
            look.button("Resume").click();
            confirm(look, "Resume");
            done(look);
            hasStatus(look, "running");
            newsroom.open("gate-pause");
            hasStatus(look, "succeeded");
        }
    }

    @Test
    void run_cancelled_isCancelledOnlyWhenConfirmed(Browser browser) {
        Run<String> run = reports.start("gate-cancel");
        try (Look look = Look.at(browser, inspector, TOKEN).open("runs/" + run.runId())) {
            look.button("Cancel run").click();
            look.page.keyboard().press("Escape");
            look.until("() => document.querySelector('dialog[open]') === null");
            hasStatus(look, "running");
            look.button("Cancel run").click();
            confirm(look, "Cancel the run");
            done(look);
            hasStatus(look, "cancelled");
            assertThat(Objects.requireNonNull(run.result().block(Client.PATIENCE))
                            .status())
                    .isEqualTo(RunResult.Status.CANCELLED);
        }
    }

    @Test
    void branch_cancelled_theRestGoesOn(Browser browser) {
        Run<String> run = reports.start("gate-branch");
        try (Look look = Look.at(browser, inspector, TOKEN).open("runs/" + run.runId())) {
            look.tab("Joins").click();
            look.page.locator(".join .chip").first().click();
            look.button("Cancel branch").click();
            confirm(look, "Cancel the branch");
            done(look);
            look.tab("Branches").click();
            look.reads("cancelled");
            newsroom.open("gate-branch");
            hasStatus(look, "succeeded");
        }
    }

    @Test
    void run_forkedFromAnEvent_leadsToTheComparison(Browser browser) {
        String id = Objects.requireNonNull(reports.run("alpha").block(Client.PATIENCE))
                .runId();
        try (Look look = Look.at(browser, inspector, TOKEN).open("runs/" + id)) {
            hasStatus(look, "succeeded");
            look.travel(2);
            look.button("Fork from here").click();
            dialog(look).locator("textarea").fill("other");
            confirm(look, "Fork");
            dialog(look).getByText("Compare the two").click();
            look.page.waitForURL("**/#/compare?a=" + id + "&b=*");
            look.reads("first difference");
            assertThat(reports.runs()
                            .list(io.flotilla.run.RunFilter.all())
                            .count()
                            .block(Client.PATIENCE))
                    .isEqualTo(2);
        }
    }

    @Test
    void run_watchedToItsEnd_isForkedFromTheEventAtTheSlider(Browser browser) {
        Run<String> run = reports.start("gate-fork");
        try (Look look = Look.at(browser, inspector, TOKEN).open("runs/" + run.runId())) {
            look.until("() => document.querySelector('.facts')?.textContent.includes('live' + 7)");
            newsroom.open("gate-fork");
            hasStatus(look, "succeeded");
            List<RunEvent> events = Objects.requireNonNull(
                    reports.runs().events(run.runId()).collectList().block(Client.PATIENCE));
            int ended = events.size();
            while (!(events.get(ended - 1) instanceof RunEvent.StepSettled)) {
                ended--;
            }
            look.travel(ended);
            look.button("Fork from here").click();
            assertThat(dialog(look).innerText()).contains("before event " + (ended - 1));
            dialog(look).locator("textarea").fill("another answer");
            confirm(look, "Fork");
            dialog(look).getByText("Compare the two").click();
            look.reads("The first " + (ended - 1) + " events are the same, then they part.");
        }
    }

    @Test
    void branch_thatAsks_isCancelled_itsQuestionIsGone(Browser browser) {
        Run<String> run = asked.start("go");
        try (Look look = Look.at(browser, inspector, TOKEN).open("runs/" + run.runId())) {
            look.until("() => document.querySelectorAll('.notice li').length === 2");
            look.tab("Joins").click();
            look.page.locator(".join .chip").first().click();
            look.button("Cancel branch").click();
            confirm(look, "Cancel the branch");
            done(look);
            look.until("() => document.querySelectorAll('.notice li').length === 1");
            assertThat(look.number("questions")).isEqualTo("1");
        }
    }

    @Test
    void actions_areListedAsEventsTheNewestFirst(Browser browser) {
        Run<String> run = reports.start("gate-list");
        try (Look look = Look.at(browser, inspector, TOKEN).open("runs/" + run.runId())) {
            look.button("Pause").click();
            confirm(look, "Pause");
            done(look);
            look.button("Resume").click();
            confirm(look, "Resume");
            done(look);
            look.open("system").reads("unpause");
            assertThat(look.page.locator("tbody th").allInnerTexts()).containsExactly("unpause", "pause");
            assertThat(look.page.locator("tbody a").first().getAttribute("href"))
                    .isEqualTo("#/runs/" + run.runId());
        }
    }

    @Test
    void run_suspended_isRecoveredAndLiveAgain(Browser browser) {
        Run<String> run = clerks.start("x");
        while (run.questions().isEmpty()) {
            Thread.onSpinWait();
        }
        run.suspend().block(Client.PATIENCE);
        try (Look look = Look.at(browser, inspector, TOKEN).open("runs/" + run.runId())) {
            look.button("Recover").click();
            confirm(look, "Recover");
            done(look);
            look.button("no").click();
            confirm(look, "Send the answer");
            done(look);
            hasStatus(look, "succeeded");
        }
    }
}
