package io.flotilla.samples.traces;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.journal.Journal;
import io.flotilla.observe.MdcKey;
import io.flotilla.resilience.Resilience;
import io.flotilla.resilience.RetryPolicy;
import io.flotilla.run.Decision;
import io.flotilla.run.Run;
import io.flotilla.run.Workflow;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import io.flotilla.topology.Topology;
import io.micrometer.observation.Observation;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import io.micrometer.tracing.BaggageInScope;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** What the MDC and the baggage have while agents are called, on whatever thread, and that nothing of it stays there. */
@Timeout(60)
@SuppressWarnings("try") // scopes, and mailboxes that are closed behind the block
class MdcTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    private final Queue<Map<String, String>> seen = new ConcurrentLinkedQueue<>();
    private final Queue<String> wrong = new ConcurrentLinkedQueue<>();

    /** Two threads, so that steps share them. */
    private final ScheduledExecutorService two = Executors.newScheduledThreadPool(2);

    private final Scheduler shared = Schedulers.fromExecutorService(two);

    @BeforeEach
    void clean() {
        MDC.clear();
    }

    @AfterEach
    void propagateNothing() {
        Hooks.disableAutomaticContextPropagation();
        shared.dispose();
        two.shutdown();
        MDC.clear();
    }

    private static StepEngine.Builder engine() {
        return StepEngine.builder().mdc(true);
    }

    private void note(StepContext context) {
        Map<String, String> mdc = Objects.requireNonNullElse(MDC.getCopyOfContextMap(), Map.of());
        seen.add(mdc);
        if (!expected(context).equals(mdc)) {
            wrong.add(context + " saw " + mdc);
        }
    }

    private static Map<String, String> expected(StepContext context) {
        return Map.of(
                MdcKey.RUN_ID.key(), context.runId(),
                MdcKey.AGENT.key(), context.agentId().toString(),
                MdcKey.BRANCH.key(), context.branchPath(),
                MdcKey.STEP_ID.key(), context.stepId());
    }

    private void assertAllRight(int times) {
        assertThat(wrong).isEmpty();
        assertThat(seen).hasSize(times);
        assertThreadsAreClean();
    }

    private void assertThreadsAreClean() {
        assertThat(mdc()).isEmpty();
        Callable<Map<String, String>> look = MdcTest::mdc;
        assertThat(IntStream.range(0, 8).mapToObj(any -> two.submit(look)).map(each -> {
                    try {
                        return each.get(20, TimeUnit.SECONDS);
                    } catch (Exception failed) {
                        throw new AssertionError(failed);
                    }
                }))
                .allSatisfy(left -> assertThat(left).isEmpty());
    }

    private static Map<String, String> mdc() {
        return Objects.requireNonNullElse(MDC.getCopyOfContextMap(), Map.of());
    }

    private static void propagate(boolean automatic) {
        if (automatic) {
            Hooks.enableAutomaticContextPropagation();
        }
    }

    enum Kind {
        AT_ONCE,
        ASSEMBLED,
        BLOCKING,
        BLOCKING_ON_A_POOL
    }

    private Agent<String, String> agent(Kind kind, String id) {
        return switch (kind) {
            case AT_ONCE ->
                Agent.of(
                        id,
                        (text, context) -> Mono.fromCallable(() -> {
                            note(context);
                            return text;
                        }));
            case ASSEMBLED ->
                Agent.of(id, (text, context) -> {
                    note(context);
                    return Mono.just(text).publishOn(shared);
                });
            case BLOCKING, BLOCKING_ON_A_POOL ->
                Agent.blocking(id, (text, context) -> {
                    note(context);
                    return text;
                });
        };
    }

    static Stream<Arguments> kinds() {
        return Stream.of(false, true)
                .flatMap(automatic -> Stream.of(Kind.values()).map(kind -> Arguments.of(automatic, kind)));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void mdc_whileAnAgentIsCalled_hasTheStep(boolean automatic, Kind kind) {
        propagate(automatic);
        StepEngine.Builder engine = engine();
        if (kind == Kind.BLOCKING_ON_A_POOL) {
            engine.blockingScheduler(() -> shared);
        }

        StepReport<String> report = engine.build()
                .run(List.of(agent(kind, "a"), agent(kind, "b#7")), "x")
                .doOnNext(all -> seen.add(Map.of("downstream", mdc().toString())))
                .block(SOON);

        assertThat(report.succeeded()).hasSize(2);
        assertThat(seen.poll()).isNotNull();
        assertThat(seen).contains(Map.of("downstream", "{}"));
        assertThat(seen.stream().map(mdc -> mdc.get(MdcKey.AGENT.key())).filter(Objects::nonNull))
                .hasSize(1);
        assertThat(wrong).isEmpty();
        assertThreadsAreClean();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void mdc_singleStep_hasTheStep(boolean automatic, Kind kind) {
        propagate(automatic);

        engine().build().step(agent(kind, "a"), "x").block(SOON);

        assertAllRight(1);
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void mdc_afterRetries_hasTheStepInEachAttempt(boolean automatic, Kind kind) {
        propagate(automatic);
        AtomicInteger calls = new AtomicInteger();
        Agent<String, String> inner = agent(kind, "a");
        Agent<String, String> failing = Agent.of(
                "a",
                (text, context) -> inner.step(text, context)
                        .flatMap(value -> calls.incrementAndGet() < 3
                                ? Mono.error(new IllegalStateException("again"))
                                : Mono.just(value)));

        StepReport<String> report = engine().interceptor(Resilience.builder()
                        .retry(RetryPolicy.builder()
                                .maxAttempts(3)
                                .minBackoff(Duration.ofMillis(1))
                                .build())
                        .build())
                .build()
                .run(List.of(failing), "x")
                .block(SOON);

        assertThat(report.succeeded()).hasSize(1);
        assertAllRight(3);
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void mdc_afterARecovery_hasTheSameRun(boolean automatic, Kind kind) {
        propagate(automatic);
        Journal journal = Journal.inMemory();
        Topology topology = Topology.parse("start -> Solo");
        Run<String> before = Workflow.builder(topology, String.class)
                .agent("Solo", Agent.of("Solo", (turn, context) -> Mono.<Decision>never()))
                .journal(journal)
                .build()
                .submit("go")
                .block(SOON);
        before.suspend().block(SOON);

        Workflow.builder(topology, String.class)
                .agent("Solo", String.class, agent(kind, "Solo"))
                .engine(engine().build())
                .journal(journal)
                .build()
                .runs()
                .recover(before.runId())
                .flatMap(Run::result)
                .block(SOON);

        assertAllRight(1);
        assertThat(seen.element()).containsEntry(MdcKey.RUN_ID.key(), before.runId());
    }

    /** Each hops over threads that it shares with all others, and looks on each of them. */
    @Test
    void mdc_aThousandStepsOnTwoThreads_neverHasAnothersStep() {
        propagate(true);
        List<Agent<String, String>> agents = IntStream.range(0, 1_000)
                .mapToObj(number -> Agent.<String, String>of(
                        "a#" + number,
                        (text, context) -> Mono.just(text)
                                .publishOn(shared)
                                .doOnNext(any -> note(context))
                                .delayElement(Duration.ofMillis(1), shared)
                                .doOnNext(any -> note(context))
                                .publishOn(shared)
                                .map(any -> {
                                    note(context);
                                    return any;
                                })))
                .toList();

        StepReport<String> report =
                engine().concurrency(1_000).build().run(agents, "x").block(SOON);

        assertThat(report.succeeded()).hasSize(1_000);
        assertAllRight(3_000);
        assertThat(seen.stream().map(mdc -> mdc.get(MdcKey.STEP_ID.key())).collect(Collectors.toSet()))
                .hasSize(1_000);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void mdc_aThousandBlockingSteps_neverHasAnothersStep(boolean automatic) {
        propagate(automatic);
        List<Agent<String, String>> agents = IntStream.range(0, 1_000)
                .mapToObj(number -> agent(Kind.BLOCKING_ON_A_POOL, "a#" + number))
                .toList();

        engine().concurrency(1_000)
                .blockingScheduler(() -> shared)
                .build()
                .run(agents, "x")
                .block(SOON);

        assertAllRight(1_000);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void mdc_aRoundInsideABlockingAgent_isTheOuterStepsAgainBehindIt(boolean automatic) {
        propagate(automatic);
        StepEngine engine = engine().build();
        Agent<String, String> outer = Agent.blocking("outer", (text, context) -> {
            engine.run(List.of(agent(Kind.AT_ONCE, "inner"), agent(Kind.BLOCKING, "inner")), text)
                    .block(SOON);
            note(context);
            return text;
        });

        engine.run(List.of(outer), "x").block(SOON);

        assertAllRight(3);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void mdc_agentThatThrows_isTakenAwayAllTheSame(boolean automatic) {
        propagate(automatic);
        Agent<String, String> throwing = Agent.of("a", (text, context) -> {
            note(context);
            throw new NoClassDefFoundError("on purpose");
        });

        engine().build().run(List.of(throwing, throwing), "x").block(SOON);

        assertAllRight(2);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void mdc_keysOfOthers_stayAsTheyAre(boolean automatic) {
        propagate(automatic);
        MDC.put("tenant", "blue");
        MDC.put(MdcKey.AGENT.key(), "mine");

        engine().build()
                .run(
                        List.of(Agent.<String, String>of("a", (text, context) -> {
                            seen.add(mdc());
                            return Mono.just(text);
                        })),
                        "x")
                .block(SOON);

        assertThat(seen.element()).containsEntry(MdcKey.AGENT.key(), "a").containsEntry("tenant", "blue");
        assertThat(mdc()).isEqualTo(Map.of("tenant", "blue", MdcKey.AGENT.key(), "mine"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void mdc_notAskedFor_isLeftAlone(boolean automatic) {
        propagate(automatic);

        StepEngine.builder()
                .build()
                .run(
                        List.of(Agent.<String, String>of("a", (text, context) -> {
                            seen.add(mdc());
                            return Mono.just(text);
                        })),
                        "x")
                .block(SOON);

        assertThat(seen).containsExactly(Map.of());
    }

    // --- baggage

    @ParameterizedTest
    @MethodSource("kinds")
    void baggage_ofTheCaller_isThereWhileAnAgentIsCalled(boolean automatic, Kind kind) {
        propagate(automatic);
        try (Spans spans = new Spans()) {
            Queue<String> found = new ConcurrentLinkedQueue<>();
            Agent<String, String> inner = agent(kind, "a");
            Agent<String, String> looking = kind == Kind.BLOCKING || kind == Kind.BLOCKING_ON_A_POOL
                    ? Agent.blocking("a", (text, context) -> look(spans, found, text))
                    : Agent.of("a", (text, context) -> inner.step(look(spans, found, text), context));
            Observation request = Observation.start("http.request", spans.registry());
            try (Observation.Scope scope = request.openScope();
                    BaggageInScope baggage = spans.tracer().createBaggageInScope("tenant", "blue")) {
                engine().observationRegistry(spans.registry())
                        .interceptor(Resilience.builder().build())
                        .build()
                        .run(List.of(looking, looking), "x")
                        .contextWrite(context -> context.put(ObservationThreadLocalAccessor.KEY, request))
                        .block(SOON);
            }
            request.stop();

            assertThat(found).containsExactly("blue", "blue");
            assertThat(spans.tracer().currentSpan()).isNull();
        }
    }

    private static String look(Spans spans, Queue<String> found, String text) {
        found.add(Objects.toString(spans.tracer().getBaggage("tenant").get()));
        return text;
    }
}
