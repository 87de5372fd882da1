package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.flotilla.agent.Agent;
import io.flotilla.run.Flows.Ended;
import io.flotilla.run.RunEvent.Verdict;
import io.flotilla.topology.Topology;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

/** A join decides at the first moment at which its decision is certain. */
@Timeout(30)
class JoinTest {

    private final Agents agents = new Agents();

    private Ended run(double took, Topology topology, Join join, String scripts) {
        return Flows.run(
                took,
                () -> Flows.fork(topology, agents, join, scripts)
                        .<String>build()
                        .start("task"));
    }

    /** {@code 1! 2! 3: 4:}: so many fail, the others answer, one a second. */
    private static String failing(int failures, int all) {
        return IntStream.rangeClosed(1, all)
                .mapToObj(second -> second + (second <= failures ? "!f" : ":") + second)
                .collect(Collectors.joining(" "));
    }

    private static String numbers(int from, int to, String prefix) {
        return IntStream.rangeClosed(from, to)
                .mapToObj(number -> prefix + number)
                .collect(Collectors.joining(" "));
    }

    static Stream<Arguments> met() {
        return Stream.of(
                arguments(Join.all(), "1:a", 1, "a", ""),
                arguments(Join.all(), "1:a 3:b 2:c", 3, "a b c", ""),
                arguments(Join.all(), ":a :b", 0, "a b", ""),
                arguments(Join.atLeast(1), "2:a 1:b -", 1, "b", "- 2:a"),
                arguments(Join.atLeast(2), "5:a 1:b 3:c", 3, "b c", "5:a"),
                arguments(Join.atLeast(2), "4:a 1!b 3:c -", 4, "a !b c", "-"),
                arguments(Join.atLeast(3), "5:a 1:b 3:c", 5, "a b c", ""),
                arguments(Join.ratio(0.55), failing(0, 20), 11, numbers(1, 11, ""), "9"),
                arguments(Join.ratio(0.55), failing(9, 20), 20, numbers(1, 9, "!f") + " " + numbers(10, 20, ""), ""),
                arguments(Join.ratio(0.5), "1:a -", 1, "a", "-"),
                arguments(Join.ratio(0.5), "1!a 2!b 3:c 4:d", 4, "!a !b c d", ""),
                arguments(Join.ratio(0.51), "1:a 2:b", 2, "a b", ""),
                arguments(Join.ratio(1), "1:a 2:b", 2, "a b", ""),
                arguments(Join.ratio(0), "1!a -", 1, "!a", "-"),
                arguments(Join.ratio(0), "1:a -", 1, "a", "-"),
                arguments(Join.firstSuccess(), "2:a 1:b -", 1, "b", "- 2:a"),
                arguments(Join.firstSuccess(), "1!a 2!b 3:c", 3, "!a !b c", ""),
                arguments(Join.allSettled(), "1:a 3:b 2!c", 3, "a b !c", ""),
                arguments(Join.allSettled(), "1!a 2!b 3:c", 3, "!a !b c", ""));
    }

    @ParameterizedTest
    @MethodSource("met")
    void join_enoughHaveAnswered_isMetAtThatMoment(
            Join join, String scripts, double took, String outcomes, String cancelled) {
        Ended ended = run(took, Flows.FORK, join, scripts);

        assertThat(ended.result().answers()).containsExactly(outcomes);
        assertThat(ended.events(RunEvent.Joined.class))
                .extracting(RunEvent.Joined::verdict)
                .containsExactly(Verdict.MET);
        if (cancelled.equals("9")) {
            assertThat(agents.cancelled).hasSize(9);
        } else {
            assertThat(String.join(" ", agents.cancelled)).isEqualTo(cancelled);
        }
        assertThat(ended.result().branches().cancelled()).isEqualTo(agents.cancelled.size());
    }

    static Stream<Arguments> joinUnmet() {
        return Stream.of(
                arguments(Join.all(), "1:a 2!b -", 2, "a !b", "-"),
                arguments(Join.all(), "1^boom -", 1, "!boom", "-"),
                arguments(Join.atLeast(2), "1:a 2!b 3!c", 3, "a !b !c", ""),
                arguments(Join.atLeast(2), "1!b 2!c -", 2, "!b !c", "-"),
                arguments(Join.atLeast(3), "1!b 2:a -", 1, "!b", "- 2:a"),
                arguments(Join.atLeast(4), "1:a 2:b 3:c", 0, "", ""),
                arguments(Join.ratio(0.55), failing(10, 20), 10, numbers(1, 10, "!f"), "10"),
                arguments(Join.ratio(0.51), "1!a -", 1, "!a", "-"),
                arguments(Join.ratio(1), "1!a -", 1, "!a", "-"),
                arguments(Join.firstSuccess(), "1!a 2!b", 2, "!a !b", ""),
                arguments(Join.allSettled(), "2!a 1!b", 2, "!a !b", ""));
    }

    @ParameterizedTest
    @MethodSource("joinUnmet")
    void join_enoughCanNoLongerCome_isShortAtThatMoment(
            Join join, String scripts, double took, String outcomes, String cancelled) {
        Ended ended = run(took, Flows.FORK, join.orProceed(), scripts);

        assertThat(ended.result().answers()).containsExactly(outcomes);
        assertThat(ended.events(RunEvent.Joined.class))
                .extracting(RunEvent.Joined::verdict)
                .containsExactly(Verdict.UNMET);
        if (cancelled.equals("10")) {
            assertThat(agents.cancelled).hasSize(10);
        } else {
            assertThat(String.join(" ", agents.cancelled)).isEqualTo(cancelled);
        }
    }

    @Test
    void join_shortWithMoreThanThereAre_startsNobody() {
        Ended ended = run(0, Flows.FORK, Join.atLeast(3), "1:a 2:b");

        assertThat(agents.turns).hasSize(1);
        assertThat(ended.result().branches()).isEqualTo(new RunResult.Branches(0, 1, 0, 2));
        assertThat(ended.result().failure())
                .isInstanceOf(JoinShortfallException.class)
                .hasMessageContaining("atLeast(3)")
                .hasMessageContaining("Boss");
    }

    @Test
    void orFail_short_failsTheBranchThatForkedWithTheFirstCauseAndTheOthersSuppressed() {
        Ended ended = run(3, Flows.FORK, Join.allSettled(), "3!late 1!early 2^thrown");

        assertThat(ended.result().status()).isEqualTo(RunResult.Status.FAILED);
        assertThat(ended.result().answers()).isEmpty();
        JoinShortfallException failure = (JoinShortfallException) ended.result().failure();
        assertThat(failure.kind()).isEqualTo(RunFailure.Kind.JOIN_SHORTFALL);
        assertThat(failure.agent()).isEqualTo("Boss");
        assertThat(failure.branch()).hasToString("/");
        assertThat(failure.join()).isEqualTo(Join.allSettled());
        assertThat(failure).hasMessageContaining("allSettled()").hasMessageContaining("late");
        assertThat(failure.getCause()).hasMessageContaining("agent Worker (branch /0.0/)");
        assertThat(failure.getSuppressed()).hasSize(2);
        assertThat(failure.getSuppressed()[1]).hasRootCauseMessage("thrown");
    }

    @Test
    void join_decided_tellsHowItStood() {
        Ended ended = run(3, Flows.FORK, Join.atLeast(2), "1:a 2!b 3:c - -");

        RunEvent.Joined joined = ended.events(RunEvent.Joined.class).get(0);
        assertThat(joined.answered()).isEqualTo(2);
        assertThat(joined.failed()).isEqualTo(1);
        assertThat(joined.stragglers()).isEqualTo(2);
        assertThat(joined.agent()).isEqualTo("Boss");
        assertThat(joined.branch()).hasToString("/");
    }

    // --- stragglers

    @Test
    void stragglers_insideForksOfTheirOwn_areCancelledToo() {
        Topology nested = Topology.parse("start -> Boss <-> Mid <-> Worker\nBoss -> end");
        Ended ended = Flows.run(
                1,
                () -> Workflow.builder(nested, String.class)
                        .agent(
                                "Boss",
                                agents.forking(
                                        Stream.of(Invocation.of("Mid", "fork"), Invocation.of("Mid", "1:quick"))))
                        .agent(
                                "Mid",
                                agents.body(turn -> turn.input().equals("fork")
                                        ? Mono.just(Decision.fanOut(
                                                Invocation.of("Worker", "-"), Invocation.of("Worker", "9:x")))
                                        : Mono.delay(Flows.seconds(1)).thenReturn(Decision.answer("quick"))))
                        .agent("Worker", agents.scripted())
                        .join(Join.firstSuccess())
                        .<String>build()
                        .start("task"));

        assertThat(agents.cancelled).containsExactlyInAnyOrder("-", "9:x");
        assertThat(ended.result().branches()).isEqualTo(new RunResult.Branches(2, 0, 0, 3));
    }

    @Test
    void keepStragglers_joinDecided_theyRunOnAndTheirAnswersAreLate() {
        Ended ended = run(7, Flows.FORK, Join.firstSuccess().keepStragglers(), "5:a 1:b 7:c 6!d");

        assertThat(ended.result().answers()).containsExactly("b");
        assertThat(ended.result().lateArrivals()).isEqualTo(2);
        assertThat(ended.result().branches()).isEqualTo(new RunResult.Branches(4, 1, 0, 0));
        assertThat(agents.cancelled).isEmpty();
        assertThat(ended.events(RunEvent.BranchAnswered.class).stream()
                        .filter(RunEvent.BranchAnswered::late)
                        .map(answered -> answered.branch().toString()))
                .containsExactly("/0.0/", "/0.2/");
    }

    @Test
    void keepStragglers_joinShort_theBranchFailsAndTheyRunOn() {
        // The failure reaches the run, whose own join cancels what is left.
        Ended failing = run(1, Flows.FORK, Join.all().keepStragglers(), "1!a 5:b");
        assertThat(failing.result().failure()).isInstanceOf(JoinShortfallException.class);
        assertThat(agents.cancelled).containsExactly("5:b");

        Ended going = run(5, Flows.FORK, Join.all().orProceed().keepStragglers(), "1!a 5:b");
        assertThat(going.result().answers()).containsExactly("!a");
        assertThat(going.result().lateArrivals()).isEqualTo(1);
    }

    @Test
    void keepStragglers_theyForkAndHandOver_runsOnToTheLast() {
        Topology topology = Topology.parse("start -> Boss <-> Worker -> Helper -> Boss -> end");
        Ended ended = Flows.run(
                4,
                () -> Workflow.builder(topology, String.class)
                        .agent("Boss", agents.forking("Worker", "1:quick 2>Helper=2:slow"))
                        .agent("Worker", agents.scripted())
                        .agent("Helper", agents.scripted())
                        .join(Join.firstSuccess().keepStragglers())
                        .<String>build()
                        .start("task"));

        assertThat(ended.result().answers()).containsExactly("quick");
        assertThat(ended.result().lateArrivals()).isEqualTo(1);
    }

    @Test
    void keepStragglers_nextForkOfTheSameBranch_joinsItsOwn() {
        Ended ended = Flows.run(
                5,
                () -> Workflow.builder(Flows.FORK, String.class)
                        .agent(
                                "Boss",
                                agents.deciding(turn -> turn.reason() == Turn.Reason.REQUESTED
                                        ? Decision.fanOut(
                                                Invocation.of("Worker", "1:a"), Invocation.of("Worker", "3:b"))
                                        : Agents.told(turn.outcomes()).equals("a")
                                                ? Decision.fanOut(Invocation.of("Worker", "4:c"))
                                                : Decision.handOff("end", Agents.told(turn.outcomes()))))
                        .agent("Worker", agents.scripted())
                        .join(Join.firstSuccess().keepStragglers())
                        .<String>build()
                        .start("task"));

        assertThat(ended.result().answers()).containsExactly("c");
        assertThat(ended.result().lateArrivals()).isEqualTo(1);
        assertThat(ended.events(RunEvent.Forked.class))
                .extracting(RunEvent.Forked::fork)
                .containsExactly(0, 1);
    }

    // --- those who moved on

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "all()         | 1>end=x 2:a 3:b   | 3 | MET   | a b",
                "all()         | 3>end=x 2:a       | 3 | MET   | a",
                "ratio(0.5)    | 1>end=x 2:a -     | 2 | MET   | a",
                "ratio(0.5)    | 1>end=x 2!a 3!b 4:c | 3 | UNMET | !a !b",
                "atLeast(2)    | 1:a 2>end=x       | 2 | UNMET | a",
                "atLeast(2)    | 3:a 2>end=x 1:b   | 3 | MET   | a b",
                "firstSuccess()       | 1>end=x 2:a -     | 2 | MET   | a",
                "allSettled()         | 2>end=x 1!a       | 2 | UNMET | !a",
            })
    void join_membersThatMovedOn_doNotCount(String join, String scripts, double took, Verdict verdict, String joined) {
        Join asked = Stream.of(Join.all(), Join.ratio(0.5), Join.atLeast(2), Join.firstSuccess(), Join.allSettled())
                .filter(one -> one.toString().equals(join))
                .findFirst()
                .orElseThrow()
                .orProceed();
        Ended ended = run(took, Flows.OPEN_FORK, asked, scripts);

        assertThat(ended.result().answers()).containsExactly(joined, "x");
        assertThat(ended.events(RunEvent.Joined.class))
                .extracting(RunEvent.Joined::verdict)
                .containsExactly(verdict);
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void join_allMovedOn_soHasTheOneWhoForked(Join join) {
        Ended ended = run(2, Flows.OPEN_FORK, join, "2>end=x 1>end=y");

        assertThat(ended.result().answers()).containsExactly("x", "y");
        assertThat(ended.result().steps()).isEqualTo(3);
        assertThat(ended.result().branches()).isEqualTo(new RunResult.Branches(0, 0, 3, 0));
        assertThat(ended.events(RunEvent.Joined.class))
                .extracting(RunEvent.Joined::verdict)
                .containsExactly(Verdict.VACATED);
        assertThat(ended.events(RunEvent.BranchMovedOn.class))
                .extracting(RunEvent.BranchMovedOn::to)
                .containsExactly("end", "end", null);
    }

    static List<Join> kinds() {
        return List.of(
                Join.all(),
                Join.atLeast(1),
                Join.atLeast(9),
                Join.ratio(0),
                Join.ratio(1),
                Join.firstSuccess(),
                Join.allSettled(),
                Join.firstSuccess().keepStragglers(),
                Join.all().within(Flows.seconds(5)));
    }

    @Test
    void fork_intoTheEnd_isThereAtOnceAndHasMovedOn() {
        Ended ended = Flows.run(
                0,
                () -> Workflow.builder(Topology.pipeline("A"), String.class)
                        .agent(
                                "A",
                                agents.deciding(
                                        turn -> Decision.fanOut(Invocation.of("end", "x"), Invocation.of("end", "y"))))
                        .<String>build()
                        .start("task"));

        assertThat(ended.result().answers()).containsExactly("x", "y");
        assertThat(ended.result().steps()).isEqualTo(1);
        assertThat(ended.result().branches()).isEqualTo(new RunResult.Branches(0, 0, 3, 0));
    }

    // --- where a join applies

    @Test
    void joinAt_anAgent_governsItsForksOnly() {
        Topology nested = Topology.parse("start -> Boss <-> Mid <-> Worker\nBoss -> end");
        Ended ended = Flows.run(
                3,
                () -> Workflow.builder(nested, String.class)
                        .agent("Boss", agents.forking("Mid", "a b"))
                        .agent(
                                "Mid",
                                agents.deciding(turn -> turn.reason() == Turn.Reason.REQUESTED
                                        ? Decision.fanOut(
                                                Invocation.of(
                                                        "Worker", turn.input().equals("a") ? "1:a1" : "3:b1"),
                                                Invocation.of("Worker", "-"))
                                        : Decision.answer(Agents.told(turn.outcomes()))))
                        .agent("Worker", agents.scripted())
                        .join(Join.all())
                        .joinAt("Mid", Join.firstSuccess())
                        .<String>build()
                        .start("task"));

        assertThat(ended.result().answers()).containsExactly("a1 b1");
    }

    private Ended ends(double took, Join join, String a, String b, String c) {
        Topology topology = Topology.parse("start -> A, B, C -> end");
        return Flows.run(took, () -> {
            Workflow.Builder<String> flow = Workflow.builder(topology, String.class)
                    .agent("A", agents.doing(a))
                    .agent("B", agents.doing(b))
                    .agent("C", agents.doing(c));
            return (join == null ? flow.join(Join.firstSuccess()) : flow.joinAt("end", join))
                    .<String>build()
                    .start("task");
        });
    }

    @Test
    void join_default_doesNotApplyToTheEnd() {
        assertThat(ends(3, null, "3:a", "1:b", "2>end=c").result().answers()).containsExactly("a", "b", "c");
    }

    static Stream<Arguments> metAtTheEnd() {
        return Stream.of(
                arguments(Join.all(), 3, "3:a", "1:b", "2:c", "a b c", 0),
                arguments(Join.firstSuccess(), 1, "3:a", "1:b", "-", "b", 2),
                arguments(Join.firstSuccess(), 3, "3:a", "1!b", "-", "a", 1),
                arguments(Join.atLeast(2), 2, "3:a", "1:b", "2:c", "b c", 1),
                arguments(Join.atLeast(3), 3, "3:a", "1:b", "2:c", "a b c", 0),
                arguments(Join.ratio(0.5), 2, "3:a", "1:b", "2:c", "b c", 1),
                arguments(Join.ratio(0.34), 2, "3:a", "1:b", "2:c", "b c", 1),
                arguments(Join.ratio(0.33), 1, "3:a", "1:b", "2:c", "b", 2),
                arguments(Join.allSettled(), 3, "3!a", "1:b", "2!c", "b", 0),
                arguments(Join.all().orProceed(), 2, "-", "1:b", "2!c", "b", 1),
                arguments(Join.atLeast(3).orProceed(), 3, "3:a", "1:b", "2!c", "a b", 0),
                arguments(Join.all().within(Flows.seconds(2)).orProceed(), 2, "3:a", "1:b", "2:c", "b c", 1),
                arguments(Join.allSettled().within(Flows.seconds(2)), 2, "3:a", "1:b", "2:c", "b c", 1));
    }

    @ParameterizedTest
    @MethodSource("metAtTheEnd")
    void joinAt_theEnd_isMetAtThatMoment(
            Join join, double took, String a, String b, String c, String answers, long cancelled) {
        Ended ended = ends(took, join, a, b, c);

        assertThat(String.join(" ", ended.result().answers())).isEqualTo(answers);
        assertThat(ended.result().status()).isEqualTo(RunResult.Status.SUCCEEDED);
        assertThat(ended.result().branches().cancelled()).isEqualTo(cancelled);
        assertThat(agents.cancelled).hasSize((int) cancelled);
    }

    static Stream<Arguments> shortAtTheEnd() {
        return Stream.of(
                arguments(Join.all(), 1, "2:a", "1!b", "-", RunFailure.Kind.STEP_FAILED, "b"),
                arguments(Join.atLeast(3), 3, "3:a", "1!b", "2:c", RunFailure.Kind.JOIN_SHORTFALL, "atLeast(3)"),
                arguments(Join.atLeast(4), 3, "3:a", "1:b", "2:c", RunFailure.Kind.JOIN_SHORTFALL, "atLeast(4)"),
                arguments(Join.ratio(0.7), 3, "3:a", "1!b", "2:c", RunFailure.Kind.JOIN_SHORTFALL, "ratio(0.7)"),
                arguments(Join.firstSuccess(), 3, "3!a", "1!b", "2!c", RunFailure.Kind.STEP_FAILED, "a"),
                arguments(Join.allSettled(), 3, "3!a", "1!b", "2!c", RunFailure.Kind.STEP_FAILED, "a"),
                arguments(
                        Join.all().within(Flows.seconds(2)),
                        2,
                        "3:a",
                        "1:b",
                        "2:c",
                        RunFailure.Kind.JOIN_SHORTFALL,
                        "2 answered, 1 failed"),
                arguments(
                        Join.all().within(Flows.seconds(2)).orProceed(),
                        2,
                        "3:a",
                        "-",
                        "-",
                        RunFailure.Kind.JOIN_SHORTFALL,
                        "0 answered, 3 failed"));
    }

    @ParameterizedTest
    @MethodSource("shortAtTheEnd")
    void joinAt_theEnd_isShortAtThatMoment(
            Join join, double took, String a, String b, String c, RunFailure.Kind kind, String mentions) {
        Ended ended = ends(took, join, a, b, c);

        assertThat(ended.result().status()).isEqualTo(RunResult.Status.FAILED);
        assertThat(ended.result().failure().kind()).isEqualTo(kind);
        assertThat(ended.result().failure()).hasMessageContaining(mentions);
        assertThat(ended.result().answers()).isEmpty();
    }

    @Test
    void joinAt_theEndKeepingStragglers_endsWhenTheyHave() {
        Ended ended = ends(3, Join.firstSuccess().keepStragglers(), "3:a", "1:b", "2!c");

        assertThat(ended.result().answers()).containsExactly("b");
        assertThat(ended.result().lateArrivals()).isEqualTo(1);
        assertThat(agents.cancelled).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"proceed, SUCCEEDED", "fail, FAILED"})
    void joinAt_theEndAsking_isTheirsToDecide(String answer, RunResult.Status status) {
        Topology topology = Topology.parse("start -> A, B -> end");
        Ended ended = Flows.run(
                9,
                () -> Workflow.builder(topology, String.class)
                        .agent("A", agents.doing("1:a"))
                        .agent("B", agents.doing("2!b"))
                        .joinAt("end", Join.all().orAsk())
                        .<String>build()
                        .start("task"),
                run -> Flows.at(9, () -> {
                    PendingQuestion open = run.questions().get(0);
                    assertThat(open.agent()).isEqualTo("end");
                    assertThat(open.choices()).containsExactly("proceed", "fail");
                    Flows.taken(run.answer(open.id(), answer), true);
                }));

        assertThat(ended.result().status()).isEqualTo(status);
        if (status == RunResult.Status.SUCCEEDED) {
            assertThat(ended.result().answers()).containsExactly("a");
        } else {
            assertThat(ended.result().failure()).isInstanceOf(JoinShortfallException.class);
        }
    }

    @Test
    void joinAtEnd_anyAndEverybodyFails_theFirstFailureHasTheOthersSuppressed() {
        RunResult<String> result = Workflow.builder(Topology.parse("start -> A, B, C"), String.class)
                .agent("A", Agent.of("A", (turn, context) -> Mono.just(Decision.fail("a"))))
                .agent("B", Agent.of("B", (turn, context) -> Mono.just(Decision.fail("b"))))
                .agent("C", Agent.of("C", (turn, context) -> Mono.just(Decision.fail("c"))))
                .joinAt("end", Join.allSettled())
                .build()
                .run("go")
                .block();

        assertThat(result.failure()).hasMessageContaining("a");
        assertThat(result.failure().getSuppressed())
                .extracting(Throwable::getMessage)
                .satisfiesExactly(
                        second -> assertThat(second).endsWith(": b"),
                        third -> assertThat(third).endsWith(": c"));
    }
}
