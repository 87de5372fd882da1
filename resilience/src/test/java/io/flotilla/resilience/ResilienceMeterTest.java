package io.flotilla.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** The meters are those of the enum, and no others. */
@Timeout(30)
class ResilienceMeterTest {

    private final VirtualRound round = new VirtualRound();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    private final Agent<String, String> quick = Agent.of("quick", (input, context) -> Mono.just("done"));
    private final Agent<String, String> failing =
            Agent.of("failing", (input, context) -> Mono.error(new IOException("down")));
    private final Agent<String, String> silent = Agent.of("silent", (input, context) -> Mono.never());

    private StepReport<String> run(Resilience.Builder resilience, Agent<String, String> agent, int steps) {
        return round.report(
                round.engine(resilience.meterRegistry(registry).build()), Collections.nCopies(steps, agent));
    }

    private double count(ResilienceMeter meter, String... tags) {
        return registry.get(meter.getName()).tags(tags).counter().count();
    }

    private double gauge(ResilienceMeter meter, String... tags) {
        return registry.get(meter.getName()).tags(tags).gauge().value();
    }

    /** Everything that can happen, once. */
    private void everything() {
        Resilience.Builder all = Resilience.builder()
                .retry(RetryPolicy.attempts(2))
                .bulkhead(BulkheadPolicy.of(1))
                .rateLimiter(RateLimiterPolicy.of(1_000, Duration.ofSeconds(1)))
                .circuitBreaker(
                        CircuitBreakerPolicy.builder().slidingWindow(4, 4).build())
                .attemptTimeout(Duration.ofSeconds(1))
                .fallback(Fallback.builder().agent(failing).constant("digest").build());
        run(all, silent, 3);
    }

    @ParameterizedTest
    @EnumSource
    void meter_everythingHappened_isThereAsTheEnumSays(ResilienceMeter expected) {
        everything();

        List<Meter> meters = registry.getMeters().stream()
                .filter(meter -> meter.getId().getName().equals(expected.getName()))
                .toList();

        assertThat(meters).isNotEmpty().allSatisfy(meter -> {
            assertThat(meter.getId().getType()).isEqualTo(expected.getType());
            assertThat(meter.getId().getDescription()).isEqualTo(expected.description());
            assertThat(meter.getId().getBaseUnit()).isEqualTo(expected.getBaseUnit());
            assertThat(meter.getId().getTags())
                    .extracting(Tag::getKey)
                    .containsExactlyInAnyOrderElementsOf(Arrays.stream(expected.getKeyNames())
                            .map(key -> key.asString())
                            .toList());
        });
    }

    @Test
    void registry_everythingHappened_hasNoOtherMeters() {
        everything();

        Set<String> known = Arrays.stream(ResilienceMeter.values())
                .map(ResilienceMeter::getName)
                .collect(Collectors.toSet());
        assertThat(registry.getMeters())
                .extracting(meter -> meter.getId().getName())
                .isSubsetOf(known);
    }

    @Test
    void names_ofAllMeters_areDifferent() {
        assertThat(Arrays.stream(ResilienceMeter.values()).map(ResilienceMeter::getName))
                .doesNotHaveDuplicates()
                .allMatch(name -> name.matches("flotilla(\\.[a-z]+)+"));
    }

    @Test
    void registry_attemptsSucceed_noCounterIsThere() {
        run(
                Resilience.builder()
                        .retry(RetryPolicy.attempts(3))
                        .circuitBreaker(CircuitBreakerPolicy.defaults())
                        .bulkhead(BulkheadPolicy.of(1)),
                quick,
                100);

        assertThat(registry.getMeters()).hasOnlyElementsOfType(Gauge.class).hasSize(3);
    }

    @Test
    void registry_noGuards_registersNothing() {
        run(Resilience.builder(), quick, 1);

        assertThat(registry.getMeters()).isEmpty();
    }

    @Test
    void registry_notGiven_nothingIsRecordedAnywhere() {
        SimpleMeterRegistry global = new SimpleMeterRegistry();
        Metrics.addRegistry(global);
        try {
            Resilience resilience = Resilience.builder()
                    .retry(RetryPolicy.attempts(3))
                    .circuitBreaker(
                            CircuitBreakerPolicy.builder().slidingWindow(1, 1).build())
                    .fallback(Fallback.builder().constant("digest").build())
                    .build();
            round.report(round.engine(resilience), List.of(failing, failing));

            assertThat(global.getMeters()).isEmpty();
        } finally {
            Metrics.removeRegistry(global);
        }
    }

    // --- what each counts

    @Test
    void retries_twoRetriesAStep_areCounted() {
        run(Resilience.builder().retry(RetryPolicy.attempts(3)), failing, 10);

        assertThat(count(ResilienceMeter.RETRIES, "key", "failing")).isEqualTo(20);
    }

    @Test
    void rejections_ofTheBudget_areCounted() {
        run(Resilience.builder().budget(Budget.builder().steps(3).build()), quick, 5);

        assertThat(count(ResilienceMeter.REJECTIONS, "key", "quick", "guard", "budget"))
                .isEqualTo(2);
    }

    @Test
    void rejections_ofTheCircuitBreaker_areCounted() {
        run(
                Resilience.builder()
                        .circuitBreaker(CircuitBreakerPolicy.builder()
                                .slidingWindow(2, 2)
                                .build()),
                failing,
                5);

        assertThat(count(ResilienceMeter.REJECTIONS, "key", "failing", "guard", "circuitbreaker"))
                .isEqualTo(3);
        assertThat(count(ResilienceMeter.CIRCUIT_BREAKER_TRANSITIONS, "key", "failing", "to", "open"))
                .isOne();
        assertThat(gauge(ResilienceMeter.CIRCUIT_BREAKER_STATE, "key", "failing"))
                .isEqualTo(2);
    }

    @Test
    void rejections_ofTheBulkhead_areCounted() {
        CompletableFuture<StepReport<String>> report = round.engine(Resilience.builder()
                        .bulkhead(new BulkheadPolicy(2, 3, Duration.ofSeconds(1)))
                        .meterRegistry(registry)
                        .build())
                .run(Collections.nCopies(9, silent), "go")
                .toFuture();

        assertThat(count(ResilienceMeter.REJECTIONS, "key", "silent", "guard", "bulkhead"))
                .isEqualTo(4);
        assertThat(gauge(ResilienceMeter.BULKHEAD_IN_USE, "key", "silent")).isEqualTo(2);
        assertThat(gauge(ResilienceMeter.BULKHEAD_QUEUED, "key", "silent")).isEqualTo(3);
        assertThat(report.cancel(true)).isTrue();
        assertThat(gauge(ResilienceMeter.BULKHEAD_IN_USE, "key", "silent")).isZero();
        assertThat(gauge(ResilienceMeter.BULKHEAD_QUEUED, "key", "silent")).isZero();
    }

    @Test
    void rejections_ofTheRateLimiter_areCounted() {
        CompletableFuture<StepReport<String>> report = round.engine(Resilience.builder()
                        .rateLimiter(new RateLimiterPolicy(2, Duration.ofMinutes(1), 3, Duration.ofHours(1)))
                        .meterRegistry(registry)
                        .build())
                .run(Collections.nCopies(9, quick), "go")
                .toFuture();

        assertThat(count(ResilienceMeter.REJECTIONS, "key", "quick", "guard", "ratelimiter"))
                .isEqualTo(4);
        assertThat(gauge(ResilienceMeter.RATE_LIMITER_QUEUED, "key", "quick")).isEqualTo(3);
        assertThat(report.cancel(true)).isTrue();
        assertThat(gauge(ResilienceMeter.RATE_LIMITER_QUEUED, "key", "quick")).isZero();
    }

    @Test
    void attemptTimeouts_areCounted() {
        run(Resilience.builder().attemptTimeout(Duration.ofSeconds(1)), silent, 7);

        assertThat(count(ResilienceMeter.ATTEMPT_TIMEOUTS, "key", "silent")).isEqualTo(7);
    }

    @Test
    void fallbacks_ofEachSource_areCounted() {
        run(Resilience.builder().fallback(Fallback.builder().agent(quick).build()), failing, 2);
        run(Resilience.builder().fallback(Fallback.builder().constant("digest").build()), failing, 3);

        assertThat(count(ResilienceMeter.FALLBACKS, "key", "failing", "source", "agent"))
                .isEqualTo(2);
        assertThat(count(ResilienceMeter.FALLBACKS, "key", "failing", "source", "constant"))
                .isEqualTo(3);
    }

    @Test
    void fallbacks_ofALastKnownValue_areCountedWithoutItsAge() {
        Agent<String, String> moody = Agent.of(
                "moody",
                (input, context) ->
                        context.stepNumber() == 0 ? Mono.just("good") : Mono.error(new IOException("down")));
        run(
                Resilience.builder()
                        .fallback(Fallback.builder()
                                .lastKnownValue(LastKnownValue.of(9, Duration.ofHours(1)))
                                .build()),
                moody,
                3);

        assertThat(count(ResilienceMeter.FALLBACKS, "key", "moody", "source", "last known"))
                .isEqualTo(2);
    }

    // --- bounds

    private long keysOf(ResilienceMeter meter) {
        return registry.getMeters().stream()
                .filter(any -> any.getId().getName().equals(meter.getName()))
                .map(any -> any.getId().getTag("key"))
                .distinct()
                .count();
    }

    private void manyKeys(Resilience.Builder resilience, int keys) {
        List<Agent<String, String>> agents = IntStream.range(0, keys)
                .mapToObj(at -> Agent.<String, String>of(
                        "failing#" + at, (input, context) -> Mono.error(new IOException("down"))))
                .toList();
        StepEngine engine = round.engine(resilience
                .keyedBy(context -> context.agentId().toString())
                .meterRegistry(registry)
                .build());
        assertThat(round.report(engine, agents).size()).isEqualTo(keys);
    }

    @Test
    void key_retriesOfMoreKeysThanAreKept_othersShareOne() {
        manyKeys(Resilience.builder().retry(RetryPolicy.attempts(2)), Resilience.MAX_KEYS + 500);

        assertThat(keysOf(ResilienceMeter.RETRIES)).isEqualTo(Resilience.MAX_KEYS + 1);
        assertThat(count(ResilienceMeter.RETRIES, "key", Resilience.OTHER_KEYS)).isEqualTo(500);
    }

    @Test
    void key_retriesOfAsManyKeysAsAreKept_eachHasItsOwn() {
        manyKeys(Resilience.builder().retry(RetryPolicy.attempts(2)), Resilience.MAX_KEYS);

        assertThat(keysOf(ResilienceMeter.RETRIES)).isEqualTo(Resilience.MAX_KEYS);
        assertThat(registry.find(ResilienceMeter.RETRIES.getName())
                        .tag("key", Resilience.OTHER_KEYS)
                        .counter())
                .isNull();
    }

    @Test
    void key_fallbacksOfMoreKeysThanAreKept_othersShareOne() {
        manyKeys(
                Resilience.builder()
                        .fallback(Fallback.builder().constant("digest").build()),
                Resilience.MAX_KEYS + 500);

        assertThat(keysOf(ResilienceMeter.FALLBACKS)).isEqualTo(Resilience.MAX_KEYS + 1);
    }

    @Test
    void key_breakersOfMoreKeysThanAreKept_othersShareOne() {
        manyKeys(
                Resilience.builder()
                        .retry(RetryPolicy.attempts(2))
                        .circuitBreaker(CircuitBreakerPolicy.builder()
                                .slidingWindow(1, 1)
                                .build()),
                Resilience.MAX_KEYS + 500);

        assertThat(keysOf(ResilienceMeter.CIRCUIT_BREAKER_STATE)).isEqualTo(Resilience.MAX_KEYS + 1);
        assertThat(keysOf(ResilienceMeter.CIRCUIT_BREAKER_TRANSITIONS)).isEqualTo(Resilience.MAX_KEYS + 1);
        assertThat(keysOf(ResilienceMeter.RETRIES)).isEqualTo(Resilience.MAX_KEYS + 1);
    }

    // --- a registry that throws

    @Test
    void registry_throws_theResultsAreThereAllTheSame() {
        registry.config().meterFilter(new MeterFilter() {
            @Override
            public Meter.Id map(Meter.Id id) {
                throw new IllegalStateException("broken registry");
            }
        });
        Resilience.Builder all = Resilience.builder()
                .retry(RetryPolicy.attempts(2))
                .bulkhead(new BulkheadPolicy(1, 1, Duration.ofSeconds(1)))
                .attemptTimeout(Duration.ofSeconds(5))
                .circuitBreaker(
                        CircuitBreakerPolicy.builder().slidingWindow(1, 1).build());

        StepReport<String> report = run(all, silent, 4);

        assertThat(report).as("no step hangs").isNotNull();
        assertThat(report.results())
                .extracting(StepResult::kind)
                .containsExactly(
                        StepResult.Kind.TIMED_OUT,
                        StepResult.Kind.REJECTED,
                        StepResult.Kind.REJECTED,
                        StepResult.Kind.REJECTED);
    }

    @Test
    void registry_throwsForManySteps_isLoggedOnce() {
        registry.config().meterFilter(new MeterFilter() {
            @Override
            public Meter.Id map(Meter.Id id) {
                throw new IllegalStateException("broken registry");
            }
        });
        Logger logger = (Logger) LoggerFactory.getLogger("io.flotilla.internal.TelemetryFaults");
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.list = new CopyOnWriteArrayList<>();
        log.start();
        Level before = logger.getLevel();
        logger.setLevel(Level.WARN);
        logger.addAppender(log);
        try {
            run(Resilience.builder().retry(RetryPolicy.attempts(3)), failing, 5);
        } finally {
            logger.detachAppender(log);
            logger.setLevel(before);
        }

        assertThat(log.list)
                .singleElement()
                .satisfies(event ->
                        assertThat(event.getThrowableProxy().getMessage()).isEqualTo("broken registry"));
    }

    @Test
    void registry_throwsWhereAFallbackStandsIn_theResultIsDegraded() {
        registry.config().meterFilter(new MeterFilter() {
            @Override
            public Meter.Id map(Meter.Id id) {
                throw new IllegalStateException("broken registry");
            }
        });

        StepReport<String> report = run(
                Resilience.builder().fallback(Fallback.builder().agent(quick).build()), failing, 1);

        assertThat(report.results().get(0).kind()).isEqualTo(StepResult.Kind.DEGRADED);
        assertThat(report.values()).containsExactly("done");
    }

    @Test
    void meterRegistry_null_throws() {
        assertThatNullPointerException()
                .isThrownBy(() -> Resilience.builder().meterRegistry((MeterRegistry) null))
                .withMessage("registry");
    }
}
