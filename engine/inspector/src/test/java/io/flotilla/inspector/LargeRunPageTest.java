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

    /** How long each frame takes while something moves in each of them. */
    private static double[] frames(Look look, String move) {
        @SuppressWarnings("unchecked")
        List<Number> took = (List<Number>) look.page.evaluate("""
                () => new Promise(done => {
                  const took = [], move = %s;
                  let last = performance.now();
                  const frame = now => {
                    took.push(now - last);
                    last = now;
                    if (took.length > 45) { done(took.slice(1)); return; }
                    move(took.length);
                    requestAnimationFrame(frame);
                  };
                  requestAnimationFrame(frame);
                })""".formatted(move));
        return took.stream().mapToDouble(Number::doubleValue).sorted().toArray();
    }

    /** Nineteen of twenty frames take no longer. */
    private static double slow(double[] sorted) {
        return sorted[sorted.length * 19 / 20];
    }

    /** The quickest of three times: a machine that is busy with other things makes frames slow, the page's own work is there each time. */
    private static double[] best(Look look, String move) {
        double[] best = frames(look, move);
        for (int again = 0; again < 2 && slow(best) >= FRAME_MILLIS; again++) {
            double[] frames = frames(look, move);
            best = slow(frames) < slow(best) ? frames : best;
        }
        return best;
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

            List<double[]> all = new ArrayList<>(List.of(
                    best(
                            look,
                            "at => { const slider = document.querySelector('.time input'); slider.value = (at * 7919) % 45 / 45 * slider.max; slider.dispatchEvent(new Event('input')); }"),
                    best(look, "at => { document.querySelector('.lanes .scroll').scrollTop = at * 5000; }"),
                    best(look, "at => { document.querySelector('.vt-scroll').scrollTop = at * 7000; }")));
            look.tab("Events").click();
            all.add(best(look, "at => { document.querySelector('.vt-scroll').scrollTop = at * 70000; }"));

            assertThat(all)
                    .as("the slowest frames of the slider and three scrolled lists, in milliseconds")
                    .allSatisfy(frames -> assertThat(slow(frames)).isLessThan(FRAME_MILLIS));
            assertThat((int) look.page.evaluate("() => document.querySelectorAll('*').length"))
                    .as("elements in the document")
                    .isLessThan(2_000);
        } finally {
            inspector.stop().block(Client.PATIENCE);
        }
    }
}
