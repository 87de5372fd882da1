package io.flotilla.testkit;

import static io.flotilla.testkit.ScriptedDecision.answer;
import static io.flotilla.testkit.ScriptedDecision.fanOut;
import static io.flotilla.testkit.ScriptedDecision.handOff;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.StepState;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.RunResult;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

@Timeout(20)
class ScriptedAgentTest {

    private static Decision step(Agent<Turn, Decision> agent, Object input) {
        return agent.step(Turn.detached(input), StepContext.detached(agent.id()))
                .block(Duration.ofSeconds(5));
    }

    private static RunResult<Object> run(String topology, ScriptedAgent... agents) {
        Workflow.Builder<Object> workflow = Workflow.builder(Topology.parse(topology), Object.class);
        for (ScriptedAgent agent : agents) {
            workflow.agent(agent.id().toString(), agent);
        }
        return workflow.build().run("task").block(Duration.ofSeconds(5));
    }

    // --- the order of turns

    @Test
    void step_ofAScript_playsItsTurnsOneAfterAnother() {
        ScriptedAgent agent = ScriptedAgent.of("A", answer(1), answer(2));
        assertThat(step(agent, "x")).isEqualTo(Decision.answer(1));
        assertThat(step(agent, "x")).isEqualTo(Decision.answer(2));
        assertThat(agent.steps()).isEqualTo(2);
    }

    @Test
    void step_notSubscribedTo_usesNoTurn() {
        ScriptedAgent agent = ScriptedAgent.of("A", answer(1));
        agent.step(Turn.detached("x"), StepContext.detached(agent.id()));
        assertThat(agent.steps()).isZero();
        assertThat(step(agent, "x")).isEqualTo(Decision.answer(1));
    }

    @Test
    void step_pastTheEnd_failsAndNamesAgentAndNumberOfTurns() {
        ScriptedAgent agent = ScriptedAgent.of("A", answer(1));
        step(agent, "x");
        assertThatThrownBy(() -> step(agent, "x"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the script of agent A has 1 turn, and this is step 2");
    }

    @Test
    void step_pastTheEndOfABranch_failsAndNamesTheBranch() {
        ScriptedAgent agent = ScriptedAgent.named("A").perBranch().build();
        assertThatThrownBy(() -> step(agent, "x")).hasMessageContaining("the script of agent A has 0 turns");
        RunResult<Object> result = run(
                "start -> A",
                ScriptedAgent.named("A")
                        .perBranch(ScriptedDecision.repeat(1), ScriptedDecision.repeat(2))
                        .build());
        assertThat(result.failure())
                .hasMessageContaining("the script of agent A has 2 turns a branch, and this is step 3 of branch /");
    }

    @Test
    void step_pastTheEndWithThenAlways_playsThatFromThenOn() {
        ScriptedAgent agent =
                ScriptedAgent.named("A").script(answer(1)).thenAlways(answer(0)).build();
        assertThat(List.of(step(agent, "x"), step(agent, "x"), step(agent, "x")))
                .containsExactly(Decision.answer(1), Decision.answer(0), Decision.answer(0));
    }

    @Test
    void step_perBranch_countsAnewInEveryBranch() {
        ScriptedAgent boss = ScriptedAgent.of("A", fanOut("B", "B"), answer("$joined"));
        ScriptedAgent worker = ScriptedAgent.named("B")
                .perBranch(ScriptedDecision.repeat("1"), answer("$request"))
                .build();
        assertThat(run("start -> A\nA <-> B", boss, worker).answers()).containsExactly("1,1");
        assertThat(worker.steps()).isEqualTo(4);
    }

    @Test
    void build_ofBothKindsOfPlays_isRefused() {
        ScriptedAgent.Builder both = ScriptedAgent.named("A").script(answer(1)).perBranch(answer(2));
        assertThatThrownBy(both::build)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("agent A");
    }

    @Test
    void step_byManyThreads_playsEveryTurnOnce() throws InterruptedException {
        ScriptedDecision[] script = new ScriptedDecision[1000];
        Arrays.setAll(script, ScriptedDecision::answer);
        ScriptedAgent agent = ScriptedAgent.of("A", script);
        var answered = java.util.concurrent.ConcurrentHashMap.<Decision>newKeySet();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        CountDownLatch left = new CountDownLatch(script.length);
        for (int i = 0; i < script.length; i++) {
            threads.execute(() -> {
                answered.add(step(agent, "x"));
                left.countDown();
            });
        }
        assertThat(left.await(10, TimeUnit.SECONDS)).isTrue();
        threads.shutdown();
        assertThat(answered).hasSize(script.length);
    }

    // --- failEvery

    @Test
    void failEvery_third_failsTheThirdAndTheSixth() {
        ScriptedAgent agent = ScriptedAgent.named("A")
                .script(answer(1), answer(2), answer(3))
                .thenAlways(answer(0))
                .failEvery(3, "flaky")
                .build();
        List<Decision> decisions = java.util.stream.IntStream.range(0, 6)
                .mapToObj(i -> step(agent, "x"))
                .toList();
        assertThat(decisions)
                .containsExactly(
                        Decision.answer(1),
                        Decision.answer(2),
                        Decision.fail("flaky"),
                        Decision.answer(0),
                        Decision.answer(0),
                        Decision.fail("flaky"));
    }

    @Test
    void failEvery_one_failsAlways() {
        ScriptedAgent agent = ScriptedAgent.named("A").failEvery(1, "no").build();
        assertThat(step(agent, "x")).isEqualTo(Decision.fail("no"));
    }

    @Test
    void failEvery_zero_isRefused() {
        assertThatThrownBy(() -> ScriptedAgent.named("A").failEvery(0, "no"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("n must be >= 1, was 0");
    }

    // --- what it remembers

    @Test
    void lastTurn_ofAReason_hasOutcomesAndArrivals() {
        ScriptedAgent a = ScriptedAgent.of("A", fanOut("B1", "B2"), answer("done"));
        ScriptedAgent b1 = ScriptedAgent.of("B1", handOff("C", "x"));
        ScriptedAgent b2 = ScriptedAgent.of("B2", handOff("C", "y"));
        ScriptedAgent c = ScriptedAgent.of("C", handOff("nobody", 1), answer("$request/$joined"));
        run("start -> A\nA -> B1, B2\nB1, B2 -> C\nC -> A", a, b1, b2, c);
        assertThat(c.lastTurn(Turn.Reason.ARRIVED).arrivals()).hasSize(2);
        assertThat(c.lastTurn(Turn.Reason.JOINED)).isNull();
        assertThat(c.corrections()).isEqualTo(1);
        assertThat(c.lastTurn().correction()).isNotNull();
        assertThat(a.lastTurn(Turn.Reason.JOINED).outcomes())
                .singleElement()
                .satisfies(outcome -> assertThat(outcome.value()).isEqualTo("x,y/x,y"));
        assertThat(a).hasToString("ScriptedAgent[A, 2 steps]");
    }

    // --- plays

    @Test
    void after_aDelay_playsThen() {
        UndisturbedTime.verifier(() -> ScriptedAgent.of("A", answer("x").after(Duration.ofSeconds(3)))
                        .step(Turn.detached(null), StepContext.detached(io.flotilla.AgentId.of("A"))))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(3))
                .expectNext(Decision.answer("x"))
                .verifyComplete();
    }

    @Test
    void after_ofAHang_neverPlays() {
        UndisturbedTime.verifier(() ->
                        ScriptedDecision.hang().after(Duration.ofSeconds(1)).in(Turn.detached(null), StepState.none()))
                .expectSubscription()
                .expectNoEvent(Duration.ofDays(1))
                .thenCancel()
                .verify();
    }

    @Test
    void after_outsideItsBounds_isRefused() {
        ScriptedDecision decision = answer(1);
        assertThat(decision.after(Duration.ZERO)).isNotNull();
        assertThatThrownBy(() -> decision.after(Duration.ofNanos(-1))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> decision.after(Duration.ofDays(365 * 300L)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void script_ofEveryKind_decideIt() {
        Turn turn = Turn.detached("r");
        assertThat(ScriptedDecision.fail("f $request")
                        .in(turn, StepState.none())
                        .block())
                .isEqualTo(Decision.fail("f r"));
        assertThat(ScriptedDecision.ask("q $request").in(turn, StepState.none()).block())
                .isEqualTo(Decision.ask("q r"));
        assertThat(ScriptedDecision.repeat("$request")
                        .in(turn, StepState.none())
                        .block())
                .isEqualTo(Decision.repeat("r"));
        assertThat(ScriptedDecision.fanOutMany("B", 2)
                        .in(turn, StepState.none())
                        .block())
                .isEqualTo(Decision.fanOut(Invocation.of("B", null), Invocation.of("B", null)));
        assertThat(fanOut(List.of(Invocation.of("B", "<$request>")))
                        .in(turn, StepState.none())
                        .block())
                .isEqualTo(Decision.fanOut(Invocation.of("B", "<r>")));
        assertThat(ScriptedDecision.of(any -> Decision.answer(any.input()))
                        .in(turn, StepState.none())
                        .block())
                .isEqualTo(Decision.answer("r"));
        Mono<Decision> thrown = ScriptedDecision.throwing("t $request").in(turn, StepState.none());
        assertThatThrownBy(thrown::block)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("t r");
        assertThatThrownBy(() -> ScriptedDecision.fanOutMany("B", -1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void placeholders_inListsAndMaps_areFilledOnce() {
        Turn turn = Turn.detached("$joined\\1");
        assertThat(Placeholders.fill(List.of("$request", 1, Map.of("k", "<$request>")), turn, StepState.none()))
                .isEqualTo(List.of("$joined\\1", 1, Map.of("k", "<$joined\\1>")));
        assertThat(Placeholders.fill("$request|$joined|$other", Turn.detached(null), StepState.none()))
                .isEqualTo("||$other");
        assertThat(Placeholders.fill((Object) null, turn, StepState.none())).isNull();
    }
}
