package io.flotilla.resilience;

import static io.flotilla.resilience.InVirtualTime.start;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.resilience.InVirtualTime.Started;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepInterceptor;
import io.flotilla.step.StepResult;
import io.flotilla.step.StepResult.Kind;
import io.flotilla.step.StepTimeoutException;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.bulkhead.BulkheadFullException;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.github.resilience4j.ratelimiter.RequestNotPermitted;
import io.github.resilience4j.reactor.bulkhead.operator.BulkheadOperator;
import io.github.resilience4j.reactor.circuitbreaker.operator.CircuitBreakerOperator;
import io.github.resilience4j.reactor.ratelimiter.operator.RateLimiterOperator;
import io.github.resilience4j.reactor.retry.RetryOperator;
import io.github.resilience4j.reactor.timelimiter.TimeLimiterOperator;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import io.github.resilience4j.timelimiter.TimeLimiter;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** Resilience4j's own operators around steps and attempts: every call and every permit is counted. */
@Timeout(30)
class OperatorsTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    @RegisterExtension
    final InVirtualTime time = new InVirtualTime();

    private final Pending pending = new Pending("a");
    private final List<Integer> calls = new CopyOnWriteArrayList<>();

    /** Fails that many times, with a number in the message, then answers. */
    private Agent<String, String> failing(int times) {
        return Agent.of("a", (input, context) -> {
            calls.add(context.attempt());
            return context.attempt() <= times
                    ? Mono.error(new IOException("attempt " + context.attempt()))
                    : Mono.just("answer " + context.attempt());
        });
    }

    private static StepEngine engine(StepInterceptor... interceptors) {
        StepEngine.Builder engine = StepEngine.builder();
        for (StepInterceptor interceptor : interceptors) {
            engine.interceptor(interceptor);
        }
        return engine.build();
    }

    private static Retry retry(int attempts) {
        return Retry.of(
                "retry",
                RetryConfig.custom().maxAttempts(attempts).waitDuration(SECOND).build());
    }

    private static StepInterceptor retrying(Retry retry) {
        return StepInterceptor.ofStep(steps -> steps.transformDeferred(RetryOperator.of(retry)));
    }

    private CircuitBreaker breaker(int window) {
        return CircuitBreaker.of("breaker", breakerConfig(window));
    }

    private CircuitBreakerConfig breakerConfig(int window) {
        return CircuitBreakerConfig.custom()
                .slidingWindow(window, window, CircuitBreakerConfig.SlidingWindowType.COUNT_BASED)
                .permittedNumberOfCallsInHalfOpenState(1)
                .waitDurationInOpenState(Duration.ofSeconds(30))
                .clock(time.clock())
                .build();
    }

    private static StepInterceptor breaking(CircuitBreaker breaker) {
        return StepInterceptor.ofAttempt(attempt -> attempt.transformDeferred(CircuitBreakerOperator.of(breaker)));
    }

    private static Bulkhead bulkhead(int places) {
        return Bulkhead.of(
                "bulkhead",
                BulkheadConfig.custom()
                        .maxConcurrentCalls(places)
                        .maxWaitDuration(Duration.ZERO)
                        .build());
    }

    private static StepInterceptor bulkheaded(Bulkhead bulkhead) {
        return StepInterceptor.ofAttempt(attempt -> attempt.transformDeferred(BulkheadOperator.of(bulkhead)));
    }

    private static RateLimiter rateLimiter(int permits, Duration timeout) {
        return RateLimiter.of(
                "limiter",
                RateLimiterConfig.custom()
                        .limitForPeriod(permits)
                        .limitRefreshPeriod(Duration.ofHours(1))
                        .timeoutDuration(timeout)
                        .build());
    }

    private static StepInterceptor limited(RateLimiter limiter) {
        return StepInterceptor.ofAttempt(attempt -> attempt.transformDeferred(RateLimiterOperator.of(limiter)));
    }

    // --- retry

    @Test
    void retry_failsTwice_threeAttemptsWithTheirNumbers() {
        Retry retry = retry(3);
        Started round = start(engine(retrying(retry)), failing(2));
        time.passes(SECOND.multipliedBy(2));

        StepResult<String> result = round.only();
        assertThat(result.value()).isEqualTo("answer 3");
        assertThat(result.attempts()).isEqualTo(3);
        assertThat(calls).containsExactly(1, 2, 3);
        assertThat(retry.getMetrics().getNumberOfSuccessfulCallsWithRetryAttempt())
                .isOne();
    }

    @Test
    void retry_failsAlways_eachStepHasItsOwnAttemptsAndItsFirstCause() {
        Retry retry = retry(3);
        Started round = start(engine(retrying(retry)), failing(9), 4);
        time.passes(SECOND.multipliedBy(2));

        assertThat(round.results).hasSize(4).allSatisfy(result -> {
            assertThat(result.kind()).isEqualTo(Kind.FAILED);
            assertThat(result.attempts()).isEqualTo(3);
            assertThat(result.cause()).isInstanceOf(IOException.class).hasMessage("attempt 1");
            assertThat(result.cause().getSuppressed())
                    .extracting(Throwable::getMessage)
                    .containsExactly("attempt 2", "attempt 3");
        });
        assertThat(calls).hasSize(12);
        assertThat(retry.getMetrics().getNumberOfFailedCallsWithRetryAttempt()).isEqualTo(4);
    }

    @Test
    void retry_waitsPastTheStepTimeout_isTimedOutWithTheFailureAsCause() {
        StepEngine engine = engine(retrying(retry(3))).toBuilder()
                .stepTimeout(SECOND.dividedBy(2))
                .build();

        Started round = start(engine, failing(9));
        time.passes(SECOND);

        assertThat(round.only().kind()).isEqualTo(Kind.TIMED_OUT);
        assertThat(round.only().cause()).hasMessage("attempt 1");
        assertThat(round.only().attempts()).isOne();
        assertThat(calls).as("no attempt after the end").containsExactly(1);
    }

    @Test
    void retry_onAValue_countsTheAttemptsThatHadTheWrongValue() {
        Retry retry = Retry.of(
                "retry",
                RetryConfig.custom()
                        .maxAttempts(3)
                        .waitDuration(SECOND)
                        .retryOnResult(value -> !"answer 3".equals(value))
                        .build());
        Started round = start(engine(retrying(retry)), failing(0));
        time.passes(SECOND.multipliedBy(2));

        assertThat(round.only().value()).isEqualTo("answer 3");
        assertThat(round.only().attempts()).isEqualTo(3);
    }

    @Test
    void retry_fatalErrorThatTheOperatorThrowsAgain_failsTheStepAtOnce() {
        LinkageError fatal = new LinkageError("no such method");
        Agent<String, String> agent = Agent.of(
                "a",
                (input, context) -> Mono.defer(() -> {
                    throw fatal;
                }));

        Started round = start(engine(retrying(retry(3))), agent);

        assertThat(round.only().kind()).isEqualTo(Kind.FAILED);
        assertThat(round.only().cause()).isSameAs(fatal);
        assertThat(round.only().attempts()).isOne();
    }

    @Test
    void retry_fatalErrorOnAnotherThread_failsTheStepAtOnce() {
        LinkageError fatal = new LinkageError("no such method");

        Started round = start(engine(retrying(retry(3))), pending);
        pending.fail(0, fatal);

        assertThat(round.only().cause()).isSameAs(fatal);
    }

    @Test
    void retry_aroundTheAttempt_isCountedAsAroundTheStep() {
        StepInterceptor within =
                StepInterceptor.ofAttempt(attempt -> attempt.transformDeferred(RetryOperator.of(retry(3))));
        Started round = start(engine(within), failing(9));
        time.passes(SECOND.multipliedBy(2));

        assertThat(calls).containsExactly(1, 2, 3);
        assertThat(round.only().attempts()).isEqualTo(3);
        assertThat(round.only().cause()).hasMessage("attempt 1");
        assertThat(round.only().cause().getSuppressed()).hasSize(2);
    }

    // --- circuit breaker

    @Test
    void circuitBreaker_insideARetry_countsEveryAttempt() {
        CircuitBreaker breaker = breaker(10);
        Started round = start(engine(retrying(retry(3)), breaking(breaker)), failing(2));
        time.passes(SECOND.multipliedBy(2));

        assertThat(round.only().attempts()).isEqualTo(3);
        assertThat(breaker.getMetrics().getNumberOfFailedCalls()).isEqualTo(2);
        assertThat(breaker.getMetrics().getNumberOfSuccessfulCalls()).isOne();
    }

    @Test
    void circuitBreaker_open_isRejectedAndTheAgentIsNotCalled() {
        CircuitBreaker breaker = breaker(1);
        breaker.transitionToOpenState();

        StepResult<String> result = start(engine(breaking(breaker)), failing(0)).only();

        assertThat(result).isInstanceOfSatisfying(StepResult.Rejected.class, rejected -> {
            assertThat(rejected.guard()).isEqualTo("circuitbreaker");
            assertThat(rejected.retryAfter()).isNull();
        });
        assertThat(result.cause()).isInstanceOf(CallNotPermittedException.class);
        assertThat(calls).isEmpty();
        assertThat(result.attempts()).as("the one that was refused").isOne();
        assertThat(breaker.getMetrics().getNumberOfNotPermittedCalls()).isOne();
    }

    @Test
    void circuitBreaker_opensBetweenAttempts_firstFailureIsTheCause() {
        CircuitBreaker breaker = breaker(1);
        Started round = start(engine(retrying(retry(3)), breaking(breaker)), failing(9));
        time.passes(SECOND.multipliedBy(2));

        assertThat(round.only().kind()).isEqualTo(Kind.FAILED);
        assertThat(round.only().cause()).hasMessage("attempt 1");
        assertThat(round.only().cause().getSuppressed()).hasOnlyElementsOfType(CallNotPermittedException.class);
        assertThat(calls).containsExactly(1);
        assertThat(round.only().attempts()).isEqualTo(3);
    }

    @Test
    void circuitBreaker_halfOpenAndTheStepIsCancelled_permitIsGivenBack() {
        CircuitBreaker breaker = breaker(1);
        breaker.transitionToOpenState();
        breaker.transitionToHalfOpenState();
        StepEngine engine = engine(breaking(breaker));

        Started first = start(engine, pending);
        assertThat(start(engine, failing(0)).only().kind()).as("on trial").isEqualTo(Kind.REJECTED);
        first.cancel();

        assertThat(start(engine, failing(0)).only().kind()).isEqualTo(Kind.SUCCEEDED);
        assertThat(breaker.getState()).isEqualTo(CircuitBreaker.State.CLOSED);
    }

    @Test
    void circuitBreaker_halfOpenAndTheStepTimesOut_permitIsGivenBack() {
        CircuitBreaker breaker = breaker(1);
        breaker.transitionToOpenState();
        breaker.transitionToHalfOpenState();
        StepEngine engine =
                engine(breaking(breaker)).toBuilder().stepTimeout(SECOND).build();

        Started first = start(engine, pending);
        time.passes(SECOND);

        assertThat(first.only().kind()).isEqualTo(Kind.TIMED_OUT);
        assertThat(start(engine, failing(0)).only().kind()).isEqualTo(Kind.SUCCEEDED);
    }

    @Test
    void circuitBreaker_forEachKind_thatOfTheAttemptsContext() {
        CircuitBreakerRegistry breakers = CircuitBreakerRegistry.of(breakerConfig(1));
        breakers.circuitBreaker("a").transitionToOpenState();
        StepEngine engine = engine(
                StepInterceptor.ofAttempt((context, attempt) -> attempt.transformDeferred(CircuitBreakerOperator.of(
                        breakers.circuitBreaker(context.agentId().kind())))));

        Started round = start(engine, List.of(failing(0), Agent.of("b#1", (input, context) -> Mono.just("b"))));

        assertThat(round.kinds()).containsExactly(Kind.REJECTED, Kind.SUCCEEDED);
        assertThat(breakers.circuitBreaker("b").getMetrics().getNumberOfSuccessfulCalls())
                .isOne();
    }

    @Test
    void circuitBreaker_halfOpenAndTwoStepsUnderZip_bothAreCountedAndItDecides() {
        CircuitBreaker breaker = CircuitBreaker.of(
                "breaker",
                CircuitBreakerConfig.from(breakerConfig(2))
                        .permittedNumberOfCallsInHalfOpenState(2)
                        .build());
        breaker.transitionToOpenState();
        breaker.transitionToHalfOpenState();
        StepEngine engine = engine(breaking(breaker));
        List<Object> kinds = new CopyOnWriteArrayList<>();

        Mono.zip(engine.step(failing(9), "go"), engine.step(pending, "go"))
                .subscribe(both ->
                        kinds.addAll(List.of(both.getT1().kind(), both.getT2().kind())));
        assertThat(pending.cancelled).as("a failed step is a value").hasValue(0);
        pending.fail(0, new IOException("as well"));

        assertThat(kinds).containsExactly(Kind.FAILED, Kind.FAILED);
        assertThat(breaker.getState()).isEqualTo(CircuitBreaker.State.OPEN);
    }

    // --- bulkhead

    @Test
    void bulkhead_full_isRejectedAtOnceAndCancelGivesThePlacesBack() {
        Bulkhead bulkhead = bulkhead(2);
        Started round = start(engine(bulkheaded(bulkhead)), pending, 3);

        assertThat(round.only()).isInstanceOfSatisfying(StepResult.Rejected.class, rejected -> {
            assertThat(rejected.guard()).isEqualTo("bulkhead");
            assertThat(rejected.cause()).isInstanceOf(BulkheadFullException.class);
        });
        assertThat(pending.called()).isEqualTo(2);
        round.cancel();
        assertThat(bulkhead.getMetrics().getAvailableConcurrentCalls()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"value", "error", "timeout"})
    void bulkhead_stepEnds_placeIsGivenBackOnce(String how) {
        Bulkhead bulkhead = bulkhead(1);
        Started round = start(
                engine(bulkheaded(bulkhead)).toBuilder().stepTimeout(SECOND).build(), pending);
        assertThat(bulkhead.getMetrics().getAvailableConcurrentCalls()).isZero();

        switch (how) {
            case "value" -> pending.succeed(0);
            case "error" -> pending.fail(0, new IOException("gone"));
            default -> time.passes(SECOND);
        }

        assertThat(round.results).hasSize(1);
        assertThat(bulkhead.getMetrics().getAvailableConcurrentCalls()).isOne();
    }

    @Test
    void bulkhead_aroundTheStep_refusesBeforeTheFirstAttempt() {
        Bulkhead bulkhead = bulkhead(1);
        StepEngine engine =
                engine(StepInterceptor.ofStep(steps -> steps.transformDeferred(BulkheadOperator.of(bulkhead))));

        Started round = start(engine, pending, 2);

        assertThat(round.only().kind()).isEqualTo(Kind.REJECTED);
        assertThat(round.only().attempts()).isZero();
    }

    // --- rate limiter

    @Test
    void rateLimiter_permitsAreUsedUp_isRejected() {
        RateLimiter limiter = rateLimiter(2, Duration.ZERO);

        Started round = start(engine(limited(limiter)), failing(0), 3);

        assertThat(round.kinds()).containsExactly(Kind.SUCCEEDED, Kind.SUCCEEDED, Kind.REJECTED);
        assertThat(round.results.get(2)).isInstanceOfSatisfying(StepResult.Rejected.class, rejected -> {
            assertThat(rejected.guard()).isEqualTo("ratelimiter");
            assertThat(rejected.cause()).isInstanceOf(RequestNotPermitted.class);
        });
        assertThat(calls).hasSize(2);
        assertThat(limiter.getMetrics().getAvailablePermissions()).isZero();
    }

    @Test
    void rateLimiter_refusedFirstThenFails_theFailureIsTheCause() {
        RateLimiter limiter = RateLimiter.of(
                "limiter",
                RateLimiterConfig.custom()
                        .limitForPeriod(1)
                        .limitRefreshPeriod(SECOND)
                        .timeoutDuration(Duration.ZERO)
                        .build(),
                () -> time.clock().instant().toEpochMilli() * 1_000_000);
        limiter.acquirePermission();
        Started round = start(engine(retrying(retry(2)), limited(limiter)), failing(9));
        time.passes(SECOND);

        assertThat(round.only().kind()).isEqualTo(Kind.FAILED);
        assertThat(round.only().cause()).hasMessage("attempt 2");
        assertThat(round.only().cause().getSuppressed()).hasOnlyElementsOfType(RequestNotPermitted.class);
        assertThat(round.only().attempts()).isEqualTo(2);
    }

    @Test
    void rateLimiter_stepTimesOutWhileItWaits_isTimedOutInTime() {
        RateLimiter limiter = rateLimiter(1, Duration.ofHours(2));
        StepEngine engine =
                engine(limited(limiter)).toBuilder().stepTimeout(SECOND).build();

        Started round = start(engine, failing(0), 2);
        assertThat(round.kinds()).containsExactly(Kind.SUCCEEDED);
        time.passes(SECOND);

        assertThat(round.kinds()).containsExactly(Kind.SUCCEEDED, Kind.TIMED_OUT);
        assertThat(calls).hasSize(1);
    }

    // --- time limiter

    @Test
    void timeLimiter_passed_isFailedWithItsTimeoutAndTheBodyIsCancelled() {
        StepEngine engine = engine(StepInterceptor.ofAttempt(
                attempt -> attempt.transformDeferred(TimeLimiterOperator.of(TimeLimiter.of(SECOND)))));

        Started round = start(engine, pending);
        time.passes(SECOND);

        assertThat(round.only().kind()).as("as an agent's own").isEqualTo(Kind.FAILED);
        assertThat(round.only().cause()).isInstanceOf(TimeoutException.class);
        assertThat(pending.cancelled).hasValue(1);
    }

    @Test
    void timeLimiter_passedAndMapped_isTimedOut() {
        StepEngine engine = engine(StepInterceptor.ofAttempt(
                attempt -> attempt.transformDeferred(TimeLimiterOperator.of(TimeLimiter.of(SECOND)))
                        .onErrorMap(TimeoutException.class, late -> new StepTimeoutException("late", SECOND))));

        Started round = start(engine, pending);
        time.passes(SECOND);

        assertThat(round.only())
                .isInstanceOfSatisfying(
                        StepResult.TimedOut.class,
                        timedOut -> assertThat(timedOut.limit()).isEqualTo(SECOND));
    }

    // --- beside our own guards

    @Test
    void resilience_refusalOfAnOperatorFurtherIn_isNotRetriedByDefault() {
        CircuitBreaker breaker = breaker(1);
        breaker.transitionToOpenState();
        Resilience resilience =
                Resilience.builder().retry(RetryPolicy.attempts(3)).build();

        StepResult<String> result =
                start(engine(resilience, breaking(breaker)), failing(0)).only();

        assertThat(result.kind()).isEqualTo(Kind.REJECTED);
        assertThat(result.attempts()).isOne();
    }
}
