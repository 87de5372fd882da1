package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.run.Decision;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Steps that wait for steps of their own, under a limit that has no room for both. */
@Timeout(120)
class NestedMaxInFlightTest {

    private static final Duration SOON = Duration.ofSeconds(30);

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final InFlightProbe probe = new InFlightProbe();

    /** How a step has its inner steps run. */
    enum Inner {
        ROUND {
            @Override
            Mono<String> run(StepEngine engine, List<Agent<String, String>> agents, String input) {
                return engine.run(agents, input)
                        .map(report -> String.join("", report.orThrow().values()));
            }
        },
        PAIRS {
            @Override
            Mono<String> run(StepEngine engine, List<Agent<String, String>> agents, String input) {
                return engine.stream(
                                Flux.fromIterable(agents).map(agent -> reactor.util.function.Tuples.of(agent, input)))
                        .map(Inner::valueOf)
                        .collectList()
                        .map(values -> String.join("", values));
            }
        },
        STEPS {
            @Override
            Mono<String> run(StepEngine engine, List<Agent<String, String>> agents, String input) {
                return Flux.merge(agents.stream()
                                .map(agent -> engine.step(agent, input).map(Inner::valueOf))
                                .toList())
                        .collectList()
                        .map(values -> String.join("", values));
            }
        },
        WORKFLOW {
            @Override
            Mono<String> run(StepEngine engine, List<Agent<String, String>> agents, String input) {
                Topology topology = Topology.parse("start -> Boss\nBoss <-> Worker");
                List<Agent<String, String>> left = Collections.synchronizedList(new ArrayList<>(agents));
                return Workflow.builder(topology, String.class)
                        .agent(
                                "Boss",
                                Agent.of(
                                        "Boss",
                                        (turn, context) -> Mono.just(
                                                turn.outcomes().isEmpty()
                                                        ? Decision.fanOut(IntStream.range(0, agents.size())
                                                                .mapToObj(at ->
                                                                        io.flotilla.run.Invocation.of("Worker", input))
                                                                .toList())
                                                        : Decision.answer(
                                                                String.join("", turn.answers(String.class))))))
                        .agent(
                                "Worker",
                                Agent.of(
                                        "Worker",
                                        (turn, context) -> left.remove(0)
                                                .step(String.valueOf(turn.input()), context)
                                                .map(Decision::answer)))
                        .engine(engine)
                        .build()
                        .run(input)
                        .map(result -> result.orThrow().answer());
            }
        };

        abstract Mono<String> run(StepEngine engine, List<Agent<String, String>> agents, String input);

        private static String valueOf(StepResult<String> result) {
            assertThat(result.kind()).as("%s", result).isEqualTo(StepResult.Kind.SUCCEEDED);
            return String.valueOf(result.value());
        }
    }

    private StepEngine engine(int maxInFlight) {
        return StepEngine.builder()
                .maxInFlight(maxInFlight)
                .noStepTimeout()
                .meterRegistry(meters)
                .build();
    }

    /** Each of {@code width} steps a level waits for as many of the next. */
    private Agent<String, String> tree(
            StepEngine engine, List<Inner> levels, int width, List<Boolean> blocking, int level) {
        if (level == levels.size()) {
            return Agent.of(
                    "leaf",
                    (input, context) ->
                            probe.counted(input, Mono.delay(Duration.ofNanos(1)).thenReturn(input)));
        }
        Agent<String, String> inner = tree(engine, levels, width, blocking, level + 1);
        Mono<String> work = Mono.defer(() -> levels.get(level).run(engine, Collections.nCopies(width, inner), "x"));
        return blocking.get(level)
                ? Agent.blocking("level-" + level, (input, context) -> work.block(SOON))
                : Agent.of("level-" + level, (input, context) -> work);
    }

    private void assertAllFree() {
        FairPermitsTest.await(
                () -> meters.get("flotilla.permits.in.use").gauge().value() == 0
                        && meters.get("flotilla.permits.queued").gauge().value() == 0);
    }

    static Stream<Arguments> fiveDeep() {
        return Stream.of(Inner.values())
                .flatMap(inner -> Stream.of(false, true).map(blocking -> Arguments.of(inner, blocking)));
    }

    @ParameterizedTest
    @MethodSource("fiveDeep")
    void nested_fiveDeepAtMaxInFlight1_ends(Inner inner, boolean blocking) {
        StepEngine engine = engine(1);
        Agent<String, String> root =
                tree(engine, Collections.nCopies(5, inner), 2, Collections.nCopies(5, blocking), 0);

        StepResult<String> result = engine.step(root, "go").block(SOON);

        assertThat(result).isNotNull();
        assertThat(result.value()).isEqualTo("x".repeat(32));
        assertThat(probe.most()).as("those who wait lend what they hold").isEqualTo(1);
        assertAllFree();
    }

    @Test
    void nested_blockingAndReactiveInTurn_ends() {
        StepEngine engine = engine(1);
        Agent<String, String> root = tree(
                engine,
                List.of(Inner.ROUND, Inner.STEPS, Inner.WORKFLOW, Inner.PAIRS, Inner.ROUND, Inner.STEPS),
                2,
                List.of(true, false, true, false, false, true),
                0);

        StepResult<String> result = engine.step(root, "go").block(SOON);

        assertThat(result).isNotNull();
        assertThat(result.value()).isEqualTo("x".repeat(64));
        assertAllFree();
    }

    @Test
    void nested_manyAtOnceInRandomShapes_endAndNeverExceedTheLimit() {
        long base = ThreadLocalRandom.current().nextLong();
        for (int run = 0; run < 40; run++) {
            long seed = base + run;
            Random random = new Random(seed);
            int limit = 1 + random.nextInt(3);
            StepEngine engine = engine(limit);
            InFlightProbe leaves = probe;
            List<Mono<StepResult<String>>> roots = new ArrayList<>();
            for (int root = 0; root < 1 + random.nextInt(6); root++) {
                int depth = random.nextInt(4);
                List<Inner> levels = random.ints(depth, 0, Inner.values().length)
                        .mapToObj(at -> Inner.values()[at])
                        .toList();
                List<Boolean> blocking =
                        random.ints(depth, 0, 2).mapToObj(bit -> bit == 1).toList();
                roots.add(engine.step(tree(engine, levels, 1 + random.nextInt(3), blocking, 0), "go"));
            }
            int before = leaves.now();

            List<StepResult<String>> results = Flux.merge(roots).collectList().block(SOON);

            assertThat(before).isZero();
            assertThat(results)
                    .as("seed %d", seed)
                    .isNotNull()
                    .allSatisfy(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.SUCCEEDED));
            assertThat(probe.most()).as("seed %d", seed).isLessThanOrEqualTo(3);
            assertAllFree();
        }
    }

    @Test
    void nested_freePermits_innerStepsRunSideBySide() {
        StepEngine engine = engine(4);
        Agent<String, String> root = tree(engine, List.of(Inner.ROUND), 8, List.of(false), 0);
        List<Integer> counts = Collections.synchronizedList(new ArrayList<>());
        Agent<String, String> counting = Agent.of(
                "outer",
                (input, context) -> engine.run(Collections.nCopies(8, probe.held()), "go")
                        .doOnSubscribe(any -> counts.add(probe.now()))
                        .map(report -> "done"));
        engine.step(counting, "go").subscribe();

        assertThat(root).isNotNull();
        assertThat(probe.now())
                .as("one with the permit of the step that waits, three more")
                .isEqualTo(4);
        assertThat(meters.get("flotilla.permits.in.use").gauge().value()).isEqualTo(4);
    }

    @Test
    void nested_innerEngineHasALimitOfItsOwn_bothCount() {
        StepEngine inner = engine(1);
        StepEngine outer = engine(2);
        Agent<String, String> root = Agent.of(
                "outer",
                (input, context) ->
                        inner.run(Collections.nCopies(3, probe.brief()), "go").map(report -> "done"));

        StepReport<String> report =
                outer.run(Collections.nCopies(6, root), "go").block(SOON);

        assertThat(report).isNotNull();
        assertThat(report.orThrow().values()).hasSize(6);
        assertThat(probe.most()).isEqualTo(1);
        assertAllFree();
    }

    @Test
    void nested_outerCancelled_innerStepsLeaveTheQueueAndThePermitIsFree() {
        StepEngine engine = engine(1);
        Agent<String, String> root = Agent.of(
                "outer",
                (input, context) ->
                        engine.run(Collections.nCopies(3, probe.held()), "go").map(report -> "done"));
        var running = engine.step(root, "go").subscribe();
        assertThat(probe.now()).isEqualTo(1);

        running.dispose();

        assertAllFree();
        assertThat(probe.now()).isZero();
        assertThat(probe.started()).isEqualTo(1);
    }
}
