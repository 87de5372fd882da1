package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.flotilla.agent.Usage;
import io.flotilla.run.Flows.Ended;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
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

/** What a whole run may use: below, at and above each bound. */
@Timeout(30)
class LimitsTest {

    private static final Topology ONE = Topology.parse("start -> A -> end\nA -> user");
    private static final Topology NESTED = Topology.parse("start -> A <-> B <-> C <-> D\nA -> end");

    private final Agents agents = new Agents();

    private Workflow.Builder<String> one(Function<Turn, Decision> decision) {
        return Workflow.builder(ONE, String.class).agent("A", agents.deciding(decision));
    }

    private static Ended run(double took, Workflow.Builder<String> flow) {
        return Flows.run(took, () -> flow.<String>build().start("task"));
    }

    private static void assertWithin(Ended ended) {
        assertThat(ended.result().failure()).isNull();
        assertThat(ended.result().status()).isEqualTo(RunResult.Status.SUCCEEDED);
    }

    private static LimitExceededException assertExceeded(Ended ended, String limit, String value, String path) {
        assertThat(ended.result().status()).isEqualTo(RunResult.Status.FAILED);
        LimitExceededException failure = (LimitExceededException) ended.result().failure();
        assertThat(failure.kind()).isEqualTo(RunFailure.Kind.LIMIT_EXCEEDED);
        assertThat(failure.limit()).isEqualTo(limit);
        assertThat(failure.value()).isEqualTo(value);
        assertThat(failure.getMessage()).contains("limit exceeded: " + limit + " " + value);
        assertThat(failure.getMessage()).contains(path);
        return failure;
    }

    private static void check(Ended ended, boolean within, String limit, String value, String path) {
        if (within) {
            assertWithin(ended);
        } else {
            assertExceeded(ended, limit, value, path);
        }
    }

    // --- steps

    @ParameterizedTest
    @CsvSource({"4, true", "5, true", "6, false"})
    void steps(int needed, boolean within) {
        Ended ended = run(
                0,
                one(turn -> {
                            int left = turn.input() instanceof Integer rest ? rest : needed;
                            return left == 1 ? Decision.answer("done") : Decision.repeat(left - 1);
                        })
                        .limits(Limits.steps(5)));

        check(ended, within, "steps", "5", "at agent A (branch /), path A");
        assertThat(ended.result().steps()).isEqualTo(Math.min(needed, 5));
    }

    @Test
    void steps_correctionsAndThoseOfOtherBranchesIncluded() {
        Ended ended = run(0, one(turn -> Decision.handOff("nobody", null)).limits(Limits.steps(2)));
        assertExceeded(ended, "steps", "2", "path A");

        Ended forked =
                run(1, Flows.fork(Flows.FORK, agents, Join.all(), "1:a 1:b 1:c").limits(Limits.steps(4)));
        assertExceeded(forked, "steps", "4", "at agent Boss (branch /), path Boss");
        assertThat(forked.result().steps()).isEqualTo(4);
    }

    @Test
    void steps_exceeded_cancelsWhatIsInFlight() {
        Ended ended = run(
                1,
                Flows.fork(Flows.FORK, agents, Join.firstSuccess().keepStragglers(), "1:a -")
                        .limits(Limits.steps(3)));

        assertExceeded(ended, "steps", "3", "path Boss");
        assertThat(agents.cancelled).containsExactly("-");
    }

    // --- time

    @ParameterizedTest
    @CsvSource({"4.999, true", "5, true", "5.001, false"})
    void time(double needed, boolean within) {
        Ended ended = run(
                Math.min(needed, 5),
                Workflow.builder(ONE, String.class)
                        .agent("A", agents.doing(needed + ":a"))
                        .limits(Limits.time(Duration.ofSeconds(5))));

        check(ended, within, "time", "PT5S", "at agent A (branch /), path A");
        assertThat(agents.cancelled).hasSize(within ? 0 : 1);
    }

    @Test
    void time_nobodySteps_namesThePath() {
        Ended asking = run(5, one(turn -> Decision.ask("?")).limits(Limits.time(Duration.ofSeconds(5))));

        assertExceeded(asking, "time", "PT5S", "path A");
    }

    @Test
    void time_betweenSteps_namesThePathOfABranchThatLives() {
        Topology topology = Topology.parse("start -> A, B -> Meet -> end");
        Ended ended = Flows.run(
                5,
                () -> Workflow.builder(topology, String.class)
                        .agent("A", agents.doing("1>Meet=a"))
                        .agent("B", agents.doing("2>Meet=b"))
                        .agent("Meet", agents.meeting())
                        .limits(Limits.time(Duration.ofSeconds(5)))
                        .<String>build()
                        .start("task"),
                Run::pause);

        assertExceeded(ended, "time", "PT5S", "at agent Meet (branch /~2/), path A > Meet");
    }

    @Test
    void time_paused_passesAllTheSame() {
        Ended ended = Flows.run(
                5,
                () -> Workflow.builder(ONE, String.class)
                        .agent("A", agents.doing("1?x"))
                        .limits(Limits.time(Duration.ofSeconds(5)))
                        .<String>build()
                        .start("task"),
                Run::pause);
        assertExceeded(ended, "time", "PT5S", "");
    }

    // --- tokens and cost

    @ParameterizedTest
    @CsvSource({"99, true", "100, true", "101, false"})
    void tokens(int used, boolean within) {
        Ended ended = run(
                0,
                Workflow.builder(ONE, String.class)
                        .agent("A", agents.body((turn, context) -> {
                            context.usage().record(Usage.ofTokens(60, used - 60));
                            return Mono.just(Decision.answer("done"));
                        }))
                        .limits(Limits.tokens(100)));

        check(ended, within, "tokens", "100", "at agent A (branch /), path A");
        assertThat(ended.result().usage().tokens()).isEqualTo(used);
    }

    @Test
    void tokens_ofAllBranchesAndOfFailedSteps_areAddedUp() {
        Ended ended = run(
                2,
                Workflow.builder(Flows.FORK, String.class)
                        .agent("Boss", agents.forking("Worker", "1 2 3"))
                        .agent(
                                "Worker",
                                agents.body((turn, context) -> Mono.delay(
                                                Flows.seconds(Double.parseDouble(String.valueOf(turn.input()))))
                                        .then(Mono.defer(() -> {
                                            context.usage().record(Usage.ofTokens(50, 0));
                                            return Mono.error(new IllegalStateException("no"));
                                        }))))
                        .join(Join.allSettled())
                        .limits(Limits.tokens(99)));

        assertExceeded(ended, "tokens", "99", "at agent Worker (branch /0.1/), path Boss > Worker");
    }

    @ParameterizedTest
    @CsvSource({"0.99, true", "1.00, true", "1.01, false"})
    void cost(String used, boolean within) {
        Ended ended = run(
                0,
                Workflow.builder(ONE, String.class)
                        .agent("A", agents.body((turn, context) -> {
                            context.usage().record(new Usage(0, 0, new BigDecimal(used)));
                            return Mono.just(Decision.answer("done"));
                        }))
                        .limits(Limits.cost(BigDecimal.ONE)));

        check(ended, within, "cost", "1", "at agent A (branch /), path A");
    }

    // --- branches and depth

    @ParameterizedTest
    @CsvSource({"3, true", "4, true", "5, false"})
    void branches_ofForks(int forked, boolean within) {
        String scripts = String.join(" ", Collections.nCopies(forked, ":a"));
        Ended ended = run(0, Flows.fork(Flows.FORK, agents, Join.all(), scripts).limits(Limits.branches(5)));

        check(ended, within, "branches", "5", "at agent Boss (branch /), path Boss");
        assertThat(ended.result().steps())
                .as("nobody of a fork too wide starts")
                .isEqualTo(within ? forked + 2 : 1);
    }

    @ParameterizedTest
    @CsvSource({"5, true", "4, true", "3, false", "2, false"})
    void branches_ofRendezvousAndEntries(int limit, boolean within) {
        Ended ended = run(
                within || limit == 3 ? 1 : 0,
                Workflow.builder(Topology.parse("start -> A, B, C -> Meet -> end"), String.class)
                        .agent("A", agents.doing("1>Meet=a"))
                        .agent("B", agents.doing("1>Meet=b"))
                        .agent("C", agents.doing("1>Meet=c"))
                        .agent("Meet", agents.meeting())
                        .limits(Limits.branches(limit)));

        check(ended, within, "branches", String.valueOf(limit), limit == 3 ? "at agent Meet" : "at agent C");
    }

    /** A forks B, B forks C, C forks D: three levels. */
    private Workflow.Builder<String> nested() {
        IntFunction<Function<Turn, Decision>> forking = next -> turn -> turn.reason() == Turn.Reason.JOINED
                ? Decision.answer("up")
                : Decision.fanOut(Invocation.of("ABCD".substring(next, next + 1), null));
        return Workflow.builder(NESTED, String.class)
                .agent("A", agents.deciding(forking.apply(1)))
                .agent("B", agents.deciding(forking.apply(2)))
                .agent("C", agents.deciding(forking.apply(3)))
                .agent("D", agents.deciding(turn -> Decision.answer("bottom")));
    }

    @ParameterizedTest
    @CsvSource({"4, true", "3, true", "2, false"})
    void depth(int limit, boolean within) {
        check(
                run(0, nested().limits(Limits.depth(limit))),
                within,
                "depth",
                String.valueOf(limit),
                "at agent C (branch /0.0/0.0/), path A > B > C");
    }

    @Test
    void depth_handOffs_doNotCount() {
        Ended ended = run(
                0,
                Workflow.builder(Topology.pipeline("A", "B", "C"), String.class)
                        .agent("A", agents.doing(">B=>C=:a"))
                        .agent("B", agents.scripted())
                        .agent("C", agents.scripted())
                        .limits(Limits.depth(0)));

        assertThat(ended.result().answers()).containsExactly("a");
    }

    @Test
    void depth_zero_allowsNoFork() {
        assertExceeded(
                run(0, Flows.fork(Flows.FORK, agents, Join.all(), ":a").limits(Limits.depth(0))),
                "depth",
                "0",
                "path Boss");
    }

    // --- questions

    @ParameterizedTest
    @CsvSource({"4, true", "3, true", "2, false", "0, false"})
    void questions_openAtTheSameTime(int limit, boolean within) {
        Topology topology = Topology.parse("start -> Boss <-> Worker -> user\nBoss -> end");
        Ended ended = Flows.run(
                within ? 9 : limit == 2 ? 3 : 1,
                () -> Flows.fork(topology, agents, Join.all(), "1?x 2?y 3?z")
                        .limits(Limits.questions(limit))
                        .<String>build()
                        .start("task"),
                run -> Flows.at(
                        9,
                        () -> run.questions()
                                .forEach(open -> run.answer(open.id(), "ok").subscribe())));

        check(
                ended,
                within,
                "questions",
                String.valueOf(limit),
                "at agent Worker (branch /0." + limit + "/), path Boss");
    }

    @Test
    void questions_oneAfterTheOther_areOneAtATime() {
        Ended ended = Flows.run(
                3,
                () -> one(turn -> turn.answer() == null || !turn.answer().equals("stop")
                                ? Decision.ask("again?")
                                : Decision.answer("done"))
                        .limits(Limits.questions(1))
                        .<String>build()
                        .start("task"),
                run -> {
                    Flows.at(
                            1,
                            () -> run.answer(run.questions().get(0).id(), "go").subscribe());
                    Flows.at(
                            2,
                            () -> run.answer(run.questions().get(0).id(), "go").subscribe());
                    Flows.at(
                            3,
                            () -> run.answer(run.questions().get(0).id(), "stop")
                                    .subscribe());
                });
        assertWithin(ended);
    }

    // --- circular delegation

    private static final Topology RING = Topology.ring("A", "B", "C");

    /** Hands on round the ring {@code handOffs} times. */
    private Workflow.Builder<String> ring(int handOffs) {
        Workflow.Builder<String> flow = Workflow.builder(RING, String.class);
        for (String name : List.of("A", "B", "C")) {
            flow.agent(name, agents.deciding(turn -> {
                int left = turn.input() instanceof Integer rest ? rest : handOffs;
                return left == 0
                        ? Decision.handOff("end", "done")
                        : Decision.handOff(turn.successors().get(0), left - 1);
            }));
        }
        return flow;
    }

    @ParameterizedTest
    @CsvSource({
        "0, 2, true, ''",
        "0, 3, false, A > B > C > A",
        "1, 5, true, ''",
        "1, 6, false, A > B > C > A",
        "2, 8, true, ''",
        "2, 9, false, A > B > C > A",
    })
    void delegationCycles_byHandOff(int limit, int handOffs, boolean within, String cycle) {
        Ended ended = run(0, ring(handOffs).limits(Limits.delegationCycles(limit)));

        check(ended, within, "delegationCycles", String.valueOf(limit), "cycle " + cycle);
        if (!within) {
            assertThat(ended.result().failure().getMessage()).endsWith("cycle " + cycle);
        }
    }

    @Test
    void delegationCycles_notSet_isOff() {
        assertWithin(run(0, ring(3_000)));
    }

    @Test
    void delegationCycles_returnToTheOneWhoForked_isNone() {
        Ended ended = run(
                2,
                Workflow.builder(Flows.FORK, String.class)
                        .agent(
                                "Boss",
                                agents.deciding(turn -> turn.reason() == Turn.Reason.REQUESTED
                                        ? Decision.fanOut(
                                                Invocation.of("Worker", "1>Boss=a"), Invocation.of("Worker", "1:b"))
                                        : agents.turns.size() < 5
                                                ? Decision.fanOut(Invocation.of("Worker", "1>Boss=c"))
                                                : Decision.handOff("end", Agents.told(turn.outcomes()))))
                        .agent("Worker", agents.scripted())
                        .limits(Limits.delegationCycles(0)));

        assertThat(ended.result().answers()).containsExactly("c");
    }

    @Test
    void delegationCycles_byFork_isSeenAcrossLevels() {
        Ended ended = run(
                0,
                Workflow.builder(Topology.parse("start -> A <-> B -> C -> B\nC -> A -> end"), String.class)
                        .agent("A", agents.deciding(turn -> Decision.handOff("B", null)))
                        .agent("B", agents.deciding(turn -> Decision.fanOut(Invocation.of("C", null))))
                        .agent("C", agents.deciding(turn -> Decision.fanOut(Invocation.of("A", null))))
                        .limits(Limits.delegationCycles(0)));

        LimitExceededException failure =
                assertExceeded(ended, "delegationCycles", "0", "at agent C (branch /0.0/), path A > B > C");
        assertThat(failure.getMessage()).endsWith("cycle A > B > C > A");
    }

    // --- rules of the topology

    private static String ruled(String rule) {
        return "start -> Boss <-> Worker\nBoss -> end\n" + rule;
    }

    static Stream<Arguments> rules() {
        return Stream.of(
                arguments("timeout(2)", "time", "PT2S", 2, Limits.time(Duration.ofSeconds(9))),
                arguments("max_steps(3)", "steps", "3", 3, Limits.steps(9)),
                arguments("max_branches(2)", "branches", "2", 0, Limits.branches(9)));
    }

    @ParameterizedTest
    @MethodSource("rules")
    void rules_ofTheTopology_apply(String rule, String limit, String value, double took, Limits explicit) {
        Topology topology = Topology.parse(ruled(rule));
        assertExceeded(run(took, Flows.fork(topology, agents, Join.all(), "3:a 3:b")), limit, value, "");
        assertExceeded(
                run(took, Flows.fork(topology, agents, Join.all(), "3:a 3:b").limits(Limits.tokens(9))),
                limit,
                value,
                "");
        assertWithin(run(3, Flows.fork(topology, agents, Join.all(), "3:a 3:b").limits(explicit)));
    }

    @Test
    void rules_depth_appliesAndAnExplicitOneWins() {
        Topology shallow = Topology.parse("start -> A <-> B <-> C <-> D\nA -> end\nmax_depth(2)");
        Workflow.Builder<String> flow = Workflow.builder(shallow, String.class)
                .agent("A", agents.deciding(turn -> forkOrUp(turn, "B")))
                .agent("B", agents.deciding(turn -> forkOrUp(turn, "C")))
                .agent("C", agents.deciding(turn -> forkOrUp(turn, "D")))
                .agent("D", agents.deciding(turn -> Decision.answer("bottom")));

        assertExceeded(run(0, flow), "depth", "2", "path A > B > C");
        assertWithin(run(0, flow.limits(Limits.depth(3))));
    }

    private static Decision forkOrUp(Turn turn, String next) {
        return turn.reason() == Turn.Reason.JOINED ? Decision.answer("up") : Decision.fanOut(Invocation.of(next, null));
    }

    // --- the deadline the steps see

    @ParameterizedTest
    @CsvSource({"60, 100, 60, 60", "60, 20, 20, 22", "20, 60, 20, 20"})
    void deadline_ofAStep_isTheEarlierOfStepTimeoutAndRun(long run, long step, long first, long second) {
        Ended ended = run(
                2,
                Workflow.builder(ONE, String.class)
                        .agent(
                                "A",
                                agents.body(turn -> turn.input().equals("task")
                                        ? Mono.delay(Flows.seconds(2)).thenReturn(Decision.repeat("more"))
                                        : Mono.just(Decision.answer("done"))))
                        .engine(StepEngine.builder()
                                .stepTimeout(Duration.ofSeconds(step))
                                .build())
                        .limits(Limits.time(Duration.ofSeconds(run))));

        Instant start = ended.result().startedAt();
        assertThat(agents.contexts.get(0).deadline()).isEqualTo(start.plusSeconds(first));
        assertThat(agents.contexts.get(1).deadline()).isEqualTo(start.plusSeconds(second));
    }

    @Test
    void deadline_noLimits_isNone() {
        run(
                0,
                one(turn -> Decision.answer("done"))
                        .engine(StepEngine.builder().noStepTimeout().build()));
        assertThat(agents.contexts.get(0).deadline()).isNull();

        Ended ended = run(
                0,
                one(turn -> Decision.answer("done"))
                        .engine(StepEngine.builder().noStepTimeout().build())
                        .limits(Limits.time(Duration.ofSeconds(7))));
        assertThat(agents.contexts.get(1).deadline())
                .isEqualTo(ended.result().startedAt().plusSeconds(7));
    }

    @Test
    void delegationPath_ofAStep_isWhoHandedOn() {
        run(
                0,
                Workflow.builder(Topology.pipeline("A", "B", "C"), String.class)
                        .agent("A", agents.doing(">B=>C=:a"))
                        .agent("B", agents.scripted())
                        .agent("C", agents.scripted()));

        assertThat(agents.contexts.stream()
                        .map(context -> context.delegationPath().stream()
                                .map(Object::toString)
                                .collect(Collectors.joining(">"))))
                .containsExactly("", "A", "A>B");
        assertThat(IntStream.range(0, 3).mapToObj(at -> agents.contexts.get(at).stepNumber()))
                .containsExactly(0L, 1L, 2L);
    }

    @Test
    void delegationCycles_aThousand_isEnforcedToo() {
        RunResult<String> result = Workflow.builder(
                        io.flotilla.topology.Topology.parse("start -> A <-> B"), String.class)
                .agent(
                        "A",
                        io.flotilla.agent.Agent.of(
                                "A", (turn, context) -> reactor.core.publisher.Mono.just(Decision.handOff("B", null))))
                .agent(
                        "B",
                        io.flotilla.agent.Agent.of(
                                "B", (turn, context) -> reactor.core.publisher.Mono.just(Decision.handOff("A", null))))
                .limits(Limits.delegationCycles(1_500).steps(20_000))
                .build()
                .run("go")
                .block();

        assertThat(((LimitExceededException) result.failure()).limit()).isEqualTo("delegationCycles");
        assertThat(result.steps()).isEqualTo(3_002);
    }

    // --- the engine's concurrency

    @Test
    void stepTimeout_ofAForkWiderThanTheConcurrency_saysHowManyTurnsWait() {
        Ended ended = run(
                15,
                Flows.fork(Flows.FORK, agents, Join.allSettled(), "- - -")
                        .engine(StepEngine.builder()
                                .concurrency(1)
                                .stepTimeout(Duration.ofSeconds(5))
                                .build()));

        assertThat(ended.events(RunEvent.BranchFailed.class))
                .extracting(failed -> failed.failure().getMessage())
                .satisfiesExactly(
                        first -> assertThat(first).contains("2 steps").contains("had not been started yet"),
                        second -> assertThat(second).contains("1 steps").contains("had not been started yet"),
                        third -> assertThat(third).doesNotContain("had not been started yet"),
                        boss -> {});
    }
}
