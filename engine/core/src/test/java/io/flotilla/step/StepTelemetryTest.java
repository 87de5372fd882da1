package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.observe.FlotillaKey;
import io.flotilla.observe.FlotillaMeter;
import io.flotilla.observe.FlotillaObservation;
import io.flotilla.observe.FlotillaObservationContext;
import io.flotilla.observe.StepObservationContext;
import io.flotilla.run.Await;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.Question;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import io.micrometer.common.KeyValue;
import io.micrometer.common.docs.KeyName;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.util.RaceTestUtils;
import reactor.util.context.Context;
import reactor.util.function.Tuples;

/** What Micrometer is told of rounds and steps. */
@Timeout(30)
class StepTelemetryTest {

    private static final String IN_CONTEXT = "micrometer.observation";

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Recording recording = new Recording();
    private final ObservationRegistry observations = ObservationRegistry.create();

    StepTelemetryTest() {
        observations.observationConfig().observationHandler(recording);
    }

    /** Keeps every observation as it was when it stopped. */
    private static final class Recording implements ObservationHandler<Observation.Context> {
        private final List<Observation.Context> started = new CopyOnWriteArrayList<>();
        private final List<Observation.Context> stopped = new CopyOnWriteArrayList<>();

        /** The name of the observation, and of the event. */
        private final List<String> events = new CopyOnWriteArrayList<>();

        @Override
        public void onEvent(Observation.Event event, Observation.Context context) {
            events.add(context.getName() + " " + event.getName());
        }

        @Override
        public void onStart(Observation.Context context) {
            started.add(context);
        }

        @Override
        public void onStop(Observation.Context context) {
            stopped.add(context);
        }

        @Override
        public boolean supportsContext(Observation.Context context) {
            return true;
        }

        List<Observation.Context> of(String name) {
            return stopped.stream()
                    .filter(context -> name.equals(context.getName()))
                    .toList();
        }

        Observation.Context round() {
            return only(FlotillaObservation.ROUND);
        }

        Observation.Context only(FlotillaObservation what) {
            assertThat(of(what.getName())).hasSize(1);
            return of(what.getName()).get(0);
        }
    }

    private static String tag(Observation.Context context, FlotillaKey tag) {
        KeyValue value = tag.isLowCardinality()
                ? context.getLowCardinalityKeyValue(tag.asString())
                : context.getHighCardinalityKeyValue(tag.asString());
        return value == null ? null : value.getValue();
    }

    private StepEngine engine() {
        return StepEngine.builder()
                .observationRegistry(observations)
                .meterRegistry(meters)
                .build();
    }

    private static Agent<String, String> ending(StepResult.Kind kind) {
        return switch (kind) {
            case SUCCEEDED, DEGRADED -> TestAgents.answering("a");
            case FAILED -> TestAgents.failing("a", new IllegalStateException("boom"));
            case TIMED_OUT -> TestAgents.failing("a", new StepTimeoutException("slow", Duration.ofSeconds(1)));
            case REJECTED -> TestAgents.failing("a", new StepRejectedException("circuitbreaker", "open", null));
            case CANCELLED -> TestAgents.failing("a", new CancellationException("gone"));
        };
    }

    private static final StepInterceptor DEGRADING = new StepInterceptor() {
        @Override
        public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
            call.markDegraded("backup", new IllegalStateException("boom"));
            return attempts;
        }
    };

    // --- observations

    @Test
    void run_twoSteps_oneObservationForTheRoundAndOneForEachStep() {
        engine().run(List.of(TestAgents.answering("a"), TestAgents.answering("b#7")), "go")
                .block();

        assertThat(recording.stopped)
                .extracting(Observation.Context::getName)
                .containsExactly("flotilla.step", "flotilla.step", "flotilla.round");
        assertThat(recording.started).hasSameSizeAs(recording.stopped);
        Observation.Context second = recording.of("flotilla.step").get(1);
        String runId = tag(recording.round(), FlotillaKey.RUN_ID);
        assertThat(tag(second, FlotillaKey.AGENT)).isEqualTo("b");
        assertThat(tag(second, FlotillaKey.AGENT_INSTANCE)).isEqualTo("7");
        assertThat(tag(second, FlotillaKey.STEP_ID)).isEqualTo(runId + "/#1");
        assertThat(tag(second, FlotillaKey.OUTCOME)).isEqualTo("succeeded");
        assertThat(tag(recording.round(), FlotillaKey.OUTCOME)).isEqualTo("completed");
    }

    /** Their step is one object again and again: nothing of one may be in the next. */
    @Test
    void run_bodiesComputedInOneGo_eachStepIsAChildOfTheRoundWithNamesOfItsOwn() {
        List<Observation> current = new ArrayList<>();
        List<Agent<String, Integer>> agents = IntStream.range(0, 50)
                .mapToObj(number -> Agent.<String, Integer>of("a#" + number, (input, context) -> {
                    current.add(observations.getCurrentObservation());
                    return number % 3 == 0 ? Mono.empty() : Mono.fromCallable(() -> 100 / (number % 7) * number);
                }))
                .toList();

        List<StepResult<Integer>> results =
                engine().run(agents, "go").map(StepReport::results).block();

        List<Observation.Context> steps = recording.of("flotilla.step");
        assertThat(results).hasSize(50);
        assertThat(steps).hasSize(50);
        for (int number = 0; number < 50; number++) {
            Observation.Context step = steps.get(number);
            assertThat(current.get(number).getContext()).isSameAs(step);
            assertThat(step.getParentObservation().getContextView()).isSameAs(recording.round());
            assertThat(tag(step, FlotillaKey.AGENT_INSTANCE)).isEqualTo("" + number);
            assertThat(tag(step, FlotillaKey.STEP_ID)).endsWith("/#" + number);
            assertThat(tag(step, FlotillaKey.OUTCOME))
                    .isEqualTo(number % 3 != 0 && number % 7 == 0 ? "failed" : "succeeded");
            assertThat(results.get(number).agentId()).hasToString("a#" + number);
            assertThat(results.get(number).isFailure()).isEqualTo(number % 3 != 0 && number % 7 == 0);
        }
    }

    @Test
    void run_observationInTheSubscribersContext_isTheRoundsParentAndTheRoundIsTheSteps() {
        Observation caller = Observation.start("caller", observations);

        engine().run(List.of(TestAgents.answering("a")), "go")
                .contextWrite(Context.of(IN_CONTEXT, caller))
                .block();

        assertThat(recording.round().getParentObservation()).isSameAs(caller);
        assertThat(recording
                        .only(FlotillaObservation.STEP)
                        .getParentObservation()
                        .getContextView())
                .isSameAs(recording.round());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void round_waitsForPermits_isSaidOnceInItsObservation(boolean pairs) {
        StepEngine engine = StepEngine.builder()
                .observationRegistry(observations)
                .maxInFlight(1)
                .build();
        List<Agent<String, String>> agents = IntStream.range(0, 5)
                .<Agent<String, String>>mapToObj(at -> Agent.of(
                        "a#" + at,
                        (input, context) -> Mono.delay(Duration.ofMillis(1)).thenReturn("done")))
                .toList();

        // Twice side by side: one of both has to wait, as do the steps of each.
        Flux<StepResult<String>> round = pairs
                ? engine.stream(Flux.fromIterable(agents).map(agent -> Tuples.of(agent, "go")))
                : engine.stream(agents, "go");
        Flux.merge(round, round).blockLast(Duration.ofSeconds(20));

        assertThat(recording.events)
                .isNotEmpty()
                .hasSizeLessThanOrEqualTo(2)
                .allMatch("flotilla.round permits.waiting"::equals);
    }

    @Test
    void round_findsAPermitForEachStep_saysNothingOfWaiting() {
        StepEngine.builder()
                .observationRegistry(observations)
                .maxInFlight(5)
                .build()
                .run(TestAgents.manyAnswering(5), "go")
                .block(Duration.ofSeconds(20));

        assertThat(recording.events).isEmpty();
    }

    @Test
    void run_noObservationInTheContext_roundHasNoParent() {
        engine().run(List.of(TestAgents.answering("a")), "go").block();

        assertThat(recording.round().getParentObservation()).isNull();
    }

    @Test
    void run_bodyObserves_hasTheStepForAParent() {
        Agent<String, String> agent = Agent.of(
                "a",
                (input, context) -> Mono.deferContextual(view -> {
                    Observation parent = view.get(IN_CONTEXT);
                    Observation.createNotStarted("llm", observations)
                            .parentObservation(parent)
                            .observe(() -> {});
                    return Mono.just("done");
                }));

        engine().run(List.of(agent), "go").block();

        assertThat(recording.of("llm").get(0).getParentObservation().getContextView())
                .isSameAs(recording.only(FlotillaObservation.STEP));
    }

    @Test
    void run_ownObservationsDisabled_bodyHasTheSubscribersForAParent() {
        observations.observationConfig().observationPredicate((name, context) -> !name.startsWith("flotilla."));
        Observation caller = Observation.start("caller", observations);
        List<Object> seen = new ArrayList<>();
        Agent<String, String> agent = Agent.of(
                "a",
                (input, context) -> Mono.deferContextual(view -> {
                    seen.add(view.get(IN_CONTEXT));
                    return Mono.just("done");
                }));

        engine().run(List.of(agent), "go")
                .contextWrite(Context.of(IN_CONTEXT, caller))
                .block();

        assertThat(seen).singleElement().isSameAs(caller);
    }

    @ParameterizedTest
    @EnumSource
    void run_stepOfEachKind_hasThatOutcomeAndItsCause(StepResult.Kind kind) {
        StepEngine engine = kind == StepResult.Kind.DEGRADED
                ? engine().toBuilder().interceptor(DEGRADING).build()
                : engine();
        String outcome = kind.name().toLowerCase(Locale.ROOT);

        StepResult<String> result =
                engine.run(List.of(ending(kind)), "go").block().results().get(0);

        Observation.Context step = recording.only(FlotillaObservation.STEP);
        assertThat(result.kind()).isEqualTo(kind);
        assertThat(tag(step, FlotillaKey.OUTCOME)).isEqualTo(outcome);
        assertThat(step.getError()).isSameAs(result.cause());
        Timer timer = meters.get("flotilla.step.duration")
                .tags("agent", "a", "outcome", outcome)
                .timer();
        assertThat(timer.count()).isEqualTo(1);
        assertThat(timer.totalTime(java.util.concurrent.TimeUnit.NANOSECONDS))
                .isEqualTo((double) result.duration().toNanos());
        assertThat(tag(recording.round(), FlotillaKey.OUTCOME)).isEqualTo("completed");
    }

    @Test
    void run_cancelled_stopsAllObservations() {
        engine().run(List.of(TestAgents.silent("a"), TestAgents.silent("b")), "go")
                .subscribe()
                .dispose();

        assertThat(recording.started).hasSize(3);
        assertThat(recording.stopped).containsExactlyInAnyOrderElementsOf(recording.started);
        assertThat(recording.stopped)
                .extracting(context -> tag(context, FlotillaKey.OUTCOME))
                .containsOnly("cancelled");
        assertThat(meters.get("flotilla.step.duration")
                        .tag("outcome", "cancelled")
                        .timers())
                .hasSize(2);
    }

    @Test
    void run_failFast_stopsAllObservationsAndTheRoundHasFailed() {
        StepVerifier.create(engine().withFailureMode(FailureMode.FAIL_FAST)
                        .run(List.of(TestAgents.silent("a"), ending(StepResult.Kind.FAILED)), "go"))
                .verifyError(StepFailedException.class);

        assertThat(recording.stopped).containsExactlyInAnyOrderElementsOf(recording.started);
        assertThat(tag(recording.round(), FlotillaKey.OUTCOME)).isEqualTo("failed");
        assertThat(recording.round().getError()).isInstanceOf(StepFailedException.class);
        assertThat(recording.of("flotilla.step"))
                .extracting(context -> tag(context, FlotillaKey.OUTCOME))
                .containsExactlyInAnyOrder("cancelled", "failed");
    }

    @Test
    void run_noAgents_observesTheRoundAlone() {
        engine().run(List.<Agent<String, String>>of(), "go").block();

        assertThat(tag(recording.only(FlotillaObservation.ROUND), FlotillaKey.OUTCOME))
                .isEqualTo("completed");
        assertThat(recording.started).hasSize(1);
    }

    @Test
    void run_severalAttempts_isOneObservation() {
        StepEngine engine = engine().toBuilder()
                .interceptor(new StepInterceptor() {
                    @Override
                    public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                        return attempts.retry(3);
                    }
                })
                .build();

        engine.run(List.of(ending(StepResult.Kind.FAILED)), "go").block();

        assertThat(recording.of("flotilla.step")).hasSize(1);
        assertThat(meters.get("flotilla.step.duration").timer().count()).isEqualTo(1);
    }

    // --- the list of all

    @Test
    void telemetry_everyObservationAndMeterSeen_isInTheListAndEachOfTheListIsSeen() {
        StepEngine engine = engine().toBuilder()
                .maxInFlight(1_000)
                .interceptor(new StepInterceptor() {})
                .build();
        for (StepResult.Kind kind : StepResult.Kind.values()) {
            engine.run(List.of(ending(kind), TestAgents.answering("b#1")), "go").block();
        }
        Workflow.builder(Topology.parse("start -> a <-> b\na -> user\na -> end"), String.class)
                .agent("a", Agent.of("a", (turn, context) -> {
                    context.usage().record(new Usage(1, 2, BigDecimal.TEN));
                    return Mono.fromSupplier(() -> switch (turn.reason()) {
                        case REQUESTED ->
                            turn.correction() == null
                                    ? Decision.handOff("nobody", "x")
                                    : Decision.fanOut(List.of(Invocation.of("b", "x")));
                        case JOINED ->
                            Decision.ask(Question.of("more?")
                                    .timeout(Duration.ofMillis(1))
                                    .defaultAnswer("no"));
                        case ANSWERED -> Decision.sleep(Duration.ofMillis(1));
                        case SLEPT ->
                            Decision.await(Await.of("never")
                                    .timeout(Duration.ofMillis(1))
                                    .defaultValue("no"));
                        default -> Decision.answer("done");
                    });
                }))
                .agent("b", Agent.of("b", (turn, context) -> Mono.just(Decision.fail("on purpose"))))
                .join(Join.all().orProceed())
                .engine(engine)
                .build()
                .run("go")
                .block();

        Set<String> seen = meters.getMeters().stream()
                .map(meter -> meter.getId().getName())
                .collect(Collectors.toSet());
        recording.stopped.forEach(context -> seen.add(context.getName()));
        assertThat(seen)
                .containsExactlyInAnyOrderElementsOf(Stream.concat(
                                Arrays.stream(FlotillaObservation.values()).map(FlotillaObservation::getName),
                                Arrays.stream(FlotillaMeter.values()).map(FlotillaMeter::getName))
                        .toList());
        meters.getMeters().forEach(StepTelemetryTest::assertListed);
        recording.stopped.forEach(StepTelemetryTest::assertListed);
    }

    private static void assertListed(Meter meter) {
        FlotillaMeter listed = Arrays.stream(FlotillaMeter.values())
                .filter(known -> known.getName().equals(meter.getId().getName()))
                .findAny()
                .orElseThrow();
        assertThat(meter.getId().getType()).isEqualTo(listed.getType());
        assertThat(meter.getId().getBaseUnit()).isEqualTo(listed.getBaseUnit());
        assertThat(meter.getId().getDescription()).isEqualTo(listed.description());
        assertThat(meter.getId().getTags().stream().map(tag -> tag.getKey()))
                .containsExactlyInAnyOrderElementsOf(names(listed.getKeyNames()));
        assertThat(listed.getKeyNames())
                .as("meters have few values")
                .allSatisfy(key ->
                        assertThat(((FlotillaKey) key).isLowCardinality()).isTrue());
    }

    private static void assertListed(Observation.Context context) {
        FlotillaObservation listed = Arrays.stream(FlotillaObservation.values())
                .filter(known -> known.getName().equals(context.getName()))
                .findAny()
                .orElseThrow();
        assertThat(((FlotillaObservationContext) context).documentation()).isEqualTo(listed);
        assertThat(keys(context.getLowCardinalityKeyValues())).isEqualTo(names(listed.getLowCardinalityKeyNames()));
        Set<String> high = names(listed.getHighCardinalityKeyNames());
        if (context.getHighCardinalityKeyValue(FlotillaKey.AGENT_INSTANCE.asString()) == null) {
            high.remove(FlotillaKey.AGENT_INSTANCE.asString());
        }
        assertThat(keys(context.getHighCardinalityKeyValues())).isEqualTo(high);
    }

    private static Set<String> names(KeyName[] keys) {
        return Arrays.stream(keys).map(KeyName::asString).collect(Collectors.toSet());
    }

    private static Set<String> keys(Iterable<KeyValue> values) {
        return StreamSupport.stream(values.spliterator(), false)
                .map(KeyValue::getKey)
                .collect(Collectors.toSet());
    }

    // --- few values

    @ParameterizedTest
    @ValueSource(
            ints = {
                FlotillaKey.MAX_VALUES - 1,
                FlotillaKey.MAX_VALUES,
                FlotillaKey.MAX_VALUES + 1,
                FlotillaKey.MAX_VALUES + 50
            })
    void run_kindsAroundTheMost_theFirstHaveAValueOfTheirOwnAndTheOthersShareOne(int kinds) {
        List<Agent<String, String>> agents = IntStream.range(0, kinds)
                .mapToObj(at -> TestAgents.answering("kind-" + at))
                .toList();
        StepEngine engine = engine().withOrder(Order.SEQUENTIAL);

        engine.run(agents, "go").block();
        engine.run(agents, "go").block();

        Set<String> values = agentTags();
        int own = Math.min(kinds, FlotillaKey.MAX_VALUES);
        assertThat(values).hasSize(own + (kinds > own ? 1 : 0)).contains("kind-" + (own - 1));
        assertThat(values.contains(FlotillaKey.OTHER)).isEqualTo(kinds > own);
        if (kinds > own) {
            assertThat(meters.get("flotilla.step.duration")
                            .tag("agent", FlotillaKey.OTHER)
                            .timer()
                            .count())
                    .isEqualTo(2L * (kinds - own));
        }
        assertThat(recording.of("flotilla.step").stream().map(context -> tag(context, FlotillaKey.AGENT)))
                .allMatch(values::contains);
    }

    @Test
    void run_manyKindsFromManyThreads_areNoMoreThanTheMost() {
        StepEngine engine = engine();
        int threads = 8;
        Runnable[] rounds = new Runnable[threads];
        for (int thread = 0; thread < threads; thread++) {
            int number = thread;
            rounds[thread] = () -> engine.run(
                            IntStream.range(0, FlotillaKey.MAX_VALUES)
                                    .mapToObj(at -> TestAgents.answering("kind-" + number + "-" + at))
                                    .toList(),
                            "go")
                    .subscribe();
        }

        RaceTestUtils.race(Schedulers.boundedElastic(), rounds);

        assertThat(agentTags()).hasSize(FlotillaKey.MAX_VALUES + 1);
    }

    @Test
    void run_roundInsideAStepPassesOnWhatItHasUsed_eachTokenCountsOnce() {
        StepEngine engine = engine();
        Agent<String, String> inner = Agent.of("inner", (input, context) -> {
            context.usage().record(new Usage(100, 10, BigDecimal.ONE));
            return Mono.just("done");
        });
        Agent<String, String> outer = Agent.of("outer", (input, context) -> {
            context.usage().record(new Usage(5, 3, BigDecimal.TEN));
            return engine.run(List.of(inner, inner), input)
                    .doOnNext(report -> context.usage().recordNested(report.usage()))
                    .thenReturn("done");
        });

        StepReport<String> report = engine.run(List.of(outer), "go").block();

        assertThat(report.usage()).isEqualTo(new Usage(205, 23, new BigDecimal(12)));
        assertThat(report.results().get(0).usage()).isEqualTo(report.usage());
        assertThat(counted("flotilla.tokens", "outer", "input")).isEqualTo(5);
        assertThat(counted("flotilla.tokens", "outer", "output")).isEqualTo(3);
        assertThat(counted("flotilla.tokens", "inner", "input")).isEqualTo(200);
        assertThat(counted("flotilla.tokens", "inner", "output")).isEqualTo(20);
        assertThat(meters.get("flotilla.cost").tag("agent", "outer").counter().count())
                .isEqualTo(10);
        assertThat(meters.get("flotilla.cost").tag("agent", "inner").counter().count())
                .isEqualTo(2);
        assertThat(recording.of("flotilla.step"))
                .extracting(context -> ((StepObservationContext) context).inputTokens())
                .containsExactlyInAnyOrder(100L, 100L, 5L);
    }

    @Test
    void run_roundInsideAStepUsesAll_stepItselfCountsNone() {
        Agent<String, String> outer = Agent.of("outer", (input, context) -> {
            context.usage().recordNested(new Usage(5, 3, BigDecimal.TEN));
            return Mono.just("done");
        });

        engine().run(List.of(outer), "go").block();

        assertThat(meters.find("flotilla.tokens").counters()).isEmpty();
        assertThat(meters.find("flotilla.cost").counters()).isEmpty();
    }

    private double counted(String meter, String agent, String direction) {
        return meters.get(meter)
                .tags("agent", agent, "direction", direction)
                .counter()
                .count();
    }

    @Test
    void run_manyInstancesOfAKind_areOneValue() {
        engine().run(TestAgents.manyAnswering(1_000), "go").block();

        assertThat(agentTags()).containsExactly("a");
    }

    private Set<String> agentTags() {
        return meters.find("flotilla.step.duration").timers().stream()
                .map(timer -> timer.getId().getTag("agent"))
                .collect(Collectors.toSet());
    }

    // --- Micrometer that throws, and none at all

    /** A handler that throws wherever it is called. */
    private static final class Throwing implements ObservationHandler<Observation.Context> {
        private final boolean atStart;

        Throwing(boolean atStart) {
            this.atStart = atStart;
        }

        @Override
        public void onStart(Observation.Context context) {
            if (atStart) {
                throw new IllegalStateException("handler");
            }
        }

        @Override
        public void onStop(Observation.Context context) {
            throw new IllegalStateException("handler");
        }

        @Override
        public boolean supportsContext(Observation.Context context) {
            return true;
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void run_handlerThrows_losesNoResultAndNoFailure(boolean atStart) {
        ObservationRegistry throwing = ObservationRegistry.create();
        throwing.observationConfig().observationHandler(new Throwing(atStart));

        assertNothingLost(StepEngine.builder().observationRegistry(throwing).build());
    }

    @Test
    void run_registryThrows_losesNoResultAndNoFailureAndStopsTheObservations() {
        SimpleMeterRegistry throwing = new SimpleMeterRegistry();
        throwing.config().meterFilter(new MeterFilter() {
            @Override
            public MeterFilterReply accept(Meter.Id id) {
                if (id.getName().equals(FlotillaMeter.STEP_DURATION.getName())) {
                    throw new IllegalStateException("registry");
                }
                return MeterFilterReply.NEUTRAL;
            }
        });

        assertNothingLost(StepEngine.builder()
                .meterRegistry(throwing)
                .observationRegistry(observations)
                .build());
        assertThat(recording.stopped).containsExactlyInAnyOrderElementsOf(recording.started);
    }

    private static void assertNothingLost(StepEngine engine) {
        List<Agent<String, String>> agents =
                List.of(TestAgents.answering("a"), ending(StepResult.Kind.FAILED), TestAgents.answering("c"));

        StepVerifier.create(engine.failures().take(1))
                .then(() -> {
                    StepReport<String> report = engine.run(agents, "go").block();
                    assertThat(report.values()).containsExactly("a", "c");
                    assertThat(report.failureCount()).isEqualTo(1);
                })
                .assertNext(failure -> assertThat(failure.cause()).hasMessage("boom"))
                .verifyComplete();
        engine.run(List.of(TestAgents.silent("a")), "go").subscribe().dispose();
    }

    @Test
    void run_noRegistryGiven_registersNothing() {
        Metrics.addRegistry(meters);
        try {
            StepEngine engine = StepEngine.builder().build();
            engine.run(List.of(TestAgents.answering("a"), ending(StepResult.Kind.FAILED)), "go")
                    .contextWrite(Context.of(IN_CONTEXT, Observation.start("caller", observations)))
                    .block();
        } finally {
            Metrics.removeRegistry(meters);
        }

        assertThat(meters.getMeters()).isEmpty();
        assertThat(recording.started).extracting(Observation.Context::getName).containsExactly("caller");
    }

    @Test
    void run_metersOnly_makesNoObservation() {
        StepEngine.builder()
                .meterRegistry(meters)
                .build()
                .run(List.of(TestAgents.answering("a")), "go")
                .block();

        assertThat(recording.started).isEmpty();
        assertThat(meters.get("flotilla.step.duration").timer().count()).isEqualTo(1);
    }

    @Test
    void run_observationsOnly_registersNoMeter() {
        StepEngine.builder()
                .observationRegistry(observations)
                .build()
                .run(List.of(TestAgents.answering("a")), "go")
                .block();

        assertThat(recording.stopped).hasSize(2);
        assertThat(meters.getMeters()).isEmpty();
    }
}
