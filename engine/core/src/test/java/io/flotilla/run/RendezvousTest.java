package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.flotilla.run.Flows.Ended;
import io.flotilla.run.RunEvent.RendezvousFired;
import io.flotilla.run.RunEvent.Verdict;
import io.flotilla.topology.Topology;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

/** Where branches meet: who is waited for, when it fires, and for whom it is too late. */
@Timeout(30)
class RendezvousTest {

    private static final Topology MEETING = Topology.parse("""
            start -> Boss -> Left, Right -> Writer -> end
            Left, Right -> Boss, user
            Boss -> end
            """);

    private final Agents agents = new Agents();

    private static Invocation go(String agent, String line) {
        return Invocation.of(agent, line);
    }

    private Workflow.Builder<String> meeting(Invocation... invocations) {
        return Workflow.builder(MEETING, String.class)
                .agent("Boss", agents.forking(Stream.of(invocations)))
                .agent("Left", agents.scripted())
                .agent("Right", agents.scripted())
                .agent("Writer", agents.meeting());
    }

    private static Ended run(double took, Workflow.Builder<String> flow) {
        return Flows.run(took, () -> flow.<String>build().start("task"));
    }

    /** Left comes after one second, Right after three, a second Right after six. */
    private Ended atWriter(double took, UnaryOperator<Workflow.Builder<String>> with) {
        return run(
                took,
                with.apply(meeting(go("Left", "1>Writer=a"), go("Right", "3>Writer=b"), go("Right", "6>Writer=c"))));
    }

    // --- all who can come

    @Test
    void arrivals_whateverTheirTime_areInLineageOrder() {
        Ended ended = run(3, meeting(go("Left", "3>Writer=a"), go("Right", "1>Writer=b"), go("Right", "2>Writer=c")));

        assertThat(ended.result().answers()).containsExactly("Left=a Right=b Right=c");
        assertThat(ended.result().steps()).isEqualTo(5);
        assertThat(ended.result().branches()).isEqualTo(new RunResult.Branches(0, 0, 5, 0));
        Turn turn = agents.turns.get(4);
        assertThat(turn.reason()).isEqualTo(Turn.Reason.ARRIVED);
        assertThat(turn.input()).isEqualTo(List.of("a", "b", "c"));
        assertThat(turn.sender()).isEqualTo("Left");
        assertThat(turn.arrivals())
                .extracting(arrival -> arrival.branch().toString())
                .containsExactly("/0.0/", "/0.1/", "/0.2/");
        RendezvousFired fired = ended.events(RendezvousFired.class).get(0);
        assertThat(fired.branch()).as("the next index of the fork it is in").hasToString("/0.3/");
        assertThat(fired.verdict()).isEqualTo(Verdict.MET);
        assertThat(fired.arrivals()).isEqualTo(3);
    }

    @Test
    void arrivals_twoFromOneSender_bothCount() {
        assertThat(run(2, meeting(go("Left", "2>Writer=a"), go("Left", "1>Writer=b")))
                        .result()
                        .answers())
                .containsExactly("Left=a Left=b");
    }

    @Test
    void arrivals_ofNull_areNull() {
        Ended ended = run(
                0,
                Workflow.builder(MEETING, String.class)
                        .agent("Boss", agents.forking(Stream.of(go("Left", null), go("Right", null))))
                        .agent("Left", agents.deciding(turn -> Decision.handOff("Writer", turn.input())))
                        .agent("Right", agents.deciding(turn -> Decision.handOff("Writer", turn.input())))
                        .agent("Writer", agents.meeting()));

        assertThat(ended.result().answers()).containsExactly("Left=null Right=null");
    }

    @Test
    void fire_othersAnswerOrFail_isNotWaitedForThem() {
        Ended ended = run(2, meeting(go("Left", "1>Writer=a"), go("Right", "2:b")));

        assertThat(ended.events(RendezvousFired.class)).hasSize(1);
        // Writer handed on to the end, Right answered: the fork is joined with the one answer.
        assertThat(ended.result().answers()).containsExactly("b", "Left=a");
    }

    @Test
    void fire_itsOwnAnswer_isJoinedAfterTheInvocations() {
        Ended ended = run(
                2,
                Workflow.builder(MEETING, String.class)
                        .agent(
                                "Boss",
                                agents.forking(Stream.of(
                                        go("Left", "1>Writer=a"), go("Right", "1>Writer=b"), go("Right", "2:c"))))
                        .agent("Left", agents.scripted())
                        .agent("Right", agents.scripted())
                        .agent("Writer", agents.deciding(turn -> Decision.answer(Agents.met(turn)))));

        assertThat(ended.result().answers()).containsExactly("c Left=a Right=b");
    }

    @Test
    void fire_oneWhoCouldComeAsks_waitsForTheAnswer() {
        Topology topology = Topology.parse("start -> Boss -> Left, Right -> Writer -> end\nRight -> user");
        Ended ended = Flows.run(
                9,
                () -> Workflow.builder(topology, String.class)
                        .agent("Boss", agents.forking(Stream.of(go("Left", "1>Writer=a"), go("Right", "2?where"))))
                        .agent("Left", agents.scripted())
                        .agent(
                                "Right",
                                agents.deciding(turn -> turn.reason() == Turn.Reason.ANSWERED
                                        ? Decision.handOff("Writer", turn.answer())
                                        : Decision.ask("where")))
                        .agent("Writer", agents.meeting())
                        .<String>build()
                        .start("task"),
                run -> Flows.at(
                        9,
                        () -> run.answer(run.questions().get(0).id(), "there").subscribe()));

        assertThat(ended.result().answers()).containsExactly("Left=a Right=there");
    }

    @Test
    void fire_oneWhoWaitsOnAForkOfItsOwn_isWaitedFor() {
        Topology topology = Topology.parse("""
                start -> Boss -> Left, Right -> Writer -> end
                Right <-> Helper
                """);
        Ended ended = run(
                5,
                Workflow.builder(topology, String.class)
                        .agent("Boss", agents.forking(Stream.of(go("Left", "1>Writer=a"), go("Right", "x"))))
                        .agent("Left", agents.scripted())
                        .agent(
                                "Right",
                                agents.deciding(turn -> turn.reason() == Turn.Reason.JOINED
                                        ? Decision.handOff("Writer", Agents.told(turn.outcomes()))
                                        : Decision.fanOut(go("Helper", "5:h"), go("Helper", "2:i"))))
                        .agent("Helper", agents.scripted())
                        .agent("Writer", agents.meeting()));

        assertThat(ended.result().answers()).containsExactly("Left=a Right=h i");
    }

    @Test
    void fork_intoARendezvous_isThereAtOnce() {
        Topology topology = Topology.parse("start -> Boss -> Left -> Writer -> end\nBoss -> Writer");
        Ended ended = run(
                2,
                Workflow.builder(topology, String.class)
                        .agent("Boss", agents.forking(Stream.of(go("Left", "2>Writer=a"), go("Writer", "b"))))
                        .agent("Left", agents.scripted())
                        .agent("Writer", agents.meeting()));

        assertThat(ended.result().answers()).containsExactly("Left=a Boss=b");
        assertThat(ended.result().branches()).isEqualTo(new RunResult.Branches(0, 0, 4, 0));
    }

    // --- quorum and deadline

    static Stream<Arguments> fired() {
        return Stream.of(
                arguments(Join.all(), 6, 6, "Left=a Right=b Right=c", 0),
                arguments(Join.allSettled(), 6, 6, "Left=a Right=b Right=c", 0),
                arguments(Join.ratio(0.1), 6, 6, "Left=a Right=b Right=c", 0),
                arguments(Join.firstSuccess(), 6, 1, "Left=a", 2),
                arguments(Join.atLeast(1), 6, 1, "Left=a", 2),
                arguments(Join.atLeast(2), 6, 3, "Left=a Right=b", 1),
                arguments(Join.atLeast(3), 6, 6, "Left=a Right=b Right=c", 0),
                arguments(Join.allSettled().within(Flows.seconds(4)), 6, 5, "Left=a Right=b", 1),
                arguments(Join.allSettled().within(Flows.seconds(4.999)), 6, 5.999, "Left=a Right=b", 1),
                arguments(Join.allSettled().within(Flows.seconds(5)), 6, 6, "Left=a Right=b Right=c", 0),
                arguments(Join.all().within(Flows.seconds(5)), 6, 6, "Left=a Right=b Right=c", 0),
                arguments(Join.atLeast(3).within(Flows.seconds(4)), 6, 5, "Left=a Right=b", 1),
                arguments(Join.firstSuccess().within(Flows.seconds(4)), 6, 1, "Left=a", 2),
                arguments(Join.all().within(Flows.seconds(4)).orProceed(), 6, 5, "Left=a Right=b", 1),
                arguments(Join.ratio(0.1).within(Flows.seconds(1)).orProceed(), 6, 2, "Left=a", 2),
                arguments(Join.atLeast(4).orProceed(), 6, 6, "Left=a Right=b Right=c", 0));
    }

    @ParameterizedTest
    @MethodSource("fired")
    void joinAt_aRendezvous_firesThenAndTheOthersAreLate(
            Join join, double took, double fires, String arrived, int late) {
        Ended ended = atWriter(took, flow -> flow.joinAt("Writer", join));

        assertThat(ended.result().answers()).containsExactly(arrived);
        assertThat(ended.result().lateArrivals()).isEqualTo(late);
        assertThat(agents.cancelled).as("nobody is cancelled at a rendezvous").isEmpty();
        assertThat(ended.events(RendezvousFired.class)).hasSize(1);
        assertThat(ended.events(RendezvousFired.class).get(0).at())
                .isEqualTo(ended.result().startedAt().plus(Flows.seconds(fires)));
        assertThat(ended.events(RunEvent.BranchMovedOn.class).stream()
                        .filter(RunEvent.BranchMovedOn::late)
                        .count())
                .isEqualTo(late);
    }

    @Test
    void join_default_appliesToARendezvousToo() {
        assertThat(atWriter(6, flow -> flow.join(Join.atLeast(2))).result().answers())
                .containsExactly("Left=a Right=b");
    }

    static Stream<Arguments> joinUnmet() {
        return Stream.of(
                arguments(Join.all().within(Flows.seconds(4)), 5, "2 arrived in time"),
                arguments(Join.ratio(0.1).within(Flows.seconds(4)), 5, "2 arrived in time"),
                arguments(Join.atLeast(4), 6, "3 arrived and nobody else can"));
    }

    @ParameterizedTest
    @MethodSource("joinUnmet")
    void joinAt_aRendezvousShort_failsItsBranchAndTheForkItIsIn(Join join, double took, String mentions) {
        Ended ended = atWriter(took, flow -> flow.joinAt("Writer", join));

        assertThat(ended.result().status()).isEqualTo(RunResult.Status.FAILED);
        assertThat(ended.result().failure().getCause())
                .isInstanceOfSatisfying(JoinShortfallException.class, failure -> {
                    assertThat(failure.agent()).isEqualTo("Writer");
                    assertThat(failure.join()).isEqualTo(join);
                    assertThat(failure).hasMessageContaining(mentions).hasMessageContaining(join.toString());
                });
        assertThat(ended.result().failure()).hasMessageContaining(mentions);
        assertThat(ended.events(RendezvousFired.class))
                .extracting(RendezvousFired::verdict)
                .containsExactly(Verdict.UNMET);
        assertThat(ended.result().steps()).as("Writer is not called").isEqualTo(4);
    }

    @ParameterizedTest
    @CsvSource({"proceed, SUCCEEDED", "fail, FAILED"})
    void joinAt_aRendezvousShortAndAsking_isTheirsToDecide(String answer, RunResult.Status status) {
        Ended ended = Flows.run(
                9,
                () -> meeting(go("Left", "1>Writer=a"), go("Right", "3>Writer=b"))
                        .joinAt("Writer", Join.atLeast(3).orAsk())
                        .<String>build()
                        .start("task"),
                run -> Flows.at(9, () -> {
                    assertThat(run.questions()).hasSize(1);
                    assertThat(run.questions().get(0).agent()).isEqualTo("Writer");
                    run.answer(run.questions().get(0).id(), answer).subscribe();
                }));

        assertThat(ended.result().status()).isEqualTo(status);
        if (status == RunResult.Status.SUCCEEDED) {
            assertThat(ended.result().answers()).containsExactly("Left=a Right=b");
        }
    }

    @Test
    void firedEarly_arrivalOfABranchBornLater_opensTheNextInstance() {
        Topology topology = Topology.parse("""
                start -> Boss -> Left, Right -> Writer -> end
                Right -> Sub -> Writer
                """);
        Ended ended = run(
                6,
                Workflow.builder(topology, String.class)
                        .agent(
                                "Boss",
                                agents.forking(Stream.of(
                                        go("Left", "1>Writer=a"), go("Left", "6>Writer=late"), go("Right", "x"))))
                        .agent("Left", agents.scripted())
                        .agent(
                                "Right",
                                agents.body(turn -> Mono.delay(Flows.seconds(4))
                                        .thenReturn(Decision.fanOut(go("Sub", "1>Writer=b")))))
                        .agent("Sub", agents.scripted())
                        .agent("Writer", agents.meeting())
                        .joinAt("Writer", Join.firstSuccess()));

        assertThat(ended.result().answers()).containsExactly("Left=a", "Sub=b");
        assertThat(ended.result().lateArrivals()).isEqualTo(1);
        assertThat(ended.events(RendezvousFired.class)).hasSize(2);
    }

    // --- which scope

    private static Topology twoLevels(String more) {
        return Topology.parse("""
                start -> Boss -> Mid -> Left, Right -> Meet -> end
                """ + more);
    }

    private Workflow.Builder<String> twoLevels(Topology topology) {
        return Workflow.builder(topology, String.class)
                .agent("Boss", agents.forking(Stream.of(go("Mid", "1"), go("Mid", "2"))))
                .agent(
                        "Mid",
                        agents.deciding(turn -> Decision.fanOut(
                                go("Left", turn.input() + ">Meet=l" + turn.input()),
                                go("Right", turn.input() + ">Meet=r" + turn.input()))))
                .agent("Left", agents.scripted())
                .agent("Right", agents.scripted())
                .agent("Meet", agents.meeting());
    }

    @Test
    void scope_openedAtADominator_eachForkHasItsOwnMeeting() {
        Ended ended = run(2, twoLevels(twoLevels("")));

        assertThat(ended.result().answers()).containsExactly("Left=l1 Right=r1", "Left=l2 Right=r2");
        assertThat(ended.events(RendezvousFired.class))
                .extracting(fired -> fired.branch().toString())
                .containsExactly("/0.0/0.2/", "/0.1/0.2/");
    }

    @Test
    void scope_thereIsAWayAroundTheFork_allMeetFurtherOut() {
        Ended ended = run(2, twoLevels(twoLevels("Boss -> Other -> Meet")).agent("Other", agents.scripted()));

        assertThat(ended.result().answers()).containsExactly("Left=l1 Right=r1 Left=l2 Right=r2");
        assertThat(ended.events(RendezvousFired.class))
                .extracting(fired -> fired.branch().toString())
                .containsExactly("/0.2/");
    }

    @Test
    void scope_noDominatorHasForked_meetInTheRun() {
        Ended ended = run(
                3,
                Workflow.builder(Topology.parse("start -> A, B -> Meet -> end"), String.class)
                        .agent("A", agents.doing("3>Meet=a"))
                        .agent("B", agents.doing("1>Meet=b"))
                        .agent("Meet", agents.meeting()));

        assertThat(ended.result().answers()).containsExactly("A=a B=b");
        assertThat(ended.events(RendezvousFired.class).get(0).branch()).hasToString("/~2/");
    }

    // --- several

    @Test
    void chain_aRendezvousThatWaits_isWaitedForByTheNext() {
        Topology topology = Topology.parse("""
                start -> A, B, C
                A, B -> X
                X, C -> Y
                Y -> Z -> end
                B -> Z
                """);
        Ended ended = run(
                4,
                Workflow.builder(topology, String.class)
                        .agent("A", agents.doing("1>X=a"))
                        .agent("B", agents.doing("4>X=b"))
                        .agent("C", agents.doing("2>Y=c"))
                        .agent("X", agents.deciding(turn -> Decision.handOff("Y", "(" + Agents.met(turn) + ")")))
                        .agent("Y", agents.deciding(turn -> Decision.handOff("Z", "[" + Agents.met(turn) + "]")))
                        .agent("Z", agents.meeting()));

        assertThat(ended.result().answers()).containsExactly("Y=[C=c X=(A=a B=b)]");
        assertThat(ended.events(RendezvousFired.class))
                .extracting(RendezvousFired::agent)
                .containsExactly("X", "Y", "Z");
    }

    @ParameterizedTest
    @CsvSource({"X, 'B=b P=(A=a)'", "Y, 'A=a Q=(B=b)'"})
    void cycle_twoThatWaitForEachOther_theFirstDeclaredFires(String first, String answer) {
        Topology topology = Topology.parse((first.equals("X") ? "X, Y" : "Y, X") + """

                start -> A, B
                A -> X -> P -> Y
                B -> Y -> Q -> X
                X, Y -> end
                """);
        Ended ended = run(
                2,
                Workflow.builder(topology, String.class)
                        .agent("A", agents.doing("1>X=a"))
                        .agent("B", agents.doing("2>Y=b"))
                        .agent("X", agents.deciding(turn -> passOn(turn, "P")))
                        .agent("Y", agents.deciding(turn -> passOn(turn, "Q")))
                        .agent("P", agents.deciding(turn -> Decision.handOff("Y", turn.input())))
                        .agent("Q", agents.deciding(turn -> Decision.handOff("X", turn.input()))));

        assertThat(ended.result().answers()).containsExactly(answer);
        assertThat(ended.events(RendezvousFired.class).get(0).agent()).isEqualTo(first);
    }

    private static Decision passOn(Turn turn, String to) {
        return turn.arrivals().size() == 1
                ? Decision.handOff(to, "(" + Agents.met(turn) + ")")
                : Decision.handOff("end", Agents.met(turn));
    }

    @Test
    void cycle_oneUpstreamOfTheOther_theUpstreamFiresFirst() {
        // Y is declared first, but X leads to it.
        Topology topology = Topology.parse("""
                Y
                start -> A, B
                A, B -> X -> Y
                A, B -> Y -> end
                """);
        Ended ended = run(
                2,
                Workflow.builder(topology, String.class)
                        .agent("A", agents.doing("1>X=a"))
                        .agent("B", agents.doing("2>Y=b"))
                        .agent("X", agents.deciding(turn -> Decision.handOff("Y", Agents.met(turn))))
                        .agent("Y", agents.meeting()));

        assertThat(ended.result().answers()).containsExactly("B=b X=A=a");
    }

    @Test
    void cancel_aForkWithARendezvousThatWaits_discardsIt() {
        Ended ended = run(2, meeting(go("Left", "1>Writer=a"), go("Right", "2!b"), go("Right", "-")));

        assertThat(ended.result().failure()).isInstanceOf(JoinShortfallException.class);
        assertThat(ended.events(RendezvousFired.class)).isEmpty();
        assertThat(agents.cancelled).containsExactly("-");
    }

    @Test
    void within_theForkItIsInEndsFirst_itIsTimedOutLikeABranch() {
        Ended ended = run(
                5,
                meeting(go("Left", "1>Writer=a"), go("Right", "-"))
                        .joinAt("Boss", Join.all().within(Flows.seconds(5)).orProceed()));

        assertThat(ended.result().answers()).containsExactly("?PT5S ?PT5S");
    }

    @Test
    void passThrough_twoEdgesIn_nobodyWaits() {
        Topology topology = Topology.parse("""
                start -> Boss -> Left, Right -> Writer -> end
                pass_through Writer
                """);
        Ended ended = run(
                3,
                Workflow.builder(topology, String.class)
                        .agent("Boss", agents.forking(Stream.of(go("Left", "1>Writer=a"), go("Right", "3>Writer=b"))))
                        .agent("Left", agents.scripted())
                        .agent("Right", agents.scripted())
                        .agent("Writer", agents.deciding(turn -> Decision.handOff("end", turn.input()))));

        assertThat(ended.result().answers()).containsExactly("a", "b");
        assertThat(ended.events(RendezvousFired.class)).isEmpty();
    }

    private static final Topology INNER = Topology.parse("""
            start -> Boss -> Lead, Spare -> Last -> end
            Boss <-> Lead
            Lead <-> Quick
            Lead -> Left, Right -> Early -> Last
            """);

    /**
     * Two leads go to the last while their stragglers meet inside: one meeting has fired and works, the other still waits
     * when the last rendezvous is opened. Both are waited for, the second also after the first has ended.
     */
    @Test
    void fire_rendezvousOfInnerForksWaitedBefore_isWaitedForToo() {
        Ended ended = run(
                6,
                Workflow.builder(INNER, String.class)
                        .agent(
                                "Boss",
                                agents.deciding(
                                        turn -> Decision.fanOut(go("Lead", "1>Early=2"), go("Lead", "2>Early=4"))))
                        .agent("Spare", agents.scripted())
                        .agent(
                                "Lead",
                                agents.body(turn -> turn.reason() == Turn.Reason.REQUESTED
                                        ? Mono.just(Decision.fanOut(
                                                go("Quick", ":go"),
                                                go("Left", ">Early=0"),
                                                go("Right", String.valueOf(turn.input()))))
                                        : Mono.delay(Flows.seconds(1.5)).thenReturn(Decision.handOff("Last", "lead"))))
                        .agent("Quick", agents.scripted())
                        .agent("Left", agents.scripted())
                        .agent("Right", agents.scripted())
                        .agent("Early", agents.body(turn -> {
                            String takes = String.valueOf(turn.arrivals().get(1).value());
                            return Mono.delay(Flows.seconds(Double.parseDouble(takes)))
                                    .thenReturn(Decision.handOff("Last", takes));
                        }))
                        .agent("Last", agents.meeting())
                        .joinAt("Lead", Join.firstSuccess().keepStragglers()));

        assertThat(ended.result().answers()).containsExactly("Lead=lead Early=2 Lead=lead Early=4");
    }
}
