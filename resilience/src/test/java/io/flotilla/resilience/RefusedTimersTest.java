package io.flotilla.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import io.flotilla.step.StepResult.Kind;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/** A timer that refuses for a moment, or for good: whoever waits on it is served all the same, at the time it is due. */
@Timeout(30)
class RefusedTimersTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final VirtualTimeScheduler clock = VirtualTimeScheduler.create();
    private final AtomicBoolean refuses = new AtomicBoolean();
    private final AtomicInteger calls = new AtomicInteger();
    private final Agent<String, String> quick = Agent.of("a", (input, context) -> {
        calls.incrementAndGet();
        return Mono.just("done");
    });

    private StepEngine engine(Resilience.Builder resilience) {
        RefusingTimer timer = new RefusingTimer(clock, refuses);
        return StepEngine.builder()
                .noStepTimeout()
                .timeoutScheduler(() -> timer)
                .interceptor(resilience.build())
                .build();
    }

    /** Lets virtual time pass in small bits, with real time between them for whoever looks from outside. */
    private StepReport<String> ended(CompletableFuture<StepReport<String>> round, Duration bit) {
        for (int bits = 0; !round.isDone() && bits < 2_000; bits++) {
            clock.advanceTimeBy(bit);
            LockSupport.parkNanos(5_000_000);
        }
        return round.getNow(null);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void rateLimiter_timerRefusesWhileTheyWait_allAreLetIn(boolean forGood) {
        StepEngine engine = engine(Resilience.builder()
                .rateLimiter(new RateLimiterPolicy(2, Duration.ofMillis(100), 100, Duration.ofHours(1))));
        var round = engine.run(Collections.nCopies(10, quick), "go").toFuture();
        refuses.set(true);
        clock.advanceTimeBy(Duration.ofMillis(150));
        refuses.set(forGood);

        StepReport<String> report = ended(round, Duration.ofMillis(10));

        assertThat(report).as("nobody is stranded").isNotNull();
        assertThat(report.values()).hasSize(10);
    }

    @Test
    void rateLimiter_timerRefusesTheFirstWho_waitsAllTheSame() {
        StepEngine engine = engine(Resilience.builder().rateLimiter(RateLimiterPolicy.of(1, SECOND)));
        refuses.set(true);

        StepReport<String> report =
                ended(engine.run(List.of(quick, quick), "go").toFuture(), Duration.ofMillis(100));

        assertThat(report.values()).hasSize(2);
    }

    @Test
    void bulkhead_timerRefusesTheWait_itEndsAtItsTime() {
        StepEngine engine = engine(Resilience.builder().bulkhead(new BulkheadPolicy(1, 10, SECOND)));
        engine.run(List.of(Agent.<String, String>of("a", (input, context) -> Mono.never())), "go")
                .subscribe();
        refuses.set(true);
        var round = engine.run(List.of(quick), "go").toFuture();
        clock.advanceTimeBy(SECOND.minusNanos(1));
        LockSupport.parkNanos(100_000_000);
        assertThat(round).isNotDone();

        StepReport<String> report = ended(round, Duration.ofNanos(1));

        assertThat(report.results()).extracting(StepResult::kind).containsExactly(Kind.REJECTED);
        assertThat(calls).hasValue(0);
    }

    @Test
    void bulkhead_workerRefusesWhoIsLetIn_theyRunAllTheSame() {
        StepEngine engine = engine(Resilience.builder().bulkhead(new BulkheadPolicy(1, 100, Duration.ofHours(1))));
        Pending first = new Pending("a");
        engine.run(List.of(first), "go").subscribe();
        var round = engine.run(Collections.nCopies(50, quick), "go").toFuture();
        refuses.set(true);

        first.succeed(0);

        assertThat(ended(round, Duration.ofMillis(1)).values()).hasSize(50);
    }

    @Test
    void retry_timerRefusesTheDelay_theNextAttemptStartsAtItsTime() {
        Agent<String, String> twice = Agent.of(
                "a",
                (input, context) ->
                        calls.incrementAndGet() == 1 ? Mono.error(new IOException("boom")) : Mono.just("done"));
        StepEngine engine = engine(Resilience.builder()
                .retry(RetryPolicy.builder().minBackoff(SECOND).jitter(() -> 1).build()));
        refuses.set(true);
        var round = engine.run(List.of(twice), "go").toFuture();
        clock.advanceTimeBy(SECOND.minusNanos(1));
        LockSupport.parkNanos(100_000_000);
        assertThat(calls).hasValue(1);

        assertThat(ended(round, Duration.ofNanos(1)).values()).containsExactly("done");
    }

    @Test
    void attemptTimeout_timerRefusesTheLimit_theAttemptIsTimedOutAtIt() {
        Pending silent = new Pending("a");
        StepEngine engine = engine(Resilience.builder().attemptTimeout(SECOND));
        refuses.set(true);
        var round = engine.run(List.of(silent), "go").toFuture();
        clock.advanceTimeBy(SECOND.minusNanos(1));
        LockSupport.parkNanos(100_000_000);
        assertThat(round).isNotDone();

        StepReport<String> report = ended(round, Duration.ofNanos(1));

        assertThat(report.results()).extracting(StepResult::kind).containsExactly(Kind.TIMED_OUT);
        assertThat(silent.cancelled).hasValue(1);
    }

    @Test
    void chaosDelay_timerRefuses_theBodyStartsAtItsTime() {
        StepEngine engine = StepEngine.builder()
                .noStepTimeout()
                .timeoutScheduler(() -> new RefusingTimer(clock, refuses))
                .interceptor(Chaos.seeded(1).delay(1, SECOND, SECOND))
                .build();
        refuses.set(true);

        assertThat(ended(engine.run(List.of(quick), "go").toFuture(), Duration.ofMillis(100))
                        .values())
                .containsExactly("done");
    }
}
