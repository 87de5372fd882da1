package io.flotilla.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import io.flotilla.testkit.UndisturbedTime;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** All guards together, in their order. */
@Timeout(30)
class ResilienceTest {

    @BeforeAll
    static void failInsteadOfHanging() {
        StepVerifier.setDefaultTimeout(Duration.ofSeconds(10));
    }

    @Test
    void step_failsTwiceThenAnswers_threeAttempts() {
        Agent<String, String> shy = Agent.of(
                "shy",
                (input, context) -> context.attempt() < 3
                        ? Mono.error(new IOException("attempt " + context.attempt()))
                        : Mono.just("hello"));

        UndisturbedTime.verifier(() -> StepEngine.builder()
                        .interceptor(Resilience.builder()
                                .retry(RetryPolicy.builder().jitter(() -> 1).build())
                                .circuitBreaker(CircuitBreakerPolicy.defaults())
                                .bulkhead(BulkheadPolicy.of(1))
                                .rateLimiter(RateLimiterPolicy.of(10, Duration.ofSeconds(1)))
                                .attemptTimeout(Duration.ofSeconds(1))
                                .build())
                        .build()
                        .run(List.of(shy), "go"))
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(300))
                .assertNext(report -> {
                    assertThat(report.values()).containsExactly("hello");
                    assertThat(report.results().get(0).attempts()).isEqualTo(3);
                })
                .verifyComplete();
    }

    @Test
    void step_tenAttemptsTimeOut_theCircuitBreakerCountsThemAllAndOpens() {
        Agent<String, String> silent = Agent.of("silent", (input, context) -> Mono.never());
        Resilience resilience = Resilience.builder()
                .circuitBreaker(
                        CircuitBreakerPolicy.builder().slidingWindow(10, 10).build())
                .attemptTimeout(Duration.ofSeconds(1))
                .build();

        UndisturbedTime.verifier(() -> {
                    StepEngine engine =
                            StepEngine.builder().interceptor(resilience).build();
                    return engine.run(Collections.nCopies(10, silent), "go").then(engine.run(List.of(silent), "go"));
                })
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(1))
                .assertNext(report -> {
                    StepResult<String> refused = report.results().get(0);
                    assertThat(refused).isInstanceOf(StepResult.Rejected.class);
                    assertThat(((StepResult.Rejected<String>) refused).retryAfter())
                            .isEqualTo(Duration.ofSeconds(30));
                })
                .verifyComplete();
    }

    @Test
    void step_refusalsAreRetried_theRetryComesBackWhenTheCircuitBreakerSays() {
        AtomicInteger calls = new AtomicInteger();
        Agent<String, String> recovers = Agent.of(
                "recovers",
                (input, context) ->
                        calls.incrementAndGet() <= 2 ? Mono.error(new IOException("down")) : Mono.just("up"));
        Resilience resilience = Resilience.builder()
                .retry(RetryPolicy.builder()
                        .maxAttempts(4)
                        .minBackoff(Duration.ZERO)
                        .maxBackoff(Duration.ZERO)
                        .retryOn(cause -> true)
                        .build())
                .circuitBreaker(CircuitBreakerPolicy.builder()
                        .slidingWindow(2, 2)
                        .openDuration(Duration.ofSeconds(5))
                        .build())
                .build();

        UndisturbedTime.verifier(() ->
                        StepEngine.builder().interceptor(resilience).build().run(List.of(recovers), "go"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(5))
                .assertNext(report -> assertThat(report.values()).containsExactly("up"))
                .verifyComplete();
        assertThat(calls).hasValue(3);
    }

    @Test
    void step_bulkheadOfTwo_neverMoreThanTwoAtOnceAndAllEnd() {
        AtomicInteger inFlight = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Agent<String, String> slow = Agent.of(
                "slow",
                (input, context) -> Mono.delay(Duration.ofMillis(1))
                        .doOnSubscribe(any -> most.accumulateAndGet(inFlight.incrementAndGet(), Math::max))
                        .map(any -> "done " + inFlight.decrementAndGet()));

        StepReport<String> report = StepEngine.builder()
                .interceptor(Resilience.builder().bulkhead(BulkheadPolicy.of(2)).build())
                .build()
                .run(Collections.nCopies(100, slow), "go")
                .block();

        assertThat(report.values()).hasSize(100);
        assertThat(most).hasValue(2);
    }

    @Test
    void step_limiterOfTenASecond_thirtyStepsTakeTwoSeconds() {
        Agent<String, String> worker = Agent.of("worker", (input, context) -> Mono.just("done"));

        UndisturbedTime.verifier(() -> StepEngine.builder()
                        .interceptor(Resilience.builder()
                                .rateLimiter(RateLimiterPolicy.of(10, Duration.ofSeconds(1)))
                                .build())
                        .build()
                        .run(Collections.nCopies(30, worker), "go"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(2))
                .assertNext(report -> assertThat(report.values()).hasSize(30))
                .verifyComplete();
    }
}
