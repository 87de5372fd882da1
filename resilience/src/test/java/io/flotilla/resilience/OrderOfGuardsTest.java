package io.flotilla.resilience;

import static io.flotilla.resilience.InVirtualTime.engine;
import static io.flotilla.resilience.InVirtualTime.start;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.resilience.InVirtualTime.Started;
import io.flotilla.step.StepCall;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepInterceptor;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult.Kind;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Mono;

/** What each guard sees of the others: the numbers that the order was chosen for. */
@Timeout(30)
class OrderOfGuardsTest {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final RetryPolicy THREE_AT_ONCE =
            RetryPolicy.builder().minBackoff(Duration.ZERO).jitter(() -> 0).build();

    @RegisterExtension
    final InVirtualTime time = new InVirtualTime();

    private final CircuitBreakerRegistry circuitBreakers = CircuitBreakerRegistry.of(CircuitBreakerConfig.custom()
            .slidingWindowSize(1_000)
            .minimumNumberOfCalls(1_000)
            .slowCallDurationThreshold(Duration.ofMillis(100))
            .build());

    private CircuitBreaker.Metrics counted() {
        return circuitBreakers.circuitBreaker("a").getMetrics();
    }

    /** With a breaker that only counts. */
    private Resilience.Builder counting() {
        return Resilience.builder().registries(circuitBreakers, null, null);
    }

    private static Agent<String, String> failing(AtomicInteger calls) {
        return Agent.of("a", (input, context) -> {
            calls.incrementAndGet();
            return Mono.error(new IOException("boom"));
        });
    }

    // --- what the breaker counts

    @Test
    void circuitBreaker_tenAttemptsTimeOut_countsTen() {
        start(engine(counting().attemptTimeout(SECOND)), new Pending("a"), 10);

        time.passes(SECOND);

        assertThat(counted().getNumberOfFailedCalls()).isEqualTo(10);
    }

    @Test
    void circuitBreaker_tenStepsOfThreeAttempts_countsThirty() {
        Started round = start(engine(counting().retry(THREE_AT_ONCE)), failing(new AtomicInteger()), 10);

        time.passes(SECOND);

        assertThat(round.results).hasSize(10);
        assertThat(counted().getNumberOfFailedCalls()).isEqualTo(30);
    }

    @Test
    void circuitBreaker_bulkheadRefuses_countsNone() {
        Started round = start(engine(counting().bulkhead(new BulkheadPolicy(1, 0, SECOND))), new Pending("a"), 11);

        assertThat(round.kinds()).hasSize(10).containsOnly(Kind.REJECTED);
        assertThat(counted().getNumberOfBufferedCalls()).isZero();
        assertThat(counted().getNumberOfNotPermittedCalls()).isZero();
    }

    @Test
    void circuitBreaker_bulkheadWaitIsOver_countsNone() {
        Started round = start(engine(counting().bulkhead(new BulkheadPolicy(1, 10, SECOND))), new Pending("a"), 11);
        time.passes(SECOND);

        assertThat(round.kinds()).hasSize(10).containsOnly(Kind.REJECTED);
        assertThat(counted().getNumberOfBufferedCalls()).isZero();
    }

    @Test
    void circuitBreaker_limiterRefuses_countsNone() {
        Started round = start(
                engine(counting().rateLimiter(new RateLimiterPolicy(1, SECOND, 0, SECOND))), new Pending("a"), 11);

        assertThat(round.kinds()).hasSize(10).containsOnly(Kind.REJECTED);
        assertThat(counted().getNumberOfBufferedCalls()).isZero();
    }

    @Test
    void circuitBreaker_attemptsWaitForTheRateLimiter_noneIsSlow() {
        Agent<String, String> quick = Agent.of(
                "a", (input, context) -> Mono.delay(Duration.ofMillis(100)).map(any -> "done"));
        Started round = start(engine(counting().rateLimiter(RateLimiterPolicy.of(1, SECOND))), quick, 10);
        time.passes(SECOND.multipliedBy(10));

        assertThat(round.kinds()).hasSize(10).containsOnly(Kind.SUCCEEDED);
        assertThat(counted().getNumberOfSuccessfulCalls()).isEqualTo(10);
        assertThat(counted().getNumberOfSlowCalls()).isZero();
    }

    @Test
    void circuitBreaker_attemptsWaitForTheBulkhead_noneIsSlow() {
        Agent<String, String> quick = Agent.of(
                "a", (input, context) -> Mono.delay(Duration.ofMillis(100)).map(any -> "done"));
        start(engine(counting().bulkhead(BulkheadPolicy.of(1))), quick, 10);
        time.passes(SECOND.multipliedBy(2));

        assertThat(counted().getNumberOfSuccessfulCalls()).isEqualTo(10);
        assertThat(counted().getNumberOfSlowCalls()).isZero();
    }

    // --- the others

    @Test
    void retry_waitsBetweenAttempts_holdsNoPlaceMeanwhile() {
        AtomicInteger calls = new AtomicInteger();
        StepEngine engine = engine(Resilience.builder()
                .bulkhead(BulkheadPolicy.of(1))
                .retry(RetryPolicy.builder().jitter(() -> 1).build()));
        start(engine, failing(calls));
        Pending next = new Pending("a");
        start(engine, next);

        assertThat(calls).hasValue(1);
        assertThat(next.called()).isEqualTo(1);
    }

    @Test
    void rateLimiter_countsAttemptsNotSteps() {
        AtomicInteger calls = new AtomicInteger();
        start(
                engine(Resilience.builder()
                        .rateLimiter(RateLimiterPolicy.of(1, SECOND))
                        .retry(THREE_AT_ONCE)),
                failing(calls));

        for (int called = 1; called <= 3; called++) {
            assertThat(calls).hasValue(called);
            time.passes(SECOND);
        }
        assertThat(calls).hasValue(3);
    }

    @Test
    void bulkhead_waitsForTheRateLimiter_withItsPlace() {
        StepEngine engine = engine(Resilience.builder()
                .bulkhead(new BulkheadPolicy(1, 0, SECOND))
                .rateLimiter(RateLimiterPolicy.of(1, SECOND)));
        Pending agent = new Pending("a");
        start(engine, agent);
        agent.succeed(0);
        start(engine, agent);

        assertThat(start(engine, agent).kinds())
                .as("the one that waits for a permit has the place")
                .containsExactly(Kind.REJECTED);
    }

    @Test
    void circuitBreaker_open_refusesWhoHasWaitedAndGivesTheirPlacesBack() {
        StepEngine engine = engine(Resilience.builder()
                .bulkhead(BulkheadPolicy.of(1))
                .circuitBreaker(
                        CircuitBreakerPolicy.builder().slidingWindow(1, 1).build()));
        Pending agent = new Pending("a");
        Started round = start(engine, agent, 10);
        agent.fail(0, new IOException("boom"));
        time.passes(Duration.ofNanos(1));

        assertThat(round.kinds()).hasSize(10).contains(Kind.FAILED, Kind.REJECTED);
        assertThat(agent.called()).isEqualTo(1);
    }

    @Test
    void run_subscribedThreeTimes_threeAttemptsEach() {
        List<Integer> attempts = new CopyOnWriteArrayList<>();
        AtomicInteger calls = new AtomicInteger();
        Mono<StepReport<String>> run = engine(counting().retry(THREE_AT_ONCE)).run(List.of(failing(calls)), "go");
        for (int subscription = 0; subscription < 3; subscription++) {
            run.subscribe(report -> attempts.add(report.results().get(0).attempts()));
            time.passes(SECOND);
        }

        assertThat(attempts).containsExactly(3, 3, 3);
        assertThat(calls).hasValue(9);
    }

    @Test
    void interceptorFurtherIn_throwsAfterAWait_theStepFailsAndThePlaceIsBack() {
        StepInterceptor throwing = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
                return context.stepNumber() % 2 == 0
                        ? attempt
                        : Mono.defer(() -> {
                            throw new NoClassDefFoundError("in an interceptor");
                        });
            }
        };
        StepEngine engine = StepEngine.builder()
                .interceptor(Resilience.builder().bulkhead(BulkheadPolicy.of(1)).build())
                .interceptor(throwing)
                .build();
        Pending agent = new Pending("a");
        Started round = start(engine, Collections.nCopies(3, agent));

        for (int body = 0; body < agent.called(); body++) {
            agent.succeed(body);
        }

        assertThat(round.kinds())
                .as("nobody waits for the step timeout")
                .hasSize(3)
                .contains(Kind.FAILED);
    }
}
