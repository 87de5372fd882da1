package io.flotilla.resilience;

import static io.flotilla.resilience.InVirtualTime.engine;
import static io.flotilla.resilience.InVirtualTime.start;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.resilience.InVirtualTime.Started;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import io.flotilla.step.StepResult.Kind;
import io.flotilla.step.StepTimeoutException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/** How long one attempt may take. */
@Timeout(30)
class AttemptTimeoutTest {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration NANO = Duration.ofNanos(1);

    @RegisterExtension
    final InVirtualTime time = new InVirtualTime();

    private final Pending agent = new Pending("a");

    private static Resilience.Builder limited() {
        return Resilience.builder().attemptTimeout(SECOND);
    }

    @ParameterizedTest
    @ValueSource(longs = {999_999_999, 1_000_000_000})
    void body_takesNotLongerThanTheLimit_succeeds(long nanos) {
        Agent<String, String> slow = Agent.of(
                "a", (input, context) -> Mono.delay(Duration.ofNanos(nanos)).map(any -> "done"));
        Started round = start(engine(limited()), slow);

        time.passes(SECOND);

        assertThat(round.kinds()).containsExactly(Kind.SUCCEEDED);
    }

    @Test
    void body_takesLonger_timesOutAtTheLimitAndIsCancelled() {
        Started round = start(engine(limited()), agent);
        time.passes(SECOND.minus(NANO));
        assertThat(round.results).isEmpty();

        time.passes(NANO);

        assertThat(agent.cancelled).hasValue(1);
        assertThat(round.only()).isInstanceOfSatisfying(StepResult.TimedOut.class, late -> {
            assertThat(late.limit()).isEqualTo(SECOND);
            assertThat(late.cause())
                    .isInstanceOf(StepTimeoutException.class)
                    .hasMessage("an attempt of a passed the attempt timeout of PT1S");
        });
    }

    // --- beside a step timeout of the agent's own

    private static StepEngine ownTimeout(Duration ofA, RetryPolicy retry) {
        return StepEngine.builder()
                .stepTimeout(Duration.ofSeconds(3))
                .stepTimeoutFor(AgentId.of("a"), ofA)
                .interceptor(limited().retry(retry).build())
                .build();
    }

    @Test
    void ownStepTimeout_shorterThanTheAttemptsTogether_endsTheAttemptUnderWay() {
        RetryPolicy retry = RetryPolicy.builder()
                .maxAttempts(9)
                .minBackoff(Duration.ofMillis(500))
                .maxBackoff(Duration.ofMillis(500))
                .jitter(() -> 1)
                .build();
        Started round = start(ownTimeout(Duration.ofMillis(1_800), retry), agent);

        time.passes(Duration.ofMillis(1_800).minus(NANO));
        assertThat(round.results).isEmpty();
        time.passes(NANO);

        assertThat(agent.cancelled).hasValue(2);
        assertThat(round.only()).isInstanceOfSatisfying(StepResult.TimedOut.class, late -> {
            assertThat(late.limit()).isEqualTo(Duration.ofMillis(1_800));
            assertThat(late.attempts()).isEqualTo(2);
        });
    }

    @Test
    void ownStepTimeout_longerThanThatOfTheOthers_leavesTimeForTheAttempts() {
        RetryPolicy retry = RetryPolicy.builder()
                .maxAttempts(4)
                .minBackoff(Duration.ofMillis(500))
                .maxBackoff(Duration.ofMillis(500))
                .jitter(() -> 1)
                .build();
        Started round = start(ownTimeout(Duration.ofSeconds(20), retry), agent);

        time.passes(Duration.ofMillis(5_500).minus(NANO));
        assertThat(round.results).isEmpty();
        time.passes(NANO);

        assertThat(agent.cancelled).hasValue(4);
        assertThat(round.only()).isInstanceOfSatisfying(StepResult.TimedOut.class, late -> {
            assertThat(late.limit()).as("of the attempt").isEqualTo(SECOND);
            assertThat(late.attempts()).isEqualTo(4);
        });
    }

    @Test
    void body_spendsTimeBeforeItReturns_thatCounts() {
        Agent<String, String> agent = Agent.of("a", (input, context) -> {
            VirtualTimeScheduler.get().advanceTimeBy(Duration.ofMillis(600));
            return Mono.never();
        });
        Started round = start(engine(limited()), agent);

        time.passes(Duration.ofMillis(400));

        assertThat(round.kinds()).containsExactly(Kind.TIMED_OUT);
    }

    @Test
    void body_spendsMoreThanTheLimitBeforeItReturns_timesOut() {
        Agent<String, String> agent = Agent.of("a", (input, context) -> {
            VirtualTimeScheduler.get().advanceTimeBy(Duration.ofMillis(1_600));
            return Mono.never();
        });
        Started round = start(engine(limited()), agent);

        time.passes(NANO);

        assertThat(round.kinds()).containsExactly(Kind.TIMED_OUT);
    }

    @Test
    void body_endsAtOnce_armsNoTimer() {
        OpenTimers timers = new OpenTimers(VirtualTimeScheduler.get());
        StepEngine engine = StepEngine.builder()
                .timeoutScheduler(() -> timers)
                .interceptor(limited().build())
                .build();
        start(engine, Agent.of("a", (input, context) -> Mono.just("done")), 100);

        assertThat(timers.armed).hasValue(0);
    }

    @Test
    void body_endsLater_itsTimerIsDisposedOf() {
        OpenTimers timers = new OpenTimers(VirtualTimeScheduler.get());
        StepEngine engine = StepEngine.builder()
                .noStepTimeout()
                .timeoutScheduler(() -> timers)
                .interceptor(limited().build())
                .build();
        start(engine, agent, 3);
        assertThat(timers.open).hasValue(3);

        agent.succeed(0);
        agent.fail(1, new IllegalStateException("boom"));
        agent.succeed(2);

        assertThat(timers.open).hasValue(0);
    }

    @Test
    void cancel_whileTheBodyRuns_itsTimerIsDisposedOf() {
        OpenTimers timers = new OpenTimers(VirtualTimeScheduler.get());
        StepEngine engine = StepEngine.builder()
                .noStepTimeout()
                .timeoutScheduler(() -> timers)
                .interceptor(limited().build())
                .build();

        start(engine, agent, 3).cancel();

        assertThat(timers.open).hasValue(0);
        assertThat(agent.cancelled).hasValue(3);
    }

    @Test
    void retry_everyAttemptHasTheWholeLimit() {
        Started round = start(
                engine(limited()
                        .retry(RetryPolicy.builder()
                                .minBackoff(Duration.ZERO)
                                .jitter(() -> 0)
                                .build())),
                agent);

        time.passes(SECOND.multipliedBy(3).minus(NANO));
        assertThat(round.results).isEmpty();
        assertThat(agent.called()).isEqualTo(3);
        time.passes(NANO);
        assertThat(round.only().attempts()).isEqualTo(3);
        assertThat(round.kinds()).containsExactly(Kind.TIMED_OUT);
    }

    @Test
    void wait_forBulkheadAndRateLimiter_isNoPartOfTheAttempt() {
        Started round = start(
                engine(limited()
                        .bulkhead(BulkheadPolicy.of(1))
                        .rateLimiter(RateLimiterPolicy.of(1, Duration.ofSeconds(5)))),
                Agent.of("a", (input, context) -> Mono.delay(SECOND).map(any -> "done")),
                2);

        time.passes(Duration.ofSeconds(6));

        assertThat(round.kinds()).containsExactly(Kind.SUCCEEDED, Kind.SUCCEEDED);
    }

    /** Emits so many values, one each {@code pause}, then never ends. */
    private static Agent<String, String> stalling(Duration pause, int values) {
        return Agent.of(
                "a",
                (input, context) -> Flux.interval(pause)
                        .take(values)
                        .doOnNext(context::emit)
                        .then(Mono.never()));
    }

    @Test
    void attemptIdleTimeout_silentFromTheStart_timesOutThenAndNamesTheLimit() {
        Started round = start(engine(Resilience.builder().attemptIdleTimeout(SECOND)), agent);
        time.passes(SECOND.minus(NANO));
        assertThat(round.results).isEmpty();

        time.passes(NANO);

        assertThat(agent.cancelled).hasValue(1);
        assertThat(round.only()).isInstanceOfSatisfying(StepResult.TimedOut.class, late -> {
            assertThat(late.limit()).isEqualTo(SECOND);
            assertThat(late.cause())
                    .hasMessage(
                            "an attempt of a passed the attempt idle timeout of PT1S: it neither emitted nor ended");
        });
    }

    @Test
    void attemptIdleTimeout_emits_livesUntilThatLongAfterItsLastValue() {
        Duration pause = Duration.ofMillis(900);
        Started round = start(engine(Resilience.builder().attemptIdleTimeout(SECOND)), stalling(pause, 10));

        time.passes(pause.multipliedBy(10).plus(SECOND).minus(NANO));
        assertThat(round.results).isEmpty();
        time.passes(NANO);

        assertThat(round.kinds()).containsExactly(Kind.TIMED_OUT);
    }

    @Test
    void attemptTimeout_emits_endsAllTheSame() {
        Started round = start(
                engine(limited().attemptIdleTimeout(Duration.ofMillis(500))),
                stalling(Duration.ofMillis(300), Integer.MAX_VALUE));

        time.passes(SECOND);

        assertThat(round.only().cause()).hasMessage("an attempt of a passed the attempt timeout of PT1S");
    }

    @Test
    void attemptIdleTimeout_retried_eachAttemptHasItAnew() {
        AtomicInteger attempts = new AtomicInteger();
        Agent<String, String> twice = Agent.of(
                "a",
                (input, context) -> attempts.incrementAndGet() == 1
                        ? Mono.never()
                        : Mono.delay(Duration.ofMillis(800)).map(any -> "done"));
        Started round = start(
                engine(Resilience.builder()
                        .attemptIdleTimeout(SECOND)
                        .retry(RetryPolicy.builder()
                                .maxAttempts(2)
                                .minBackoff(Duration.ofMillis(100))
                                .jitter(() -> 1)
                                .build())),
                twice);

        time.passes(Duration.ofSeconds(3));

        assertThat(round.only().kind()).isEqualTo(Kind.SUCCEEDED);
        assertThat(attempts).hasValue(2);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1})
    void attemptIdleTimeout_notPositive_refused(long millis) {
        assertThatThrownBy(() -> Resilience.builder().attemptIdleTimeout(Duration.ofMillis(millis)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("attemptIdleTimeout");
    }
}
