package io.flotilla.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.step.StepRejectedException;
import java.io.IOException;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a policy answers, and what it refuses to be. */
class RetryPolicyTest {

    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);
    private final IOException boom = new IOException("boom");

    /** Knows when to come back. */
    private static final class Busy extends IOException {

        private static final long serialVersionUID = 1L;
    }

    private static RetryPolicy.Builder longestWaits() {
        return RetryPolicy.builder().jitter(() -> 1);
    }

    @Test
    void delayAfter_jitterOfOne_doublesUpToTheCap() {
        RetryPolicy policy = longestWaits()
                .minBackoff(Duration.ofMillis(100))
                .maxBackoff(Duration.ofMillis(700))
                .build();

        assertThat(policy.delayAfter(1, boom)).isEqualTo(Duration.ofMillis(100));
        assertThat(policy.delayAfter(2, boom)).isEqualTo(Duration.ofMillis(200));
        assertThat(policy.delayAfter(3, boom)).isEqualTo(Duration.ofMillis(400));
        assertThat(policy.delayAfter(4, boom)).isEqualTo(Duration.ofMillis(700));
        assertThat(policy.delayAfter(5, boom)).isEqualTo(Duration.ofMillis(700));
    }

    @Test
    void delayAfter_jitterOfZero_isNoWait() {
        assertThat(RetryPolicy.builder().jitter(() -> 0).build().delayAfter(5, boom))
                .isEqualTo(Duration.ZERO);
    }

    @Test
    void delayAfter_jitterOfAHalf_isHalfOfTheCeiling() {
        assertThat(RetryPolicy.builder().jitter(() -> 0.5).build().delayAfter(3, boom))
                .isEqualTo(Duration.ofMillis(200));
    }

    @Test
    void delayAfter_defaultJitter_isAnywhereBetweenZeroAndTheCeiling() {
        RetryPolicy policy = RetryPolicy.attempts(9);
        List<Duration> delays = new ArrayList<>();
        for (int draw = 0; draw < 1_000; draw++) {
            delays.add(policy.delayAfter(2, boom));
        }

        assertThat(delays).allSatisfy(delay -> assertThat(delay).isBetween(Duration.ZERO, Duration.ofMillis(200)));
        assertThat(delays)
                .as("full jitter: the lowest tenth and the highest tenth are drawn too")
                .anySatisfy(delay -> assertThat(delay).isLessThan(Duration.ofMillis(20)))
                .anySatisfy(delay -> assertThat(delay).isGreaterThan(Duration.ofMillis(180)));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 30, 31, 32, 33, 61, 62, 63, 64, 65, 1_000, Integer.MAX_VALUE})
    void delayAfter_anyAttempt_isTheSmallerOfCapAndPowerAndNeverOverflows(int attempts) {
        List<Duration> bounds = List.of(
                Duration.ofNanos(1),
                Duration.ofNanos(3),
                Duration.ofMillis(100),
                Duration.ofDays(365),
                LONGEST.dividedBy(2),
                LONGEST);
        for (Duration first : bounds) {
            for (Duration cap : bounds) {
                if (first.compareTo(cap) <= 0) {
                    RetryPolicy policy =
                            longestWaits().minBackoff(first).maxBackoff(cap).build();

                    assertThat(policy.delayAfter(attempts, boom))
                            .as("first %s, cap %s", first, cap)
                            .isEqualTo(expected(first, cap, attempts));
                }
            }
        }
    }

    /** The formula of the Javadoc, in numbers that cannot overflow. */
    private static Duration expected(Duration first, Duration cap, int attempts) {
        int doublings = Math.min(attempts - 1, 100);
        BigInteger power = BigInteger.valueOf(first.toNanos()).shiftLeft(doublings);
        return Duration.ofNanos(
                roundedAsADouble(power.min(BigInteger.valueOf(cap.toNanos())).longValueExact()));
    }

    /** A jitter is a double, and so is what it is multiplied with. */
    private static long roundedAsADouble(long nanos) {
        return (long) (double) nanos;
    }

    @Test
    void delayAfter_firstBackoffOfZero_staysZero() {
        RetryPolicy policy = longestWaits()
                .minBackoff(Duration.ZERO)
                .maxBackoff(Duration.ZERO)
                .build();

        assertThat(policy.delayAfter(Integer.MAX_VALUE, boom)).isEqualTo(Duration.ZERO);
    }

    @Test
    void isRetryable_byDefault_isAllButRefusalsCancellationsAndErrors() {
        RetryPolicy policy = RetryPolicy.attempts(3);

        assertThat(policy.isRetryable(boom)).isTrue();
        assertThat(policy.isRetryable(new IllegalStateException("boom"))).isTrue();
        assertThat(policy.isRetryable(new StepRejectedException("circuitbreaker", "open", null)))
                .isFalse();
        assertThat(policy.isRetryable(new CancellationException("gone"))).isFalse();
        assertThat(policy.isRetryable(new AssertionError("broken"))).isFalse();
    }

    @Test
    void isRetryable_ownPredicate_decides() {
        RetryPolicy policy =
                RetryPolicy.builder().retryOn(cause -> cause instanceof Busy).build();

        assertThat(policy.isRetryable(new Busy())).isTrue();
        assertThat(policy.isRetryable(boom)).isFalse();
    }

    @Test
    void allowedRetries_stepsTimesRatio_roundedDown() {
        RetryPolicy policy = RetryPolicy.builder().retryBudget(0.2, 0).build();

        assertThat(policy.allowedRetries(4)).isZero();
        assertThat(policy.allowedRetries(5)).isOne();
        assertThat(policy.allowedRetries(6)).isOne();
    }

    @Test
    void allowedRetries_fewSteps_areAtLeastTheMinimum() {
        RetryPolicy policy = RetryPolicy.builder().retryBudget(0.2, 3).build();

        assertThat(policy.allowedRetries(1)).isEqualTo(3);
        assertThat(policy.allowedRetries(15)).isEqualTo(3);
        assertThat(policy.allowedRetries(20)).isEqualTo(4);
    }

    @Test
    void attempts_zero_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryPolicy.attempts(0))
                .withMessage("maxAttempts must be >= 1, was 0");
    }

    @Test
    void attempts_one_isAccepted() {
        assertThat(RetryPolicy.attempts(1).maxAttempts()).isOne();
    }

    @Test
    void minBackoff_negative_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryPolicy.builder().minBackoff(Duration.ofNanos(-1)))
                .withMessageContaining("minBackoff must not be negative");
    }

    @Test
    void minBackoff_tooLong_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryPolicy.builder().minBackoff(LONGEST.plusNanos(1)))
                .withMessageContaining("minBackoff must be <= 292 years");
    }

    @Test
    void minBackoff_longerThanMaxBackoff_throwsWhenBuilt() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryPolicy.builder()
                        .minBackoff(Duration.ofSeconds(2))
                        .maxBackoff(Duration.ofSeconds(1))
                        .build())
                .withMessage("minBackoff must be <= maxBackoff, was PT2S and PT1S");
    }

    @Test
    void maxBackoff_negative_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryPolicy.builder().maxBackoff(Duration.ofNanos(-1)))
                .withMessageContaining("maxBackoff");
    }

    @Test
    void maxRetryAfter_negative_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryPolicy.builder().maxRetryAfter(Duration.ofNanos(-1)))
                .withMessageContaining("maxHint");
    }

    @Test
    void retryBudget_negativeRatio_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryPolicy.builder().retryBudget(-0.1, 0))
                .withMessage("ratio must be >= 0, was -0.1");
    }

    @Test
    void retryBudget_notANumber_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryPolicy.builder().retryBudget(Double.NaN, 0));
    }

    @Test
    void retryBudget_negativeMinimum_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryPolicy.builder().retryBudget(0.1, -1))
                .withMessage("atLeast must be >= 0, was -1");
    }

    @Test
    void retryOn_null_throws() {
        assertThatNullPointerException()
                .isThrownBy(() -> RetryPolicy.builder().retryOn(null))
                .withMessage("retryable");
    }

    @Test
    void jitter_null_throws() {
        assertThatNullPointerException()
                .isThrownBy(() -> RetryPolicy.builder().jitter(null))
                .withMessage("jitter");
    }
}
