package io.flotilla.resilience;

import static io.flotilla.resilience.InVirtualTime.engine;
import static io.flotilla.resilience.InVirtualTime.start;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.step.StepResult.Kind;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** The bounds of the guards' settings: what is outside is refused at once, what is on them works. */
class GuardPoliciesTest {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration NANO = Duration.ofNanos(1);
    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);
    private static final Duration TOO_LONG = LONGEST.plusNanos(1);

    @RegisterExtension
    final InVirtualTime time = new InVirtualTime();

    private static void isRefused(String message, ThrowingCallable setting) {
        assertThatThrownBy(setting).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    private static void works(Resilience.Builder guard) {
        Agent<String, String> answering = Agent.of("a", (input, context) -> Mono.just("done"));
        assertThat(start(engine(guard), answering, 1).kinds()).containsExactly(Kind.SUCCEEDED);
    }

    // --- bulkhead

    @Test
    void bulkhead_maxConcurrentZero_isRefused() {
        isRefused("maxConcurrent must be >= 1, was 0", () -> BulkheadPolicy.of(0));
    }

    @Test
    void bulkhead_maxQueuedNegative_isRefused() {
        isRefused("maxQueued must be >= 0, was -1", () -> new BulkheadPolicy(1, -1, SECOND));
    }

    @Test
    void bulkhead_queueTimeoutNegative_isRefused() {
        isRefused("queueTimeout must not be negative, was PT-1S", () -> new BulkheadPolicy(1, 1, SECOND.negated()));
    }

    @Test
    void bulkhead_queueTimeoutTooLong_isRefused() {
        isRefused("queueTimeout must be <= 292 years, was " + TOO_LONG, () -> new BulkheadPolicy(1, 1, TOO_LONG));
    }

    @Test
    void bulkhead_queueTimeoutNull_isRefused() {
        assertThatThrownBy(() -> new BulkheadPolicy(1, 1, null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void bulkhead_smallestAndLargest_work() {
        works(Resilience.builder().bulkhead(new BulkheadPolicy(1, 0, Duration.ZERO)));
        works(Resilience.builder().bulkhead(new BulkheadPolicy(Integer.MAX_VALUE, Integer.MAX_VALUE, LONGEST)));
    }

    @Test
    void bulkhead_longestWait_waits() {
        Pending agent = new Pending("a");
        start(engine(Resilience.builder().bulkhead(new BulkheadPolicy(1, 1, LONGEST))), agent, 2);
        time.passes(SECOND);

        agent.succeed(0);

        assertThat(agent.called()).isEqualTo(2);
    }

    // --- limiter

    @Test
    void rateLimiter_permitsZero_isRefused() {
        isRefused("permits must be >= 1, was 0", () -> RateLimiterPolicy.of(0, SECOND));
    }

    @Test
    void rateLimiter_periodZero_isRefused() {
        isRefused("period must be > 0, was PT0S", () -> RateLimiterPolicy.of(1, Duration.ZERO));
    }

    @Test
    void rateLimiter_periodNegative_isRefused() {
        isRefused("period must not be negative, was PT-1S", () -> RateLimiterPolicy.of(1, SECOND.negated()));
    }

    @Test
    void rateLimiter_periodTooLong_isRefused() {
        isRefused("period must be <= 292 years, was " + TOO_LONG, () -> RateLimiterPolicy.of(1, TOO_LONG));
    }

    @Test
    void rateLimiter_periodNull_isRefused() {
        assertThatThrownBy(() -> RateLimiterPolicy.of(1, null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void rateLimiter_maxQueuedNegative_isRefused() {
        isRefused("maxQueued must be >= 0, was -1", () -> new RateLimiterPolicy(1, SECOND, -1, SECOND));
    }

    @Test
    void rateLimiter_queueTimeoutNegative_isRefused() {
        isRefused(
                "queueTimeout must not be negative, was PT-1S",
                () -> new RateLimiterPolicy(1, SECOND, 1, SECOND.negated()));
    }

    @Test
    void rateLimiter_smallestAndLargest_work() {
        works(Resilience.builder().rateLimiter(new RateLimiterPolicy(1, NANO, 0, Duration.ZERO)));
        works(Resilience.builder()
                .rateLimiter(
                        new RateLimiterPolicy(Integer.MAX_VALUE, Duration.ofDays(365), Integer.MAX_VALUE, LONGEST)));
    }

    @Test
    void rateLimiter_waitBeyondAllTime_isNeitherNegativeNorAdmitted() {
        Pending agent = new Pending("a");
        start(
                engine(Resilience.builder()
                        .rateLimiter(new RateLimiterPolicy(1, Duration.ofDays(365 * 200), 10, LONGEST))),
                agent,
                6);
        time.passes(SECOND);

        assertThat(agent.called()).isEqualTo(1);
    }

    // --- breaker

    @Test
    void circuitBreaker_failureRateZero_isRefused() {
        isRefused(
                "failureRate must be in (0, 1], was 0.0",
                () -> CircuitBreakerPolicy.builder().failureRate(0));
    }

    @Test
    void circuitBreaker_failureRateMoreThanOne_isRefused() {
        isRefused(
                "failureRate must be in (0, 1], was 1.01",
                () -> CircuitBreakerPolicy.builder().failureRate(1.01));
    }

    @Test
    void circuitBreaker_failureRateNotANumber_isRefused() {
        isRefused(
                "failureRate must be in (0, 1], was NaN",
                () -> CircuitBreakerPolicy.builder().failureRate(Double.NaN));
    }

    @Test
    void circuitBreaker_slowCallRateZero_isRefused() {
        isRefused(
                "slowCallRate must be in (0, 1], was 0.0",
                () -> CircuitBreakerPolicy.builder().slowCalls(0, SECOND));
    }

    @Test
    void circuitBreaker_slowCallZero_isRefused() {
        isRefused(
                "slowCall must be > 0, was PT0S",
                () -> CircuitBreakerPolicy.builder().slowCalls(1, Duration.ZERO));
    }

    @Test
    void circuitBreaker_windowZero_isRefused() {
        isRefused(
                "windowSize must be >= 1, was 0",
                () -> CircuitBreakerPolicy.builder().slidingWindow(0, 1));
    }

    @Test
    void circuitBreaker_minimumCallsZero_isRefused() {
        isRefused(
                "minimumCalls must be >= 1, was 0",
                () -> CircuitBreakerPolicy.builder().slidingWindow(1, 0));
    }

    @Test
    void circuitBreaker_minimumCallsMoreThanWindow_isRefused() {
        isRefused(
                "minimumCalls must be <= windowSize, was 3 and 2",
                () -> CircuitBreakerPolicy.builder().slidingWindow(2, 3));
    }

    @Test
    void circuitBreaker_openForZero_isRefused() {
        isRefused(
                "openDuration must be > 0, was PT0S",
                () -> CircuitBreakerPolicy.builder().openDuration(Duration.ZERO));
    }

    @Test
    void circuitBreaker_halfOpenCallsZero_isRefused() {
        isRefused(
                "halfOpenCalls must be >= 1, was 0",
                () -> CircuitBreakerPolicy.builder().halfOpenCalls(0, SECOND));
    }

    @Test
    void circuitBreaker_halfOpenForZero_isRefused() {
        isRefused(
                "maxHalfOpenDuration must be > 0, was PT0S",
                () -> CircuitBreakerPolicy.builder().halfOpenCalls(1, Duration.ZERO));
    }

    @Test
    void circuitBreaker_ignoreNull_isRefused() {
        assertThatThrownBy(() -> CircuitBreakerPolicy.builder().ignoreErrors(null))
                .isInstanceOf(NullPointerException.class);
    }

    @Test
    void circuitBreaker_smallestAndLargest_work() {
        works(Resilience.builder()
                .circuitBreaker(CircuitBreakerPolicy.builder()
                        .failureRate(Double.MIN_VALUE)
                        .slowCalls(Double.MIN_VALUE, NANO)
                        .slidingWindow(1, 1)
                        .openDuration(NANO)
                        .halfOpenCalls(1, NANO)
                        .build()));
        works(Resilience.builder()
                .circuitBreaker(CircuitBreakerPolicy.builder()
                        .failureRate(1)
                        .slowCalls(1, LONGEST)
                        .slidingWindow(100_000, 100_000)
                        .openDuration(LONGEST)
                        .halfOpenCalls(100_000, LONGEST)
                        .build()));
    }

    @ParameterizedTest
    @ValueSource(ints = {100_001, 2_000_000_000})
    void circuitBreaker_moreThanTheLargestWindow_isRefused(int size) {
        isRefused(
                "windowSize must be <= 100000, was " + size,
                () -> CircuitBreakerPolicy.builder().slidingWindow(size, 1));
        isRefused(
                "halfOpenCalls must be <= 100000, was " + size,
                () -> CircuitBreakerPolicy.builder().halfOpenCalls(size, SECOND));
    }

    @Test
    void tokenBucket_burstZero_isRefused() {
        isRefused("burst must be >= 1, was 0", () -> RateLimiterPolicy.tokenBucket(1, SECOND, 0));
    }

    @Test
    void tokenBucket_burstLongerThanAllTime_isRefused() {
        isRefused(
                "burst * period / permits must be <= 146 years, was 2 * " + LONGEST + " / 1",
                () -> RateLimiterPolicy.tokenBucket(1, LONGEST, 2));
    }

    @Test
    void tokenBucket_smallestAndLargest_work() {
        works(Resilience.builder().rateLimiter(RateLimiterPolicy.tokenBucket(1, NANO, 1)));
        works(Resilience.builder()
                .rateLimiter(RateLimiterPolicy.tokenBucket(Integer.MAX_VALUE, NANO, Integer.MAX_VALUE)));
        works(Resilience.builder().rateLimiter(RateLimiterPolicy.tokenBucket(3, LONGEST, 1)));
    }

    // --- attempt timeout

    @Test
    void attemptTimeout_zero_isRefused() {
        isRefused(
                "attemptTimeout must be > 0, was PT0S",
                () -> Resilience.builder().attemptTimeout(Duration.ZERO));
    }

    @Test
    void attemptTimeout_negative_isRefused() {
        isRefused(
                "attemptTimeout must not be negative, was PT-1S",
                () -> Resilience.builder().attemptTimeout(SECOND.negated()));
    }

    @Test
    void attemptTimeout_tooLong_isRefused() {
        isRefused(
                "attemptTimeout must be <= 292 years, was " + TOO_LONG,
                () -> Resilience.builder().attemptTimeout(TOO_LONG));
    }

    @Test
    void attemptTimeout_smallestAndLongest_work() {
        works(Resilience.builder().attemptTimeout(NANO));
        works(Resilience.builder().attemptTimeout(LONGEST));
    }

    // --- all

    @Test
    void builder_nullPolicies_areRefused() {
        assertThatThrownBy(() -> Resilience.builder().bulkhead(null)).hasMessage("bulkhead");
        assertThatThrownBy(() -> Resilience.builder().rateLimiter(null)).hasMessage("rateLimiter");
        assertThatThrownBy(() -> Resilience.builder().circuitBreaker(null)).hasMessage("circuitBreaker");
    }
}
