package io.flotilla.resilience;

import static io.flotilla.resilience.InVirtualTime.engine;
import static io.flotilla.resilience.InVirtualTime.start;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.resilience.InVirtualTime.Started;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import io.flotilla.step.StepResult.Kind;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Mono;

/** State machines from registries of the user's own. */
@Timeout(30)
class RegistriesTest {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Agent<String, String> FAILING =
            Agent.of("a", (input, context) -> Mono.error(new IOException("boom")));

    @RegisterExtension
    final InVirtualTime time = new InVirtualTime();

    private final Pending agent = new Pending("a");

    private CircuitBreakerRegistry breakers() {
        return CircuitBreakerRegistry.of(CircuitBreakerConfig.custom()
                .slidingWindow(2, 2, CircuitBreakerConfig.SlidingWindowType.COUNT_BASED)
                .waitDurationInOpenState(Duration.ofSeconds(7))
                .permittedNumberOfCallsInHalfOpenState(1)
                .clock(time.clock())
                .build());
    }

    @Test
    void circuitBreakers_ofTheUser_areUsedByKeyAndSeeEveryAttempt() {
        CircuitBreakerRegistry circuitBreakers = breakers();
        start(engine(Resilience.builder().registries(circuitBreakers, null, null)), FAILING, 2);

        assertThat(circuitBreakers.circuitBreaker("a").getState()).isEqualTo(CircuitBreaker.State.OPEN);
        assertThat(circuitBreakers.getAllCircuitBreakers()).hasSize(1);
    }

    @Test
    void circuitBreakers_ofTheUser_theirConfigurationReplacesThePolicyAndSaysWhenToComeBack() {
        StepEngine engine = engine(Resilience.builder()
                .circuitBreaker(CircuitBreakerPolicy.defaults())
                .registries(breakers(), null, null));
        start(engine, FAILING, 2);
        time.passes(SECOND);

        assertThat(((StepResult.Rejected<String>) start(engine, agent).only()).retryAfter())
                .isEqualTo(Duration.ofSeconds(6));
        time.passes(Duration.ofMillis(6_001));
        start(engine, agent);
        assertThat(agent.called()).isEqualTo(1);
    }

    @Test
    void circuitBreakers_forcedOpenByTheUser_refusesWithoutATimeAndTellsOfIt() {
        CircuitBreakerRegistry circuitBreakers = breakers();
        Resilience resilience =
                Resilience.builder().registries(circuitBreakers, null, null).build();
        StepEngine engine = StepEngine.builder().interceptor(resilience).build();
        List<CircuitBreakerTransition.State> states = new CopyOnWriteArrayList<>();
        resilience.circuitBreakerTransitions().map(CircuitBreakerTransition::to).subscribe(states::add);
        Started first = start(engine, agent);
        agent.succeed(0);
        assertThat(first.kinds()).containsExactly(Kind.SUCCEEDED);

        circuitBreakers.circuitBreaker("a").transitionToForcedOpenState();
        time.passes(SECOND);

        assertThat(((StepResult.Rejected<String>) start(engine, agent).only()).retryAfter())
                .isNull();
        assertThat(states).containsExactly(CircuitBreakerTransition.State.SPECIAL);
    }

    @Test
    void circuitBreakers_disabledByTheUser_letEverythingThrough() {
        CircuitBreakerRegistry circuitBreakers = breakers();
        circuitBreakers.circuitBreaker("a").transitionToDisabledState();
        StepEngine engine = engine(Resilience.builder().registries(circuitBreakers, null, null));

        assertThat(start(engine, FAILING, 100).kinds()).hasSize(100).containsOnly(Kind.FAILED);
    }

    @Test
    void bulkheads_ofTheUser_haveTheirPlacesAndTheLineOfThePolicy() {
        BulkheadRegistry bulkheads = BulkheadRegistry.of(
                BulkheadConfig.custom().maxConcurrentCalls(2).build());
        Started round = start(
                engine(Resilience.builder()
                        .bulkhead(new BulkheadPolicy(100, 1, SECOND))
                        .registries(null, bulkheads, null)),
                agent,
                4);

        assertThat(agent.called()).isEqualTo(2);
        assertThat(round.kinds()).containsExactly(Kind.REJECTED);
        agent.succeed(0);
        agent.succeed(1);
        agent.succeed(2);
        assertThat(bulkheads.bulkhead("a").getMetrics().getAvailableConcurrentCalls())
                .isEqualTo(2);
    }

    @Test
    void bulkheads_ofTheUserThatWait_doNotBlock() {
        BulkheadRegistry bulkheads = BulkheadRegistry.of(BulkheadConfig.custom()
                .maxConcurrentCalls(1)
                .maxWaitDuration(Duration.ofMinutes(1))
                .build());
        Started round = start(
                engine(Resilience.builder()
                        .bulkhead(new BulkheadPolicy(1, 1, SECOND))
                        .registries(null, bulkheads, null)),
                agent,
                2);
        time.passes(SECOND);

        assertThat(round.kinds()).containsExactly(Kind.REJECTED);
    }

    @Test
    void rateLimiters_ofTheUser_haveTheirPermits() {
        RateLimiterRegistry rateLimiters = RateLimiterRegistry.of(RateLimiterConfig.custom()
                .limitForPeriod(2)
                .limitRefreshPeriod(Duration.ofHours(1))
                .timeoutDuration(Duration.ofHours(2))
                .build());
        Started round = start(engine(Resilience.builder().registries(null, null, rateLimiters)), agent, 3);

        assertThat(agent.called()).isEqualTo(2);
        assertThat(round.kinds())
                .as("an hour is more than the policy lets wait")
                .containsExactly(Kind.REJECTED);
    }

    @Test
    void registries_none_isTheDefault() {
        StepEngine engine = engine(Resilience.builder().registries(null, null, null));
        start(engine, agent, 100);

        assertThat(agent.called()).isEqualTo(100);
    }
}
