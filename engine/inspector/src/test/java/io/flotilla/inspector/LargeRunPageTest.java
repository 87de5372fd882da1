package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import io.flotilla.agent.Agent;
import io.flotilla.journal.InMemoryJournal;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Limits;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;

/** 10,000 branches and 100,000 events, in a browser. */
@Timeout(180)
@ExtendWith(Chromium.class)
class LargeRunPageTest {

    private static final int BRANCHES = 10_000;
    private static final int FRAME_MILLIS = 100;
    private static final int FRAMES = 45;
    private static final int BUSY_MILLIS = 30;
    private static final int BUSY_FRAMES = 12;

    /** Computes what takes 30 ms where nobody else wants the processor: the quickest of many short times tells how much that is. */
    private static final String BUSY = """
            (() => {
              const unit = () => { let sum = 0; for (let at = 0; at < 1000000; at++) sum += Math.sqrt(at); return sum; };
              let quickest = Infinity;
              for (let again = 0; again < 40; again++) { const since = performance.now(); unit(); quickest = Math.min(quickest, performance.now() - since); }
              const times = Math.round(%d / Math.max(.5, quickest)); // the clock of a page is coarse
              return () => { for (let at = 0; at < times; at++) unit(); };
            })()""".formatted(BUSY_MILLIS);

    private static final int PASSES = 4;
    private static final String SLIDE =
            "at => { const slider = document.querySelector('.time input'); slider.value = (at * 7919) % 45 / 45 * slider.max; slider.dispatchEvent(new Event('input')); }";

    private static Workflow<Object, String> crowd() {
        return Workflow.builder(Topology.parse("start -> Lead\nLead <-> Worker\nLead -> end"), String.class)
                .name("crowd")
                .journal(InMemoryJournal.builder().build())
                .limits(Limits.steps(1_000_000))
                .agent(
                        "Lead",
                        Agent.of(
                                "Lead",
                                (turn, context) -> Mono.just(
                                        turn.reason() == Turn.Reason.REQUESTED
                                                ? Decision.fanOut(IntStream.range(0, BRANCHES)
                                                        .mapToObj(index -> Invocation.of("Worker", 4))
                                                        .toList())
                                                : Decision.answer("done"))))
                .agent("Worker", Agent.of("Worker", (turn, context) -> {
                    int left = Integer.parseInt(String.valueOf(turn.input()));
                    return Mono.just(left == 1 ? Decision.answer("x") : Decision.repeat(left - 1));
                }))
                .build();
    }

    /** The slowest frame while something moves in each of them. */
    private static double slowest(Look look, String move, int frames) {
        return ((Number) look.page.evaluate("""
                () => new Promise(done => {
                  const move = %s;
                  let last = performance.now(), frames = 0, slowest = 0;
                  const frame = now => {
                    if (frames++ > 0) slowest = Math.max(slowest, now - last);
                    last = now;
                    if (frames > %d) { done(slowest); return; }
                    move(frames);
                    requestAnimationFrame(frame);
                  };
                  requestAnimationFrame(frame);
                })""".formatted(move, frames))).doubleValue();
    }

    /**
     * All frames take less than 100 ms. On a machine that is busy with other things they take longer whatever the page does. So there are
     * several passes, of which one must have no slower frame; and if frames in which 30 ms are computed take more than twice that just
     * then, the others may take so much more.
     */
    private static void assertSmooth(Look look, String name, String move) {
        List<String> passes = new ArrayList<>();
        for (int pass = 0; pass < PASSES; pass++) {
            double busy = slowest(look, BUSY, BUSY_FRAMES);
            double moving = slowest(look, move, FRAMES);
            passes.add("%.0f ms, of %d ms of computing %.0f ms".formatted(moving, BUSY_MILLIS, busy));
            if (moving < FRAME_MILLIS + Math.max(0, busy - 2 * BUSY_MILLIS)) {
                System.getLogger(LargeRunPageTest.class.getName()).log(System.Logger.Level.INFO, name + ": " + passes);
                return;
            }
        }
        assertThat(passes).as("%s: the slowest frame of each pass", name).isEmpty();
    }

    @Test
    void run_tenThousandBranches_sliderAndScrollTakeLessThan100MillisAFrame(Browser browser) {
        Workflow<Object, String> crowd = crowd();
        String id =
                Objects.requireNonNull(crowd.run("go").block(Client.PATIENCE)).runId();
        Inspector inspector =
                Objects.requireNonNull(Inspector.on(crowd.runs()).start().block(Client.PATIENCE));
        try (Look look = Look.at(browser, inspector, null).open("runs/" + id)) {
            look.until("() => document.querySelector('.title .badge')?.textContent === 'succeeded'");
            assertThat(look.number("branches")).isEqualTo("10,001");
            assertThat(look.number("steps")).isEqualTo("40,002");
            assertThat(String.valueOf(look.page.locator(".time output").textContent()))
                    .matches("(\\d{3},\\d{3}) of \\1 events.*");
            look.tab("Branches").click();
            assertSmooth(look, "slider over branches", SLIDE);
            assertSmooth(look, "timeline", "at => { document.querySelector('.lanes .scroll').scrollTop = at * 5000; }");
            assertSmooth(look, "branches", "at => { document.querySelector('.vt-scroll').scrollTop = at * 7000; }");
            look.tab("Events").click();
            assertSmooth(look, "events", "at => { document.querySelector('.vt-scroll').scrollTop = at * 70000; }");
            look.tab("Joins").click();
            assertSmooth(look, "slider over joins", SLIDE);
            assertThat((int) look.page.evaluate("() => document.querySelectorAll('*').length"))
                    .as("elements in the document")
                    .isLessThan(2_000);
        } finally {
            inspector.stop().block(Client.PATIENCE);
        }
    }
}
