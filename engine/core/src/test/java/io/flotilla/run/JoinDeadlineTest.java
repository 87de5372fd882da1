package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.run.Flows.Ended;
import io.flotilla.topology.Topology;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Deadlines of joins, and what a shortfall does. */
@Timeout(30)
class JoinDeadlineTest {

    private final Agents agents = new Agents();

    private Ended run(double took, Join join, String scripts) {
        return Flows.run(
                took,
                () -> Flows.fork(Flows.FORK, agents, join, scripts)
                        .<String>build()
                        .start("task"));
    }

    private static Join within(Join join) {
        return join.within(Flows.seconds(5));
    }

    // --- before, at, after

    @ParameterizedTest
    @CsvSource({"4.999", "5"})
    void within_lastAnswerBeforeOrAtTheDeadline_isInTime(double last) {
        Ended ended = run(last, within(Join.all()), "1:a " + last + ":b");

        assertThat(ended.result().answers()).containsExactly("a b");
        assertThat(agents.cancelled).isEmpty();
    }

    @Test
    void within_failureAtTheDeadline_isAFailureAndNoTimeOut() {
        assertThat(run(5, within(Join.allSettled()), "1:a 5!b").result().answers())
                .containsExactly("a !b");
    }

    @Test
    void within_lastAnswerAfterTheDeadline_isCancelledAndTimedOut() {
        Ended ended = run(5, within(Join.all()).orProceed(), "1:a 5.001:b");

        assertThat(ended.result().answers()).containsExactly("a ?PT5S");
        assertThat(agents.cancelled).containsExactly("5.001:b");
        assertThat(ended.result().lateArrivals()).isZero();
    }

    @Test
    void within_handedOverAtTheDeadline_answerOfThatInstantIsInTime() {
        Topology topology = Topology.parse("start -> Boss <-> Worker -> Helper -> Boss -> end");
        Ended ended = Flows.run(
                5,
                () -> Workflow.builder(topology, String.class)
                        .agent("Boss", agents.forking("Worker", "5>Helper=:a"))
                        .agent("Worker", agents.scripted())
                        .agent("Helper", agents.scripted())
                        .join(within(Join.all()))
                        .<String>build()
                        .start("task"));

        assertThat(ended.result().answers()).containsExactly("a");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "all        | 1:a - 2!c - | 2 | a !c",
                "all        | 1:a - 2:c - | 5 | a ?PT5S c ?PT5S",
                "any        | - 1:a 2!c   | 5 | ?PT5S a !c",
                "any        | - 2!c       | 5 | ?PT5S !c",
                "atLeast(2) | - 1:a 3:b   | 3 | a b",
                "atLeast(2) | - 1:a -     | 5 | ?PT5S a ?PT5S",
                "ratio(0.5) | - 3:a       | 3 | a",
                "ratio(0.5) | - 3:a -     | 5 | ?PT5S a ?PT5S",
                "first      | - -         | 5 | ?PT5S ?PT5S",
            })
    void within_deadlinePasses_theLiveStandAmongTheOutcomesInLineageOrder(
            String kind, String scripts, double took, String outcomes) {
        Join join = switch (kind) {
            case "all" -> Join.all();
            case "any" -> Join.allSettled();
            case "first" -> Join.firstSuccess();
            case "atLeast(2)" -> Join.atLeast(2);
            default -> Join.ratio(0.5);
        };
        assertThat(run(took, within(join).orProceed(), scripts).result().answers())
                .containsExactly(outcomes);
    }

    @Test
    void within_anyWithOneAnswer_isMetAtTheDeadline() {
        Ended ended = run(5, within(Join.allSettled()), "1:a -");

        RunEvent.Joined joined = ended.events(RunEvent.Joined.class).get(0);
        assertThat(joined.verdict()).isEqualTo(RunEvent.Verdict.MET);
        assertThat(joined.answered()).isEqualTo(1);
        assertThat(joined.failed()).isEqualTo(1);
        assertThat(ended.result().answers()).containsExactly("a ?PT5S");
    }

    @Test
    void within_timedOut_saysWhoAndWhere() {
        run(5, within(Join.allSettled()), "1:a -");

        Outcome timedOut = agents.turns.get(agents.turns.size() - 1).outcomes().get(1);
        assertThat(timedOut)
                .isEqualTo(new Outcome.TimedOut(
                        "Worker", BranchPath.outsideForks(0).forked(0, 1), Flows.seconds(5)));
        assertThat(timedOut.isFailure()).isTrue();
        assertThat(timedOut.value()).isNull();
    }

    @Test
    void within_countsFromWhenTheForkOpened() {
        Ended ended = Flows.run(
                7,
                () -> Workflow.builder(Flows.FORK, String.class)
                        .agent(
                                "Boss",
                                agents.body(turn -> turn.reason() == Turn.Reason.REQUESTED
                                        ? Mono.delay(Flows.seconds(2))
                                                .thenReturn(Decision.fanOut(Invocation.of("Worker", "-")))
                                        : Mono.just(Decision.answer(Agents.told(turn.outcomes())))))
                        .agent("Worker", agents.scripted())
                        .join(within(Join.all()).orProceed())
                        .<String>build()
                        .start("task"));

        assertThat(ended.result().answers()).containsExactly("?PT5S");
    }

    @Test
    void within_orFail_saysWhoHadNotEnded() {
        Ended ended = run(5, within(Join.all()), "1:a -");

        assertThat(ended.result().failure())
                .isInstanceOf(JoinShortfallException.class)
                .hasMessageContaining("1 answered, 1 failed")
                .hasMessageContaining("agent Worker (branch /0.1/) had not ended within PT5S");
    }

    @Test
    void within_keepStragglers_theyRunOnAsTimedOutAndLate() {
        Ended ended = run(9, within(Join.all()).orProceed().keepStragglers(), "1:a 9:b");

        assertThat(ended.result().answers()).containsExactly("a ?PT5S");
        assertThat(ended.result().lateArrivals()).isEqualTo(1);
        assertThat(ended.events(RunEvent.BranchAnswered.class))
                .extracting(RunEvent.BranchAnswered::late)
                .containsExactly(false, false, true);
    }

    @Test
    void within_joinDecidedBefore_deadlineDoesNothing() {
        Ended ended = run(9, within(Join.firstSuccess()).keepStragglers(), "1:a 9:b");

        assertThat(ended.events(RunEvent.Joined.class)).hasSize(1);
        assertThat(ended.result().answers()).containsExactly("a");
    }

    @Test
    void within_memberForkedItself_isTimedOutWithAllOfItsOwn() {
        Topology nested = Topology.parse("start -> Boss <-> Mid <-> Worker\nBoss -> end");
        Ended ended = Flows.run(
                5,
                () -> Workflow.builder(nested, String.class)
                        .agent("Boss", agents.forking("Mid", "x"))
                        .agent("Mid", agents.forking("Worker", "- 7:a"))
                        .agent("Worker", agents.scripted())
                        .joinAt("Boss", within(Join.all()).orProceed())
                        .<String>build()
                        .start("task"));

        assertThat(ended.result().answers()).containsExactly("?PT5S");
        assertThat(agents.cancelled).containsExactlyInAnyOrder("-", "7:a");
        assertThat(ended.result().branches()).isEqualTo(new RunResult.Branches(1, 0, 0, 3));
    }

    @Test
    void within_paused_goesOn() {
        Ended ended = Flows.run(
                20,
                () -> Flows.fork(Flows.FORK, agents, within(Join.all()).orProceed(), "1:a -")
                        .<String>build()
                        .start("task"),
                run -> {
                    Flows.at(2, run::pause);
                    Flows.at(20, run::resume);
                });

        assertThat(ended.result().answers()).containsExactly("a ?PT5S");
        RunEvent.Joined joined = ended.events(RunEvent.Joined.class).get(0);
        assertThat(joined.at()).isEqualTo(ended.result().startedAt().plusSeconds(5));
    }

    // --- a shortfall that asks

    private Ended asked(Join join, Object... answer) {
        return Flows.run(
                30,
                () -> Flows.fork(Flows.FORK, agents, join.orAsk(), "1:a 2!b")
                        .<String>build()
                        .start("task"),
                run -> Flows.at(30, () -> {
                    List<PendingQuestion> open = run.questions();
                    assertThat(open).hasSize(1);
                    assertThat(open.get(0).agent()).isEqualTo("Boss");
                    assertThat(open.get(0).branch()).hasToString("/");
                    assertThat(open.get(0).choices()).containsExactly("proceed", "fail");
                    assertThat(open.get(0).deadline()).isNull();
                    assertThat(open.get(0).text()).contains("all()").endsWith("proceed?");
                    Flows.taken(run.answer(open.get(0).id(), answer[0]), true);
                    assertThat(run.questions()).isEmpty();
                }));
    }

    static List<Object> proceeding() {
        return List.of("proceed", true);
    }

    @ParameterizedTest
    @MethodSource("proceeding")
    void orAsk_answerIsToProceed_goesOnWithWhatThereIs(Object answer) {
        assertThat(asked(Join.all(), answer).result().answers()).containsExactly("a !b");
    }

    static List<Object> failing() {
        return List.of("fail", false);
    }

    @ParameterizedTest
    @MethodSource("failing")
    void orAsk_answerIsToFail_fails(Object answer) {
        Ended ended = asked(Join.all(), answer);

        assertThat(ended.result().failure()).isInstanceOf(JoinShortfallException.class);
        assertThat(ended.result().failure().getCause()).hasMessageContaining("decided to fail: b");
    }

    @Test
    void orAsk_anyOtherAnswer_isRefused() {
        Run<String> run = Flows.fork(Flows.FORK, agents, Join.all().orAsk(), ":a !b")
                .<String>build()
                .start("task");

        for (Object answer : Arrays.asList("PROCEED", "true", "", 1, null)) {
            StepVerifier.create(run.answer("q0", answer))
                    .expectError(InvalidAnswerException.class)
                    .verify(TestRuns.SOON);
        }
        assertThat(run.answer("q0", "proceed").block(TestRuns.SOON)).isTrue();
        assertThat(TestRuns.ended(run).answers()).containsExactly("a !b");
    }

    @Test
    void orAsk_met_asksNobody() {
        Ended ended = run(2, Join.all().orAsk(), "1:a 2:b");

        assertThat(ended.events(RunEvent.QuestionAsked.class)).isEmpty();
    }

    @Test
    void orAsk_deadlinePassed_asksThen() {
        Ended ended = Flows.run(
                6,
                () -> Flows.fork(Flows.FORK, agents, within(Join.all()).orAsk(), "1:a -")
                        .<String>build()
                        .start("task"),
                run -> Flows.at(
                        6,
                        () -> run.answer(run.questions().get(0).id(), "proceed").subscribe()));

        assertThat(ended.result().answers()).containsExactly("a ?PT5S");
        assertThat(ended.events(RunEvent.QuestionAsked.class).get(0).at())
                .isEqualTo(ended.result().startedAt().plusSeconds(5));
        assertThat(agents.cancelled).as("nobody works on while they are asked").containsExactly("-");
    }

    @Test
    void orAsk_innerJoin_onlyThatBranchWaits() {
        Topology nested = Topology.parse("start -> Boss <-> Mid <-> Worker\nBoss -> end");
        Ended ended = Flows.run(
                9,
                () -> Workflow.builder(nested, String.class)
                        .agent("Boss", agents.forking("Mid", "- x"))
                        .agent(
                                "Mid",
                                agents.body(turn -> turn.reason() == Turn.Reason.JOINED
                                        ? Mono.just(Decision.answer(Agents.told(turn.outcomes())))
                                        : turn.input().equals("x")
                                                ? Mono.just(Decision.fanOut(Invocation.of("Worker", "1!w")))
                                                : Mono.delay(Flows.seconds(3)).thenReturn(Decision.answer("other"))))
                        .agent("Worker", agents.scripted())
                        .joinAt("Mid", Join.all().orAsk())
                        .<String>build()
                        .start("task"),
                run -> Flows.at(
                        9, () -> run.answer(run.questions().get(0).id(), true).subscribe()));

        assertThat(ended.result().answers()).containsExactly("other !w");
        assertThat(ended.events(RunEvent.QuestionAsked.class).get(0).question().agent())
                .isEqualTo("Mid");
    }
}
