package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.flotilla.run.Flows.Ended;
import io.flotilla.topology.Topology;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** A decision the edges do not allow is given back to the agent that made it. */
@Timeout(30)
class CorrectionTest {

    private static final Topology TOPOLOGY = Topology.parse("""
            start -> A -> B -> C -> end
            A -> user, end
            """);

    private final Agents agents = new Agents();

    /** A decides these, one after another, then answers. */
    private Workflow.Builder<String> deciding(@Nullable Decision... decisions) {
        int[] next = new int[1];
        return Workflow.builder(TOPOLOGY, String.class)
                .agent(
                        "A",
                        agents.body(turn -> next[0] < decisions.length
                                ? Mono.justOrEmpty(decisions[next[0]++])
                                : Mono.just(Decision.answer("done"))))
                .agent("B", agents.scripted())
                .agent("C", agents.scripted());
    }

    private static Ended run(Workflow.Builder<String> flow) {
        return Flows.run(0, () -> flow.<String>build().start("task"));
    }

    static Stream<Arguments> invalid() {
        return Stream.of(
                arguments(Decision.handOff("C", "x"), "it has no edge to C"),
                arguments(Decision.handOff("A", "x"), "it has no edge to A"),
                arguments(Decision.handOff("start", "x"), "start"),
                arguments(Decision.handOff("Nobody", "x"), "there is no agent called \"Nobody\""),
                arguments(Decision.handOff("b", "x"), "there is no agent called \"b\""),
                arguments(Decision.handOff("", "x"), "there is no agent called \"\""),
                arguments(Decision.handOff("user", "x"), "user, who is asked a question instead"),
                arguments(Decision.handOff("end", 5), "must be a java.lang.String, was a java.lang.Integer"),
                arguments(Decision.answer(5), "must be a java.lang.String, was a java.lang.Integer"),
                arguments(Decision.fanOut(), "it forked no branch at all"),
                arguments(Decision.fanOut(Invocation.of("B", ":x"), Invocation.of("C", ":x")), "it has no edge to C"),
                arguments(Decision.fanOut(Invocation.of("B", ":x"), Invocation.of("Nobody", ":x")), "\"Nobody\""),
                arguments(Decision.fanOut(Invocation.of("user", "x")), "user, who is asked a question instead"),
                arguments(Decision.fanOut(Invocation.of("end", 5)), "must be a java.lang.String"),
                arguments(null, "it decided nothing"));
    }

    @ParameterizedTest
    @MethodSource("invalid")
    void decision_notAllowed_isGivenBackToItsAgent(@Nullable Decision decision, String problem) {
        Ended ended = run(deciding(decision));

        assertThat(ended.result().answers()).containsExactly("done");
        assertThat(ended.result().steps()).isEqualTo(2);
        assertThat(agents.turns.get(0).correction()).isNull();
        Turn again = agents.turns.get(1);
        assertThat(again.input()).isEqualTo("task");
        assertThat(again.sender()).isEqualTo("start");
        assertThat(again.reason()).isEqualTo(Turn.Reason.REQUESTED);
        Correction correction = again.correction();
        assertThat(correction.problem()).contains(problem);
        assertThat(correction.decision()).isEqualTo(decision);
        assertThat(correction.allowed()).containsExactly("B", "user", "end");
        assertThat(correction.number()).isEqualTo(1);
        RunEvent.DecisionRejected told =
                ended.events(RunEvent.DecisionRejected.class).get(0);
        assertThat(told.agent()).isEqualTo("A");
        assertThat(told.problem()).isEqualTo(correction.problem());
    }

    @Test
    void ask_withoutAnEdgeToUser_isCorrected() {
        Ended ended = Flows.run(
                0,
                () -> Workflow.builder(Topology.pipeline("A"), String.class)
                        .agent(
                                "A",
                                agents.deciding(turn -> turn.correction() == null
                                        ? Decision.ask("may I?")
                                        : Decision.answer(turn.correction().problem())))
                        .<String>build()
                        .start("task"));

        assertThat(ended.result().answer()).isEqualTo("it may not ask, it has no edge to user");
        assertThat(ended.events(RunEvent.QuestionAsked.class)).isEmpty();
    }

    @Test
    void answer_ofABranchOfAFork_mayBeOfAnyType() {
        Ended ended = Flows.run(
                0,
                () -> Workflow.builder(Flows.FORK, String.class)
                        .agent("Boss", agents.forking("Worker", "x"))
                        .agent("Worker", agents.deciding(turn -> Decision.answer(5)))
                        .<String>build()
                        .start("task"));

        assertThat(ended.result().answers()).containsExactly("5");
    }

    @Test
    void answer_ofNull_isOne() {
        Ended ended = run(deciding(Decision.answer(null)));

        assertThat(ended.result().status()).isEqualTo(RunResult.Status.SUCCEEDED);
        assertThat(ended.result().answers()).containsExactly((String) null);
        assertThat(ended.result().answer()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"END", "End", "end"})
    void handOff_toAReservedNameInAnyCase_isTheSame(String name) {
        assertThat(run(deciding(Decision.handOff(name, "x"))).result().answers())
                .containsExactly("x");
    }

    @Test
    void maxCorrections_twiceInARow_thenTheBranchFailsAndSaysWhoWhatAndWhatIsAllowed() {
        Ended ended = run(
                deciding(Decision.handOff("Nobody", null), Decision.handOff("A", null), Decision.handOff("C", null)));

        InvalidDecisionException failure =
                (InvalidDecisionException) ended.result().failure();
        assertThat(failure.kind()).isEqualTo(RunFailure.Kind.INVALID_DECISION);
        assertThat(failure.agent()).isEqualTo("A");
        assertThat(failure.branch()).hasToString("/");
        assertThat(failure.allowed()).containsExactly("B", "user", "end");
        assertThat(failure)
                .hasMessageContaining("agent A (branch /): it has no edge to C")
                .hasMessageContaining("allowed: [B, user, end]")
                .hasMessageContaining("corrected 2 times");
        assertThat(ended.result().steps()).isEqualTo(3);
        assertThat(ended.events(RunEvent.DecisionRejected.class)).hasSize(2);
        assertThat(agents.turns.stream().map(Turn::correction).map(given -> given == null ? 0 : given.number()))
                .containsExactly(0, 1, 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5})
    void maxCorrections_asManyAsSet_atTheBoundSucceedsAboveFails(int corrections) {
        Decision[] wrong = new Decision[corrections];
        Arrays.fill(wrong, Decision.handOff("C", null));
        Decision[] tooMany = new Decision[corrections + 1];
        Arrays.fill(tooMany, Decision.handOff("C", null));

        assertThat(run(deciding(wrong).maxCorrections(corrections)).result().answers())
                .containsExactly("done");
        Ended failed = run(deciding(tooMany).maxCorrections(corrections));
        assertThat(failed.result().failure())
                .isInstanceOf(InvalidDecisionException.class)
                .hasMessageContaining("corrected " + corrections + " times");
        assertThat(failed.result().steps()).isEqualTo(corrections + 1);
    }

    @Test
    void maxCorrections_aGoodDecisionInBetween_countAnew() {
        Decision wrong = Decision.handOff("C", null);
        Ended ended = run(deciding(wrong, wrong, Decision.repeat("more"), wrong, wrong));

        assertThat(ended.result().answers()).containsExactly("done");
        assertThat(ended.result().steps()).isEqualTo(6);
        assertThat(agents.turns.get(3).correction())
                .as("after a good decision there is none")
                .isNull();
        assertThat(agents.turns.get(3).input()).isEqualTo("more");
        assertThat(agents.turns.get(4).correction().number()).isEqualTo(1);
        assertThat(agents.turns.get(4).input()).isEqualTo("more");
    }

    @Test
    void correction_ofATurnAfterAJoin_hasItsOutcomesStill() {
        Ended ended = Flows.run(
                0,
                () -> Workflow.builder(Flows.FORK, String.class)
                        .agent(
                                "Boss",
                                agents.deciding(turn -> turn.reason() == Turn.Reason.REQUESTED
                                        ? Decision.fanOut(Invocation.of("Worker", ":a"))
                                        : turn.correction() == null
                                                ? Decision.handOff("Nobody", null)
                                                : Decision.answer(Agents.told(turn.outcomes()))))
                        .agent("Worker", agents.scripted())
                        .<String>build()
                        .start("task"));

        assertThat(ended.result().answers()).containsExactly("a");
    }

    @Test
    void correction_inOneBranch_isNoneOfTheOthers() {
        Ended ended = Flows.run(
                0,
                () -> Workflow.builder(Flows.FORK, String.class)
                        .agent("Boss", agents.forking("Worker", "good bad bad"))
                        .agent(
                                "Worker",
                                agents.deciding(turn -> turn.input().equals("good")
                                        ? Decision.answer("good")
                                        : Decision.handOff("Worker", null)))
                        .join(Join.allSettled())
                        .<String>build()
                        .start("task"));

        assertThat(ended.result().branches()).isEqualTo(new RunResult.Branches(2, 2, 0, 0));
        assertThat(ended.events(RunEvent.BranchFailed.class))
                .extracting(failed -> failed.branch().toString())
                .containsExactlyInAnyOrder("/0.1/", "/0.2/");
        List<Outcome> joined = agents.turns.get(agents.turns.size() - 1).outcomes();
        assertThat(((Outcome.Failed) joined.get(1)).failure()).isInstanceOf(InvalidDecisionException.class);
    }

    @Test
    void decision_allowedToAnotherAgentOnly_isCorrected() {
        // B may go to C; A, whose turn came through the same branch, may not.
        Ended ended = Flows.run(
                0,
                () -> Workflow.builder(TOPOLOGY, String.class)
                        .agent("A", agents.doing(">B=x"))
                        .agent(
                                "B",
                                agents.deciding(turn -> turn.correction() == null
                                        ? Decision.handOff("end", "x")
                                        : Decision.handOff(
                                                "C", ":" + turn.correction().allowed())))
                        .agent("C", agents.scripted())
                        .<String>build()
                        .start("task"));

        assertThat(ended.result().answers()).containsExactly("[C]");
    }
}
