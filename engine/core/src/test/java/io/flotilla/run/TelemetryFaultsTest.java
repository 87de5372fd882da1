package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.internal.TelemetryFaults;
import io.flotilla.observe.FlotillaKey;
import io.flotilla.observe.FlotillaMeter;
import io.flotilla.observe.FlotillaObservation;
import io.flotilla.observe.FlotillaObservationContext;
import io.flotilla.step.InFlightLimit;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepFailure;
import io.flotilla.step.StepInterceptor;
import io.flotilla.step.StepResult;
import io.flotilla.topology.Topology;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.core.instrument.distribution.pause.PauseDetector;
import io.micrometer.core.instrument.noop.NoopCounter;
import io.micrometer.core.instrument.noop.NoopTimer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.GlobalObservationConvention;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.subscriber.TestSubscriber;

/** The user's code around observations and meters throws, or returns null: rounds, steps, runs and their parts go on. */
@Timeout(60)
class TelemetryFaultsTest {

    private static final int STEPS = 20;
    private static final Duration SOON = Duration.ofSeconds(20);

    private final Logger logger = (Logger) LoggerFactory.getLogger(TelemetryFaults.class);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final ObservationRegistry registry = ObservationRegistry.create();
    private final List<Observation.Context> started = new CopyOnWriteArrayList<>();
    private final List<Observation.Context> stopped = new CopyOnWriteArrayList<>();

    TelemetryFaultsTest() {
        log.list = new CopyOnWriteArrayList<>();
        log.start();
        logger.addAppender(log);
        logger.setLevel(Level.WARN);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(log);
        logger.setLevel(null);
    }

    private void record() {
        registry.observationConfig().observationHandler(handler());
    }

    /** Rounds and runs in which each observation of core comes up. */
    private void assertNothingLost(StepEngine.Builder options) {
        StepEngine engine = options.interceptor(new StepInterceptor() {}).build();
        List<Agent<String, Integer>> agents = IntStream.range(0, STEPS)
                .<Agent<String, Integer>>mapToObj(at -> Agent.of("a#" + at, (input, context) -> Mono.just(at)))
                .toList();
        assertThat(engine.run(agents, "go").block(SOON).values()).hasSize(STEPS);

        RunResult<String> result = Workflow.builder(
                        Topology.parse("start -> Boss <-> Worker\nBoss -> user\nBoss -> end"), String.class)
                .agent(
                        "Boss",
                        Agent.of(
                                "Boss",
                                (turn, context) -> Mono.fromSupplier(() -> switch (turn.reason()) {
                                    case REQUESTED ->
                                        Decision.fanOut(
                                                List.of(Invocation.of("Worker", "x"), Invocation.of("Worker", "y")));
                                    case JOINED -> Decision.sleep(Duration.ofMillis(1));
                                    case SLEPT ->
                                        Decision.await(Await.of("call")
                                                .timeout(Duration.ofMillis(1))
                                                .defaultValue("none"));
                                    case SIGNALLED ->
                                        Decision.ask(Question.of("more?")
                                                .timeout(Duration.ofMillis(1))
                                                .defaultAnswer("no"));
                                    default -> Decision.answer("done");
                                })))
                .agent(
                        "Worker",
                        Agent.of(
                                "Worker",
                                (turn, context) -> "x".equals(turn.input())
                                        ? Mono.just(Decision.answer("well"))
                                        : Mono.error(new IllegalStateException("the agent's own"))))
                .join(Join.all().orProceed())
                .engine(engine)
                .build()
                .run("go")
                .block(SOON);
        assertThat(result.answers()).containsExactly("done");
    }

    private StepEngine.Builder observed() {
        return StepEngine.builder().observationRegistry(registry);
    }

    private void assertLoggedOnce() {
        assertThat(log.list).extracting(ILoggingEvent::getLevel).containsExactly(Level.WARN);
    }

    private static Set<String> names(List<Observation.Context> contexts) {
        return contexts.stream().map(Observation.Context::getName).collect(Collectors.toSet());
    }

    // --- conventions

    enum Where {
        SUPPORTS,
        NAME,
        CONTEXTUAL_NAME,
        LOW,
        LOW_AT_STOP,
        HIGH,
        HIGH_AT_STOP
    }

    /** Of all observations of the library. */
    private record Faulty(Where where, boolean throwing)
            implements GlobalObservationConvention<FlotillaObservationContext> {

        private <T> T value(boolean here, T otherwise) {
            if (here && throwing) {
                throw new StackOverflowError("on purpose");
            }
            return here ? null : otherwise;
        }

        @Override
        public boolean supportsContext(Observation.Context context) {
            return value(where == Where.SUPPORTS && throwing, context instanceof FlotillaObservationContext);
        }

        @Override
        public @Nullable String getName() {
            return value(where == Where.NAME, "app");
        }

        @Override
        public @Nullable String getContextualName(FlotillaObservationContext context) {
            return value(where == Where.CONTEXTUAL_NAME, "app it");
        }

        @Override
        public KeyValues getLowCardinalityKeyValues(FlotillaObservationContext context) {
            boolean atStop = context.outcome() != null;
            return value(where == Where.LOW || (where == Where.LOW_AT_STOP && atStop), KeyValues.of("zone", "z1"));
        }

        @Override
        public KeyValues getHighCardinalityKeyValues(FlotillaObservationContext context) {
            boolean atStop = context.outcome() != null;
            return value(where == Where.HIGH || (where == Where.HIGH_AT_STOP && atStop), KeyValues.empty());
        }
    }

    @ParameterizedTest
    @EnumSource
    void convention_throwsOrReturnsNull_allThatStartsStopsAndTheFaultIsLoggedOnce(Where where) {
        for (boolean ofRegistry : new boolean[] {false, true}) {
            for (boolean throwing : new boolean[] {false, true}) {
                ObservationRegistry fresh = ObservationRegistry.create();
                fresh.observationConfig().observationHandler(handler());
                Faulty faulty = new Faulty(where, throwing);
                StepEngine.Builder options = StepEngine.builder().observationRegistry(fresh);
                if (ofRegistry) {
                    fresh.observationConfig().observationConvention(faulty);
                } else {
                    options.observationConvention(faulty);
                }
                started.clear();
                stopped.clear();
                log.list.clear();

                assertNothingLost(options);

                String what = where + (ofRegistry ? " of the registry" : " of the engine") + (throwing ? "" : ", null");
                assertThat(stopped).as(what).containsExactlyInAnyOrderElementsOf(started);
                assertThat(stopped.stream().map(context -> ((FlotillaObservationContext) context).documentation()))
                        .as(what)
                        .contains(FlotillaObservation.values());
                if (throwing) {
                    assertThat(log.list).as(what).hasSize(1);
                }
                if (where == Where.LOW || (where == Where.SUPPORTS && throwing)) {
                    assertThat(stopped).as(what).allSatisfy(TelemetryFaultsTest::assertHasTheLibrarysKeys);
                }
            }
        }
    }

    private ObservationHandler<Observation.Context> handler() {
        return new ObservationHandler<>() {
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
        };
    }

    private static void assertHasTheLibrarysKeys(Observation.Context context) {
        KeyValue outcome = context.getLowCardinalityKeyValue("outcome");
        assertThat(outcome).as("%s", context).isNotNull();
    }

    @Test
    void convention_ofTheRegistryThrowsForSome_theOthersHaveItsNames() {
        record();
        registry.observationConfig()
                .observationConvention(new GlobalObservationConvention<FlotillaObservationContext>() {
                    @Override
                    public boolean supportsContext(Observation.Context context) {
                        return context instanceof FlotillaObservationContext ours
                                && ours.documentation() == FlotillaObservation.STEP;
                    }

                    @Override
                    public KeyValues getLowCardinalityKeyValues(FlotillaObservationContext context) {
                        KeyValue instance = context.getHighCardinalityKeyValue("agent.instance");
                        String number = context.value(FlotillaKey.AGENT_INSTANCE);
                        if ("7".equals(number) && instance == null) {
                            throw new IllegalStateException("on purpose");
                        }
                        return KeyValues.of("app", "mine");
                    }
                });

        assertNothingLost(observed());

        assertThat(stopped).containsExactlyInAnyOrderElementsOf(started);
        assertThat(stopped.stream()
                        .filter(context -> context.getName().equals("flotilla.step"))
                        .filter(context -> context.getLowCardinalityKeyValue("agent") != null))
                .singleElement()
                .satisfies(context -> assertThat(context.getHighCardinalityKeyValue("agent.instance"))
                        .isEqualTo(KeyValue.of("agent.instance", "7")));
        assertLoggedOnce();
    }

    // --- handlers

    enum Moment {
        SUPPORTS,
        START,
        EVENT,
        ERROR,
        OPENED,
        CLOSED,
        STOP
    }

    private static class FaultyHandler implements ObservationHandler<Observation.Context> {
        private final Moment when;

        FaultyHandler(Moment when) {
            this.when = when;
        }

        private void at(Moment now) {
            if (now == when) {
                throw new NoClassDefFoundError("on purpose");
            }
        }

        @Override
        public void onStart(Observation.Context context) {
            at(Moment.START);
        }

        @Override
        public void onEvent(Observation.Event event, Observation.Context context) {
            at(Moment.EVENT);
        }

        @Override
        public void onError(Observation.Context context) {
            at(Moment.ERROR);
        }

        @Override
        public void onScopeOpened(Observation.Context context) {
            at(Moment.OPENED);
        }

        @Override
        public void onScopeClosed(Observation.Context context) {
            at(Moment.CLOSED);
        }

        @Override
        public void onStop(Observation.Context context) {
            at(Moment.STOP);
        }

        @Override
        public boolean supportsContext(Observation.Context context) {
            at(Moment.SUPPORTS);
            return true;
        }
    }

    @ParameterizedTest
    @EnumSource
    void handler_throws_nothingIsLostAndTheFaultIsLoggedOnce(Moment when) {
        registry.observationConfig().observationHandler(new FaultyHandler(when));
        record(); // it comes after the faulty one, and stops before it

        assertNothingLost(observed());

        assertThat(registry.getCurrentObservationScope()).isNull();
        assertLoggedOnce();
        if (when == Moment.START || when == Moment.SUPPORTS) {
            assertThat(started).as("unobserved").isEmpty();
        } else {
            assertThat(stopped)
                    .as("stopped once each")
                    .doesNotHaveDuplicates()
                    .containsExactlyInAnyOrderElementsOf(started);
            assertThat(names(stopped))
                    .containsExactlyInAnyOrderElementsOf(Arrays.stream(FlotillaObservation.values())
                            .map(FlotillaObservation::getName)
                            .toList());
        }
    }

    @Test
    void predicate_throws_nothingIsLostAndTheFaultIsLoggedOnce() {
        record();
        registry.observationConfig().observationPredicate((name, context) -> {
            throw new IllegalStateException("on purpose");
        });

        assertNothingLost(observed());

        assertThat(started).isEmpty();
        assertLoggedOnce();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void filter_throwsOrReturnsNull_nothingIsLostAndTheFaultIsLoggedOnce(boolean throwing) {
        registry.observationConfig().observationHandler(new FaultyHandler(Moment.SUPPORTS) {
            @Override
            public boolean supportsContext(Observation.Context context) {
                return true;
            }

            @Override
            public void onStop(Observation.Context context) {
                stopped.add(Objects.requireNonNull(context));
            }
        });
        registry.observationConfig().observationFilter(context -> {
            if (throwing) {
                throw new IllegalStateException("on purpose");
            }
            return null;
        });

        assertNothingLost(observed());

        assertThat(stopped).isEmpty();
        assertLoggedOnce();
    }

    // --- meters

    @Test
    void meterFilter_throws_nothingIsLostAndTheFaultIsLoggedOnce() {
        MeterRegistry meters = new SimpleMeterRegistry();
        List<String> refused = new ArrayList<>();
        meters.config().meterFilter(new MeterFilter() {
            @Override
            public MeterFilterReply accept(Meter.Id id) {
                if (id.getName().equals(FlotillaMeter.STEP_DURATION.getName())) {
                    refused.add(id.getName());
                    throw new IllegalStateException("on purpose");
                }
                return MeterFilterReply.NEUTRAL;
            }
        });

        assertNothingLost(StepEngine.builder().meterRegistry(meters));

        assertThat(refused).hasSizeGreaterThan(STEPS);
        assertLoggedOnce();
    }

    /** What a registry of the user's does with each meter. */
    private enum Broken {
        FILTERING,
        REGISTERING,
        RETURNING_NULL,
        RECORDING
    }

    private static final class BrokenRegistry extends SimpleMeterRegistry {
        private final Broken how;
        private final AtomicInteger faults = new AtomicInteger();

        BrokenRegistry(Broken how) {
            this.how = how;
            config().meterFilter(new MeterFilter() {
                @Override
                public Meter.Id map(Meter.Id id) {
                    if (how == Broken.FILTERING) {
                        throw fault();
                    }
                    return id;
                }
            });
        }

        private Error fault() {
            faults.incrementAndGet();
            return new NoClassDefFoundError("on purpose");
        }

        private <T> T made(Supplier<T> meter) {
            Error fault = how == Broken.REGISTERING || how == Broken.RETURNING_NULL ? fault() : null;
            if (how == Broken.REGISTERING) {
                throw fault;
            }
            return fault == null ? meter.get() : null;
        }

        @Override
        protected Counter newCounter(Meter.Id id) {
            return made(() -> new NoopCounter(id) {
                @Override
                public void increment(double amount) {
                    throw fault();
                }
            });
        }

        @Override
        protected Timer newTimer(Meter.Id id, DistributionStatisticConfig histogram, PauseDetector pauses) {
            return made(() -> new NoopTimer(id) {
                @Override
                public void record(long amount, TimeUnit unit) {
                    throw fault();
                }
            });
        }

        @Override
        protected <T> Gauge newGauge(Meter.Id id, @Nullable T of, ToDoubleFunction<T> value) {
            return made(() -> super.newGauge(id, of, value));
        }
    }

    @ParameterizedTest
    @EnumSource
    void meterRegistry_brokenForAll_nothingIsLostAndEachPlaceIsLoggedOnce(Broken how) {
        BrokenRegistry meters = new BrokenRegistry(how);

        assertNothingLost(StepEngine.builder().meterRegistry(meters).maxInFlight(2));

        assertThat(meters.faults).hasValueGreaterThan(STEPS);
        assertLoggedOnce();
    }

    @Test
    void meterRegistry_brokenWhereWhatIsRareIsCounted_theRestGoesOn() {
        BrokenRegistry meters = new BrokenRegistry(Broken.RECORDING);
        StepEngine engine = StepEngine.builder()
                .meterRegistry(meters)
                .failureBuffer(1)
                .maxInFlight(InFlightLimit.of(1).maxQueued(0))
                .build();
        Agent<String, String> failing = Agent.of("failing", (input, context) -> {
            context.emit(null);
            return Mono.error(new IllegalStateException("its own"));
        });
        TestSubscriber<StepFailure> slow =
                TestSubscriber.builder().initialRequest(0).build();
        engine.failures().subscribe(slow);

        for (int step = 0; step < STEPS; step++) {
            assertThat(engine.step(failing, "go").block(SOON).cause()).hasMessage("its own");
        }
        Disposable running = engine.step(Agent.<String, String>of("silent", (input, context) -> Mono.never()), "go")
                .subscribe();
        assertThat(engine.step(failing, "go").block(SOON).kind()).isEqualTo(StepResult.Kind.REJECTED);
        running.dispose();
        slow.cancel();

        assertThat(engine.ignoredEmissionCount()).isEqualTo(STEPS);
        assertThat(engine.droppedFailureCount())
                .as("one waits, one is on its way")
                .isEqualTo(STEPS + 1 - 2);
        assertLoggedOnce();
    }

    /** Each meter counts for itself: one that cannot be had costs no other. */
    @ParameterizedTest
    @EnumSource(
            value = FlotillaMeter.class,
            names = {"STEP_DURATION", "TOKENS", "COST", "RUNS_STARTED", "RUNS_IN_FLIGHT", "RUNS_ENDED", "PERMIT_WAIT"})
    void meterRegistry_brokenForOneMeter_hasAllOthers(FlotillaMeter broken) {
        MeterRegistry meters = new SimpleMeterRegistry();
        meters.config().meterFilter(new MeterFilter() {
            @Override
            public MeterFilterReply accept(Meter.Id id) {
                if (id.getName().equals(broken.getName()) && !"output".equals(id.getTag("direction"))) {
                    throw new IllegalStateException("on purpose");
                }
                return MeterFilterReply.NEUTRAL;
            }
        });
        StepEngine engine =
                StepEngine.builder().meterRegistry(meters).maxInFlight(2).build();
        Workflow.builder(Topology.parse("start -> Writer\nWriter -> end"), String.class)
                .agent("Writer", Agent.of("Writer", (turn, context) -> {
                    context.usage().record(new Usage(3, 4, BigDecimal.TEN));
                    return Mono.just(Decision.answer("done"));
                }))
                .engine(engine)
                .build()
                .run("go")
                .block(SOON);

        Set<String> names = meters.getMeters().stream()
                .map(Meter::getId)
                .filter(id -> !"output".equals(id.getTag("direction")))
                .map(Meter.Id::getName)
                .collect(Collectors.toSet());
        Set<String> expected = new HashSet<>(Set.of(
                FlotillaMeter.STEP_DURATION.getName(),
                FlotillaMeter.TOKENS.getName(),
                FlotillaMeter.COST.getName(),
                FlotillaMeter.RUNS_STARTED.getName(),
                FlotillaMeter.RUNS_ENDED.getName(),
                FlotillaMeter.RUN_DURATION.getName(),
                FlotillaMeter.RUNS_IN_FLIGHT.getName(),
                FlotillaMeter.RUNS_WAITING.getName(),
                FlotillaMeter.PERMIT_WAIT.getName(),
                FlotillaMeter.PERMITS_REJECTED.getName(),
                FlotillaMeter.PERMITS_IN_USE.getName()));
        expected.remove(broken.getName());
        assertThat(names).containsAll(expected).doesNotContain(broken.getName());
        assertThat(meters.get(FlotillaMeter.TOKENS.getName())
                        .tag("direction", "output")
                        .counter()
                        .count())
                .isEqualTo(4);
        assertLoggedOnce();
    }
}
