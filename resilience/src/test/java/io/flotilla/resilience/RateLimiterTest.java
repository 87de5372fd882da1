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
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/** How many attempts start in a period, who waits for the next, and for how long. */
@Timeout(30)
class RateLimiterTest {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration NANO = Duration.ofNanos(1);

    @RegisterExtension
    final InVirtualTime time = new InVirtualTime();

    private final Pending agent = new Pending("a");

    private static Resilience.Builder limiter(int permits, int maxQueued, Duration queueTimeout) {
        return Resilience.builder().rateLimiter(new RateLimiterPolicy(permits, SECOND, maxQueued, queueTimeout));
    }

    // --- permits

    @ParameterizedTest
    @ValueSource(ints = {9, 10})
    void attempt_notMoreThanPermits_allStartAtOnce(int steps) {
        start(engine(limiter(10, 10, SECOND)), agent, steps);

        assertThat(agent.called()).isEqualTo(steps);
    }

    @Test
    void attempt_moreThanPermits_startsWithTheNextPeriodAndNotBefore() {
        start(engine(limiter(10, 10, SECOND)), agent, 11);

        time.passes(SECOND.minus(NANO));
        assertThat(agent.called()).isEqualTo(10);
        time.passes(NANO);
        assertThat(agent.called()).isEqualTo(11);
    }

    @Test
    void attempt_severalPeriodsOfWaiting_eachLetsInItsPermits() {
        start(engine(limiter(3, 100, Duration.ofSeconds(10))), agent, 10);

        for (int called : new int[] {3, 6, 9, 10}) {
            assertThat(agent.called()).isEqualTo(called);
            time.passes(SECOND);
        }
    }

    @Test
    void attempt_ended_givesNoPermitBack() {
        StepEngine engine = engine(limiter(1, 0, SECOND));
        start(engine, agent);
        agent.succeed(0);

        assertThat(start(engine, agent).kinds()).containsExactly(Kind.REJECTED);
    }

    // --- the line

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void line_notMoreThanMaxWaiting_nobodyIsRefused(int waiting) {
        Started round = start(engine(limiter(1, 3, Duration.ofSeconds(10))), agent, 1 + waiting);

        assertThat(round.results).isEmpty();
    }

    @Test
    void line_moreThanMaxWaiting_theLastIsRefusedAtOnceAndSaysWhenToComeBack() {
        Started round = start(engine(limiter(1, 3, Duration.ofSeconds(10))), agent, 5);

        assertThat(round.only()).isInstanceOfSatisfying(StepResult.Rejected.class, rejected -> {
            assertThat(rejected.index()).isEqualTo(4);
            assertThat(rejected.guard()).isEqualTo("ratelimiter");
            assertThat(rejected.retryAfter()).as("three stand before it").isEqualTo(SECOND.multipliedBy(4));
            assertThat(rejected.cause())
                    .hasMessage(
                            "ratelimiter refused the step: used up: 1 each PT1S, 3 of 3 waiting, come back in PT4S");
        });
    }

    @Test
    void line_maxQueuedZero_refusedAtOnce() {
        Started round = start(engine(limiter(1, 0, SECOND)), agent, 2);

        assertThat(round.kinds()).containsExactly(Kind.REJECTED);
    }

    @Test
    void line_queueTimeoutZero_refusedAtOnceThoughThereIsRoom() {
        Started round = start(engine(limiter(1, 10, Duration.ZERO)), agent, 2);

        assertThat(round.kinds()).containsExactly(Kind.REJECTED);
    }

    @Test
    void line_severalWait_firstComeFirstServed() {
        List<Long> order = new CopyOnWriteArrayList<>();
        Agent<String, String> noting = Agent.of("a", (input, context) -> {
            order.add(context.stepNumber());
            return Mono.just("done");
        });
        start(engine(limiter(2, 100, Duration.ofSeconds(10))), noting, 9);

        time.passes(Duration.ofSeconds(4));

        assertThat(order).isSorted().hasSize(9);
    }

    @Test
    void line_newcomerAtTheMomentAPermitComes_doesNotOvertake() {
        StepEngine engine = engine(limiter(1, 10, Duration.ofSeconds(10)));
        Pending newcomer = new Pending("a");
        VirtualTimeScheduler.get().schedule(() -> start(engine, newcomer), 1, TimeUnit.SECONDS);
        start(engine, agent, 2);

        time.passes(SECOND);

        assertThat(agent.called()).isEqualTo(2);
        assertThat(newcomer.called()).isZero();
    }

    // --- the longest wait: the permit comes after a second

    @Test
    void wait_wouldBeLongerThanMaxWait_refusedAtOnceInsteadOfInVain() {
        Started round = start(engine(limiter(1, 10, SECOND.minus(NANO))), agent, 2);

        assertThat(((StepResult.Rejected<String>) round.only()).retryAfter()).isEqualTo(SECOND);
    }

    @ParameterizedTest
    @ValueSource(longs = {1_000_000_000, 1_000_000_001})
    void wait_notLongerThanMaxWait_starts(long nanos) {
        Started round = start(engine(limiter(1, 10, Duration.ofNanos(nanos))), agent, 2);

        time.passes(SECOND);

        assertThat(round.results).isEmpty();
        assertThat(agent.called()).isEqualTo(2);
    }

    @Test
    void wait_begunWithinAPeriod_isOnlyForTheRestOfIt() {
        StepEngine engine = engine(limiter(1, 10, SECOND));
        start(engine, agent);
        time.passes(Duration.ofMillis(700));
        start(engine, agent);

        time.passes(Duration.ofMillis(300).minus(NANO));
        assertThat(agent.called()).isEqualTo(1);
        time.passes(NANO);
        assertThat(agent.called()).isEqualTo(2);
    }

    // --- cancel

    @Test
    void cancel_whileWaiting_theNextBehindTakesItsTurnAndItsPermit() {
        StepEngine engine = engine(limiter(1, 2, Duration.ofSeconds(10)));
        start(engine, agent);
        Started waiting = start(engine, agent);
        Pending behind = new Pending("a");
        start(engine, behind);

        waiting.cancel();
        time.passes(SECOND);

        assertThat(agent.called()).isEqualTo(1);
        assertThat(behind.called()).isEqualTo(1);
    }

    @Test
    void cancel_allWhileWaiting_theNextPeriodHasAllPermits() {
        StepEngine engine = engine(limiter(5, 100, Duration.ofMinutes(1)));
        start(engine, agent, 50).cancel();
        time.passes(SECOND);

        Pending next = new Pending("a");
        start(engine, next, 6);

        assertThat(next.called()).isEqualTo(5);
    }

    // --- outer time limits

    @Test
    void timeout_outsideTheRun_firesWhileWaiting() {
        StepEngine engine = engine(limiter(1, 10, SECOND));
        start(engine, agent);
        AtomicReference<Throwable> error = new AtomicReference<>();
        engine.run(List.of(agent), "go").timeout(Duration.ofMillis(50)).subscribe(any -> {}, error::set);

        time.passes(Duration.ofMillis(50));
        assertThat(error.get()).isInstanceOf(TimeoutException.class);
        time.passes(SECOND);
        assertThat(agent.called()).isEqualTo(1);
    }

    @Test
    void stepTimeout_whileWaiting_timesOutWithinIt() {
        StepEngine engine = StepEngine.builder()
                .stepTimeout(Duration.ofMillis(50))
                .interceptor(limiter(1, 10, SECOND).build())
                .build();
        start(engine, agent);
        Started waiting = start(engine, agent);

        time.passes(Duration.ofMillis(50));

        assertThat(waiting.only().kind()).isEqualTo(Kind.TIMED_OUT);
        assertThat(waiting.only().duration()).isEqualTo(Duration.ofMillis(50));
    }
}
