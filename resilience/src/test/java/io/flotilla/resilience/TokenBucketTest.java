package io.flotilla.resilience;

import static io.flotilla.resilience.InVirtualTime.engine;
import static io.flotilla.resilience.InVirtualTime.start;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.resilience.InVirtualTime.Started;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import io.flotilla.step.StepResult.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/** What each form of the rate limiter guarantees of any window of time, and when a token bucket lets one in. */
@Timeout(60)
class TokenBucketTest {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration NANO = Duration.ofNanos(1);

    @RegisterExtension
    final InVirtualTime time = new InVirtualTime();

    /** The times at which bodies were called, in nanoseconds. */
    private final List<Long> starts = new ArrayList<>();

    private final Agent<String, String> agent = Agent.of("a", (input, context) -> {
        starts.add(VirtualTimeScheduler.get().now(TimeUnit.NANOSECONDS));
        return Mono.just("done");
    });

    private static StepEngine limited(RateLimiterPolicy policy) {
        return engine(Resilience.builder()
                .rateLimiter(new RateLimiterPolicy(
                        policy.permits(), policy.period(), 100_000, Duration.ofDays(1), policy.burst())));
    }

    /** The most starts in any half-open window of that length. */
    private int mostWithin(Duration window) {
        int most = 0;
        for (int first = 0, last = 0; last < starts.size(); last++) {
            while (starts.get(last) - starts.get(first) >= window.toNanos()) {
                first++;
            }
            most = Math.max(most, last - first + 1);
        }
        return most;
    }

    /** Attempts at moments drawn at random: alone, in crowds, after pauses. */
    private void load(StepEngine engine, long seed) {
        Random random = new Random(seed);
        for (int arrival = 0; arrival < 300; arrival++) {
            start(engine, agent, 1 + random.nextInt(random.nextInt(10) == 0 ? 40 : 3));
            time.passes(Duration.ofNanos((long) (Math.pow(random.nextDouble(), 3) * 800_000_000)));
        }
        time.passes(Duration.ofHours(1));
        start(engine, agent, 40); // the worst there is: a crowd after a pause
        time.passes(Duration.ofHours(1));
    }

    // --- the guarantees

    @ParameterizedTest
    @CsvSource({"10, 1000, 1", "10, 1000, 5", "10, 1000, 10", "3, 1000, 1", "7, 100, 3", "1, 250, 1", "1, 250, 4"})
    void tokenBucket_anyLoad_noWindowOfAPeriodSeesMoreThanPermitsAndBurstLessOne(int permits, long ms, int burst) {
        Duration period = Duration.ofMillis(ms);
        load(limited(RateLimiterPolicy.tokenBucket(permits, period, burst)), 42);

        assertThat(starts).hasSizeGreaterThan(300);
        assertThat(mostWithin(period)).isEqualTo(permits + burst - 1);
    }

    @Test
    void fixedPeriods_anyLoad_everyPeriodSeesAtMostThePermits() {
        load(limited(RateLimiterPolicy.of(10, SECOND)), 42);

        assertThat(starts.stream()
                        .collect(
                                Collectors.groupingBy(at -> Math.floorDiv(at, SECOND.toNanos()), Collectors.counting()))
                        .values())
                .allSatisfy(inOne -> assertThat(inOne).isLessThanOrEqualTo(10));
    }

    @Test
    void fixedPeriods_crowdsAtTheBorder_twiceThePermitsInAWindow() {
        StepEngine engine = limited(RateLimiterPolicy.of(10, SECOND));
        start(engine, agent);
        time.passes(Duration.ofMillis(990));

        start(engine, agent, 30);
        time.passes(Duration.ofMillis(20));

        assertThat(starts.size() - 1).as("within 20 ms").isEqualTo(19);
        assertThat(mostWithin(SECOND))
                .as("the border is what a token bucket does not have")
                .isGreaterThan(10);
    }

    @Test
    void tokenBucket_crowdsAtTheBorder_arePassedOnEvenly() {
        StepEngine engine = limited(RateLimiterPolicy.tokenBucket(10, SECOND, 1));
        start(engine, agent);
        time.passes(Duration.ofMillis(990));

        start(engine, agent, 30);
        time.passes(Duration.ofMillis(20));
        assertThat(starts).hasSize(2);

        time.passes(Duration.ofMinutes(1));
        assertThat(starts).hasSize(31);
        assertThat(mostWithin(SECOND)).isEqualTo(10);
        assertThat(mostWithin(Duration.ofMillis(100))).as("evenly").isEqualTo(1);
    }

    // --- exact times

    @Test
    void tokenBucket_burstThenRate_startsAtExactTimes() {
        start(limited(RateLimiterPolicy.tokenBucket(4, SECOND, 3)), agent, 6);

        time.passes(SECOND);

        assertThat(starts.stream().map(at -> (at - starts.get(0)) / 1_000_000))
                .containsExactly(0L, 0L, 0L, 250L, 500L, 750L);
    }

    @Test
    void tokenBucket_lessThanTheInterval_waits() {
        StepEngine engine = limited(RateLimiterPolicy.tokenBucket(3, SECOND, 1));
        start(engine, agent, 2);

        time.passes(Duration.ofNanos(333_333_334).minus(NANO));
        assertThat(starts).as("rounded up").hasSize(1);
        time.passes(NANO);
        assertThat(starts).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 60, 3_600})
    void tokenBucket_afterAPauseHoweverLong_noMoreThanTheBurstAtOnce(int seconds) {
        StepEngine engine = limited(RateLimiterPolicy.tokenBucket(10, SECOND, 4));
        start(engine, agent, 4);
        time.passes(Duration.ofSeconds(seconds));
        starts.clear();

        start(engine, agent, 20);

        assertThat(starts).hasSize(4);
    }

    @Test
    void tokenBucket_waitWouldBeTooLong_refusedAndSaysWhenToComeBack() {
        StepEngine engine = engine(
                Resilience.builder().rateLimiter(new RateLimiterPolicy(2, SECOND, 10, Duration.ofMillis(500), 1)));
        Started round = start(engine, agent, 3);

        assertThat(round.results).hasSize(2);
        assertThat(round.results.get(1)).isInstanceOfSatisfying(StepResult.Rejected.class, rejected -> {
            assertThat(rejected.retryAfter()).isEqualTo(SECOND);
            assertThat(rejected.cause()).hasMessageContaining("used up: 2 each PT1S in bursts of 1, 1 of 10 waiting");
        });
    }

    @Test
    void tokenBucket_cancelledWhileWaiting_itsPermitIsForTheNext() {
        StepEngine engine = limited(RateLimiterPolicy.tokenBucket(1, SECOND, 1));
        start(engine, agent);
        Started waiting = start(engine, agent);
        start(engine, agent);
        waiting.cancel();

        time.passes(SECOND);

        assertThat(starts).hasSize(2);
    }

    @Test
    void tokenBucket_noRoomToWait_rejected() {
        Started round = start(
                engine(Resilience.builder().rateLimiter(new RateLimiterPolicy(1, SECOND, 0, Duration.ZERO, 1))),
                agent,
                2);

        assertThat(round.kinds()).containsExactly(Kind.SUCCEEDED, Kind.REJECTED);
    }
}
