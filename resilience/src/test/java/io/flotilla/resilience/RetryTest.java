package io.flotilla.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** What the retry of a step does to its attempts and to its result. */
@Timeout(30)
class RetryTest {

    private final VirtualRound round = new VirtualRound();
    private final AtomicInteger calls = new AtomicInteger();

    /** Fails with {@code attempt 1}, {@code attempt 2}, and so on. */
    private final Agent<String, String> failing = Agent.of("failing", (input, context) -> {
        calls.incrementAndGet();
        return Mono.error(new IOException("attempt " + context.attempt()));
    });

    private static RetryPolicy.Builder policy() {
        return RetryPolicy.builder().jitter(() -> 1);
    }

    private static Resilience retrying(RetryPolicy.Builder policy) {
        return Resilience.builder().retry(policy.build()).build();
    }

    private StepEngine engine(RetryPolicy.Builder policy) {
        return round.engine(retrying(policy));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 10})
    void step_alwaysFails_isAttemptedAsOftenAsAllowed(int attempts) {
        StepResult<String> result = round.result(engine(policy().maxAttempts(attempts)), failing);

        assertThat(result).isInstanceOf(StepResult.Failed.class);
        assertThat(result.attempts()).isEqualTo(attempts);
        assertThat(calls).hasValue(attempts);
    }

    @ParameterizedTest
    @ValueSource(longs = {-3_600, 3_600})
    void step_clockIsSetDuringTheFirstAttempt_isRetriedAllTheSame(long seconds) {
        SettableClock clock = new SettableClock();
        Agent<String, String> once = Agent.of("once", (input, context) -> {
            if (context.attempt() > 1) {
                return Mono.just("done");
            }
            clock.now = clock.now.plusSeconds(seconds);
            return Mono.error(new IOException("attempt 1"));
        });
        StepEngine engine =
                round.builder(retrying(policy().maxAttempts(2))).clock(clock).build();

        StepResult<String> result = round.result(engine, once);

        assertThat(result).isInstanceOf(StepResult.Succeeded.class);
        assertThat(result.attempts()).isEqualTo(2);
    }

    @Test
    void step_thousandsOfAttempts_neitherStackNorDelayOverflows() {
        StepResult<String> result = round.result(
                engine(policy().maxAttempts(20_000).minBackoff(Duration.ZERO).maxBackoff(Duration.ZERO)), failing);

        assertThat(result.attempts()).isEqualTo(20_000);
        assertThat(result.cause()).hasMessage("attempt 1");
    }

    @Test
    void step_everyAttemptFails_firstCauseIsTheFailureAndTheOthersAreWithIt() {
        StepResult<String> result = round.result(engine(policy().maxAttempts(3)), failing);

        assertThat(result.cause()).hasMessage("attempt 1");
        assertThat(result.cause().getSuppressed())
                .extracting(Throwable::getMessage)
                .containsExactly("attempt 2", "attempt 3");
    }

    @Test
    void step_predicateSaysNo_isNotTriedAgain() {
        StepResult<String> result = round.result(engine(policy().retryOn(cause -> false)), failing);

        assertThat(result.attempts()).isOne();
        assertThat(result.cause()).hasMessage("attempt 1");
    }

    @Test
    void step_predicateSaysNoTheSecondTime_isAttemptedTwice() {
        StepResult<String> result = round.result(
                engine(policy().maxAttempts(9).retryOn(cause -> "attempt 1".equals(cause.getMessage()))), failing);

        assertThat(result.attempts()).isEqualTo(2);
        assertThat(result.cause()).hasMessage("attempt 1");
    }

    @Test
    void step_emptyMono_isASuccessAndNotTriedAgain() {
        Agent<String, String> silent = Agent.of("silent", (input, context) -> Mono.empty());

        StepResult<String> result = round.result(engine(policy()), silent);

        assertThat(result).isInstanceOf(StepResult.Succeeded.class);
        assertThat(result.attempts()).isOne();
    }

    @Test
    void step_failsTwice_waitsOneBackoffThenTwo() {
        CompletableFuture<StepReport<String>> report =
                engine(policy()).run(List.of(failing), "go").toFuture();

        round.pass(Duration.ofMillis(99));
        assertThat(calls).hasValue(1);
        round.pass(Duration.ofMillis(1));
        assertThat(calls).hasValue(2);
        round.pass(Duration.ofMillis(199));
        assertThat(calls).hasValue(2);
        round.pass(Duration.ofMillis(1));
        assertThat(calls).hasValue(3);
        assertThat(report).isDone();
    }

    // --- what a step that succeeds pays

    @Test
    void step_succeedsAtOnce_armsNoTimer() {
        Agent<String, String> quick = Agent.of("quick", (input, context) -> Mono.just("done"));
        Resilience resilience = Resilience.builder()
                .retry(RetryPolicy.attempts(3))
                .circuitBreaker(CircuitBreakerPolicy.defaults())
                .bulkhead(BulkheadPolicy.of(1))
                .rateLimiter(RateLimiterPolicy.of(1_000, Duration.ofSeconds(1)))
                .attemptTimeout(Duration.ofSeconds(1))
                .build();

        StepReport<String> report = round.engine(resilience)
                .run(Collections.nCopies(100, quick), "go")
                .block();

        assertThat(report.values()).hasSize(100);
        assertThat(round.armed).hasValue(0);
    }

    @Test
    void step_succeedsAtOnce_asksNeitherPredicateNorJitter() {
        AtomicInteger asked = new AtomicInteger();
        Agent<String, String> quick = Agent.of("quick", (input, context) -> Mono.just("done"));
        RetryPolicy.Builder curious = RetryPolicy.builder()
                .retryOn(cause -> asked.incrementAndGet() > 0)
                .jitter(asked::incrementAndGet);

        assertThat(round.result(engine(curious), quick).value()).isEqualTo("done");
        assertThat(asked).hasValue(0);
    }

    @Test
    void step_failsOnce_armsOneTimer() {
        Agent<String, String> shy = Agent.of(
                "shy",
                (input, context) -> context.attempt() == 1 ? Mono.error(new IOException("shy")) : Mono.just("hello"));

        assertThat(round.result(engine(policy()), shy).value()).isEqualTo("hello");
        assertThat(round.armed).hasValue(1);
        assertThat(round.open).hasValue(0);
    }

    // --- cancel

    @Test
    void step_cancelledDuringFirstBackoff_leavesNoTimerAndStartsNothing() {
        CompletableFuture<StepReport<String>> report =
                engine(policy()).run(List.of(failing), "go").toFuture();
        assertThat(round.open).hasValue(1);

        assertThat(report.cancel(true)).isTrue();

        assertThat(round.open).hasValue(0);
        round.pass(Duration.ofDays(1));
        assertThat(calls).hasValue(1);
    }

    @Test
    void step_cancelledDuringSecondBackoff_leavesNoTimerAndStartsNothing() {
        CompletableFuture<StepReport<String>> report =
                engine(policy()).run(List.of(failing), "go").toFuture();
        round.pass(Duration.ofMillis(100));
        assertThat(round.open).hasValue(1);

        assertThat(report.cancel(true)).isTrue();

        assertThat(round.open).hasValue(0);
        round.pass(Duration.ofDays(1));
        assertThat(calls).hasValue(2);
    }

    // --- the deadline

    /** A step of one second whose first attempt fails at once, and whose backoff is as given. */
    private int attemptsWithin(Duration backoff) {
        StepEngine engine = round.builder(
                        retrying(policy().maxAttempts(2).minBackoff(backoff).maxBackoff(backoff)))
                .stepTimeout(Duration.ofSeconds(1))
                .build();
        return round.result(engine, failing).attempts();
    }

    @Test
    void step_nextAttemptBeforeTheDeadline_isMade() {
        assertThat(attemptsWithin(Duration.ofMillis(999))).isEqualTo(2);
    }

    @Test
    void step_nextAttemptAtTheDeadline_isNotMade() {
        assertThat(attemptsWithin(Duration.ofSeconds(1))).isOne();
    }

    @Test
    void step_nextAttemptAfterTheDeadline_isNotMade() {
        assertThat(attemptsWithin(Duration.ofMillis(1_001))).isOne();
    }

    @Test
    void step_longestBackoffThereIs_failsAtOnceInsteadOfWaitingForTheDeadline() {
        Duration longest = Duration.ofNanos(Long.MAX_VALUE);
        StepEngine engine = round.builder(retrying(policy().minBackoff(longest).maxBackoff(longest)))
                .stepTimeout(Duration.ofSeconds(1))
                .build();

        StepReport<String> report =
                engine.run(List.of(failing), "go").toFuture().getNow(null);

        assertThat(report).as("before any time has passed").isNotNull();
        assertThat(report.results().get(0)).isInstanceOf(StepResult.Failed.class);
    }

    @Test
    void step_attemptsTakeTime_theirTimeCountsForTheDeadline() {
        Agent<String, String> slow = Agent.of(
                "slow",
                (input, context) -> round.in(Duration.ofMillis(400))
                        .then(Mono.error(new IOException("attempt " + context.attempt()))));
        StepEngine engine = round.builder(retrying(policy().maxAttempts(9)
                        .minBackoff(Duration.ofMillis(100))
                        .maxBackoff(Duration.ofMillis(100))))
                .stepTimeout(Duration.ofSeconds(1))
                .build();

        StepResult<String> result = round.result(engine, slow);

        assertThat(result.attempts())
                .as("ended at 400 and 900 ms; the third would start at 1 s")
                .isEqualTo(2);
        assertThat(result).isInstanceOf(StepResult.Failed.class);
    }

    // --- the server's hint

    /** What a client makes of a 429 with Retry-After. */
    private static final class Busy extends IOException implements RetryHint {

        private static final long serialVersionUID = 1L;

        private final Duration retryAfter;

        Busy(Duration retryAfter) {
            super("busy");
            this.retryAfter = retryAfter;
        }

        @Override
        public Duration retryAfter() {
            return retryAfter;
        }
    }

    /** How long after its first attempt the second is made; null if it is not. */
    private Duration secondAttemptAfter(Throwable first) {
        Duration[] second = new Duration[1];
        Agent<String, String> busy = Agent.of("busy", (input, context) -> {
            if (context.attempt() == 1) {
                return Mono.error(first);
            }
            second[0] = Duration.ofMillis(round.now().toEpochMilli());
            return Mono.just("done");
        });
        StepEngine engine = engine(policy().maxRetryAfter(Duration.ofSeconds(5)));
        StepResult<String> result = round.result(engine, busy);
        assertThat(result.attempts()).isEqualTo(second[0] == null ? 1 : 2);
        return second[0];
    }

    @Test
    void step_hintLongerThanBackoff_isObeyed() {
        assertThat(secondAttemptAfter(new Busy(Duration.ofSeconds(3)))).isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void step_hintShorterThanBackoff_backoffIsKept() {
        assertThat(secondAttemptAfter(new Busy(Duration.ofMillis(1)))).isEqualTo(Duration.ofMillis(100));
    }

    @Test
    void step_hintNegative_backoffIsKept() {
        assertThat(secondAttemptAfter(new Busy(Duration.ofSeconds(-9)))).isEqualTo(Duration.ofMillis(100));
    }

    @Test
    void step_hintUnknownAfterAll_backoffIsKept() {
        assertThat(secondAttemptAfter(new Busy(null))).isEqualTo(Duration.ofMillis(100));
    }

    @Test
    void step_hintShorterThanObeyed_isObeyed() {
        assertThat(secondAttemptAfter(new Busy(Duration.ofMillis(4_999)))).isEqualTo(Duration.ofMillis(4_999));
    }

    @Test
    void step_hintAsLongAsObeyed_isObeyed() {
        assertThat(secondAttemptAfter(new Busy(Duration.ofSeconds(5)))).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void step_hintLongerThanObeyed_isNotTriedAgain() {
        assertThat(secondAttemptAfter(new Busy(Duration.ofMillis(5_001)))).isNull();
    }

    @Test
    void step_hintTooLongForANumberOfNanoseconds_isNotTriedAgain() {
        assertThat(secondAttemptAfter(new Busy(Duration.ofSeconds(Long.MAX_VALUE))))
                .isNull();
    }

    @Test
    void step_hintDeepInTheCauses_isObeyed() {
        Throwable wrapped = new IllegalStateException(new RuntimeException(new Busy(Duration.ofSeconds(3))));

        assertThat(secondAttemptAfter(wrapped)).isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void step_causesInACircle_areNotFollowedForEver() {
        IOException one = new IOException("one");
        one.initCause(new IOException("two", one));

        assertThat(secondAttemptAfter(one)).isEqualTo(Duration.ofMillis(100));
    }

    @Test
    void step_hintOfASecondFailure_isObeyedToo() {
        Agent<String, String> busy = Agent.of("busy", (input, context) -> {
            calls.incrementAndGet();
            return Mono.error(context.attempt() == 1 ? new IOException("boom") : new Busy(Duration.ofSeconds(3)));
        });
        CompletableFuture<StepReport<String>> report =
                engine(policy()).run(List.of(busy), "go").toFuture();

        round.pass(Duration.ofMillis(100 + 2_999));
        assertThat(calls).hasValue(2);
        round.pass(Duration.ofMillis(1));
        assertThat(calls).hasValue(3);
        assertThat(report).isDone();
    }

    @Test
    void step_hintBeyondTheDeadline_isNotTriedAgain() {
        StepEngine engine = round.builder(retrying(policy()))
                .stepTimeout(Duration.ofSeconds(1))
                .build();
        Agent<String, String> busy = Agent.of("busy", (input, context) -> Mono.error(new Busy(Duration.ofSeconds(1))));

        assertThat(round.result(engine, busy)).isInstanceOf(StepResult.Failed.class);
    }

    // --- the budget of a round

    private int extraAttempts(StepEngine engine, int steps) {
        int before = calls.get();
        round.report(engine, Collections.nCopies(steps, failing));
        return calls.get() - before - steps;
    }

    @Test
    void run_hundredFailingSteps_atMostAFifthMoreAttempts() {
        assertThat(extraAttempts(engine(policy().retryBudget(0.2, 0)), 100)).isEqualTo(20);
    }

    @Test
    void run_hundredStepsThatFailLater_atMostAFifthMoreAttempts() {
        Agent<String, String> slow = Agent.of("slow", (input, context) -> {
            calls.incrementAndGet();
            return round.in(Duration.ofMillis(5)).then(Mono.error(new IOException("late")));
        });

        round.report(engine(policy().retryBudget(0.2, 0)), Collections.nCopies(100, slow));

        assertThat(calls).hasValue(120);
    }

    @Test
    void run_fewSteps_retriesUpToTheMinimum() {
        assertThat(extraAttempts(engine(policy().maxAttempts(9).retryBudget(0.2, 3)), 2))
                .isEqualTo(3);
    }

    @Test
    void run_budgetOfNothing_retriesNothing() {
        assertThat(extraAttempts(engine(policy().retryBudget(0, 0)), 10)).isZero();
    }

    @Test
    void run_twice_eachRoundHasABudgetOfItsOwn() {
        StepEngine engine = engine(policy().retryBudget(0.2, 0));

        assertThat(extraAttempts(engine, 100)).isEqualTo(20);
        assertThat(extraAttempts(engine, 100)).isEqualTo(20);
    }

    @Test
    void run_noBudget_everyStepIsRetried() {
        assertThat(extraAttempts(engine(policy()), 100)).isEqualTo(200);
    }

    @Test
    void run_attemptTooLateForTheDeadline_costsNoBudget() {
        StepEngine engine = round.builder(retrying(policy().minBackoff(Duration.ofSeconds(1))
                        .maxBackoff(Duration.ofSeconds(1))
                        .retryBudget(0, 1)))
                .stepTimeout(Duration.ofSeconds(1))
                .build();
        Agent<String, String> late = Agent.of("late", (input, context) -> {
            calls.incrementAndGet();
            return Mono.error(context.attempt() == 1 ? new IOException("boom") : new IOException("again"));
        });

        round.report(engine, List.of(late, late));

        assertThat(calls).hasValue(2);
    }

    // --- with a breaker

    @Test
    void step_breakerOpensBetweenAttempts_theRealCauseIsTheFailure() {
        Resilience resilience = Resilience.builder()
                .retry(policy().maxAttempts(5).retryOn(cause -> true).build())
                .circuitBreaker(CircuitBreakerPolicy.builder()
                        .slidingWindow(2, 2)
                        .openDuration(Duration.ofMinutes(2)) // longer than a hint is obeyed
                        .build())
                .build();

        StepResult<String> result = round.result(round.engine(resilience), failing);

        assertThat(result).isInstanceOf(StepResult.Failed.class);
        assertThat(result.cause()).hasMessage("attempt 1");
        assertThat(result.attempts()).isEqualTo(3);
        assertThat(calls).as("the breaker is open after two").hasValue(2);
        assertThat(result.cause().getSuppressed())
                .anyMatch(cause -> cause.getMessage().contains("circuitbreaker refused"));
    }

    @Test
    void step_breakerOpensBetweenAttempts_theRefusalIsNotTriedAgainByDefault() {
        Resilience resilience = Resilience.builder()
                .retry(policy().maxAttempts(5).build())
                .circuitBreaker(
                        CircuitBreakerPolicy.builder().slidingWindow(2, 2).build())
                .build();

        StepResult<String> result = round.result(round.engine(resilience), failing);

        assertThat(result.attempts()).isEqualTo(3);
        assertThat(result).isInstanceOf(StepResult.Failed.class);
        assertThat(result.cause()).hasMessage("attempt 1");
    }

    // --- user's functions that throw, fatal errors

    private void failsAlone(RetryPolicy.Builder policy, Agent<String, String> agent) {
        Agent<String, String> fine = Agent.of("fine", (input, context) -> Mono.just("done"));

        StepReport<String> report = round.engine(retrying(policy))
                .run(List.of(agent, fine, agent), "go")
                .toFuture()
                .getNow(null);

        assertThat(report).as("the round has ended, without waiting").isNotNull();
        assertThat(report.values()).containsExactly("done");
        assertThat(report.failures()).allSatisfy(failure -> {
            assertThat(failure).isInstanceOf(StepResult.Failed.class);
            assertThat(failure.cause()).hasMessage("attempt 1");
            assertThat(failure.cause().getSuppressed())
                    .extracting(Throwable::getMessage)
                    .contains("broken");
        });
    }

    @Test
    void step_predicateThrows_theStepFailsWithItsOwnCause() {
        failsAlone(
                policy().retryOn(cause -> {
                    throw new IllegalStateException("broken");
                }),
                failing);
    }

    @Test
    void step_predicateThrowsAFatalError_theStepFailsWithItsOwnCause() {
        failsAlone(
                policy().retryOn(cause -> {
                    throw new NoClassDefFoundError("broken");
                }),
                failing);
    }

    @Test
    void step_jitterThrows_theStepFailsWithItsOwnCause() {
        failsAlone(
                RetryPolicy.builder().jitter(() -> {
                    throw new IllegalStateException("broken");
                }),
                failing);
    }

    @Test
    void step_predicateThrowsTheSecondTimeOnAnotherThread_theStepFails() {
        secondTime(policy().retryOn(cause -> {
            if (cause.getMessage().equals("attempt 2")) {
                throw new IllegalStateException("broken");
            }
            return true;
        }));
    }

    @Test
    void step_predicateThrowsAFatalErrorOnAnotherThread_theStepFails() {
        secondTime(policy().retryOn(cause -> {
            if (cause.getMessage().equals("attempt 2")) {
                throw new NoClassDefFoundError("broken");
            }
            return true;
        }));
    }

    private void secondTime(RetryPolicy.Builder policy) {
        StepReport<String> report = round.report(engine(policy), List.of(failing));

        assertThat(report).as("the step does not hang").isNotNull();
        assertThat(report.results().get(0).attempts()).isEqualTo(2);
        assertThat(report.results().get(0).cause()).hasMessage("attempt 1");
        assertThat(report.results().get(0).cause().getSuppressed())
                .extracting(Throwable::getMessage)
                .containsExactly("attempt 2", "broken");
    }

    @Test
    void step_predicateThrowsAFatalErrorAfterAnAsynchronousFailure_theStepFails() {
        Agent<String, String> slow = Agent.of(
                "slow", (input, context) -> round.in(Duration.ofSeconds(1)).then(Mono.error(new IOException("boom"))));
        StepEngine engine = engine(policy().retryOn(cause -> {
            throw new NoClassDefFoundError("broken");
        }));

        StepReport<String> report = round.report(engine, List.of(slow));

        assertThat(report).as("the step does not hang").isNotNull();
        assertThat(report.results().get(0).cause()).hasMessage("boom");
    }

    @Test
    void step_secondAttemptThrowsAFatalError_theStepFailsAtOnce() {
        Agent<String, String> broken = Agent.of("broken", (input, context) -> {
            if (context.attempt() == 1) {
                return Mono.error(new IOException("attempt 1"));
            }
            throw new NoClassDefFoundError("broken");
        });

        StepReport<String> report = round.report(engine(policy()), List.of(broken));

        assertThat(report).as("the step does not hang").isNotNull();
        StepResult<String> result = report.results().get(0);
        assertThat(result.attempts()).isEqualTo(2);
        assertThat(result.cause()).hasMessage("attempt 1");
        assertThat(result.cause().getSuppressed()).hasOnlyElementsOfType(NoClassDefFoundError.class);
    }

    @Test
    void step_hintThrows_theStepFailsWithItsOwnCause() {
        final class Evil extends IOException implements RetryHint {

            private static final long serialVersionUID = 1L;

            Evil() {
                super("attempt 1");
            }

            @Override
            public Duration retryAfter() {
                throw new IllegalStateException("broken");
            }
        }
        failsAlone(policy(), Agent.of("evil", (input, context) -> Mono.error(new Evil())));
    }
}
