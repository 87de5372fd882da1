package io.flotilla.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.agent.UsageLedger;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** What a round may use, whoever uses it. */
@Timeout(30)
class BudgetTest {

    private final VirtualRound round = new VirtualRound();
    private final AtomicInteger calls = new AtomicInteger();

    /** Uses so much each time, and answers at once. */
    private Agent<String, String> using(Usage usage) {
        return Agent.of("using", (input, context) -> {
            calls.incrementAndGet();
            context.usage().record(usage);
            return Mono.just("done");
        });
    }

    private static Usage cost(String cost) {
        return new Usage(0, 0, new BigDecimal(cost));
    }

    private StepEngine engine(Budget.Builder budget) {
        return round.engine(Resilience.builder().budget(budget.build()).build());
    }

    private StepReport<String> run(Budget.Builder budget, Agent<String, String> agent, int steps) {
        return round.report(engine(budget), Collections.nCopies(steps, agent));
    }

    private static void refused(StepReport<String> report, int times, String message) {
        assertThat(report.count(StepResult.Kind.REJECTED)).isEqualTo(times);
        assertThat(report.failures()).hasSize(times).allSatisfy(result -> {
            StepResult.Rejected<String> rejected = (StepResult.Rejected<String>) result;
            assertThat(rejected.guard()).isEqualTo("budget");
            assertThat(rejected.retryAfter()).as("a budget does not come back").isNull();
            assertThat(rejected.cause()).hasMessageContaining(message);
        });
    }

    // --- tokens; each step sends 6 and receives 4

    @Test
    void tokens_usedLessThanTheLimit_theNextStepStarts() {
        StepReport<String> report = run(Budget.builder().tokens(21), using(Usage.ofTokens(6, 4)), 3);

        assertThat(report.values()).hasSize(3);
    }

    @Test
    void tokens_usedAsManyAsTheLimit_theNextIsRefused() {
        StepReport<String> report = run(Budget.builder().tokens(20), using(Usage.ofTokens(6, 4)), 3);

        refused(report, 1, "tokens: 20 used and 0 reserved of 20");
        assertThat(calls).hasValue(2);
    }

    @Test
    void tokens_usedMoreThanTheLimit_theNextIsRefused() {
        StepReport<String> report = run(Budget.builder().tokens(19), using(Usage.ofTokens(6, 4)), 3);

        refused(report, 1, "tokens: 20 used and 0 reserved of 19");
    }

    @Test
    void tokens_reservationFitsExactly_isStarted() {
        Budget.Builder budget = Budget.builder().tokens(20).reservePerAttempt(Usage.ofTokens(6, 4));

        assertThat(run(budget, using(Usage.ofTokens(6, 4)), 2).values()).hasSize(2);
    }

    @Test
    void tokens_reservationIsOneTooMany_isRefused() {
        Budget.Builder budget = Budget.builder().tokens(19).reservePerAttempt(Usage.ofTokens(6, 4));

        refused(run(budget, using(Usage.ofTokens(6, 4)), 2), 1, "tokens: 10 used and 0 reserved of 19");
    }

    @Test
    void tokens_hugeReservations_doNotOverflowIntoBeingFree() {
        long half = 1L << 62;
        Budget.Builder budget = Budget.builder().tokens(Long.MAX_VALUE - 1).reservePerAttempt(Usage.ofTokens(half, 0));
        Agent<String, String> silent = Agent.of("silent", (input, context) -> {
            calls.incrementAndGet();
            return Mono.never();
        });

        CompletableFuture<StepReport<String>> report =
                engine(budget).run(Collections.nCopies(5, silent), "go").toFuture();

        assertThat(calls).as("two halves are one more than there are").hasValue(1);
        assertThat(report.cancel(true)).isTrue();
    }

    // --- cost

    @Test
    void cost_usedLessThanTheLimit_theNextStepStarts() {
        StepReport<String> report = run(Budget.builder().cost(new BigDecimal("0.61")), using(cost("0.30")), 3);

        assertThat(report.values()).hasSize(3);
    }

    @Test
    void cost_usedAsMuchAsTheLimit_theNextIsRefused() {
        StepReport<String> report = run(Budget.builder().cost(new BigDecimal("0.6")), using(cost("0.30")), 3);

        refused(report, 1, "cost: 0.60 used and 0 reserved of 0.6");
        assertThat(calls).hasValue(2);
    }

    @Test
    void cost_usedMoreThanTheLimit_theNextIsRefused() {
        StepReport<String> report = run(Budget.builder().cost(new BigDecimal("0.59")), using(cost("0.30")), 3);

        refused(report, 1, "cost: 0.60 used and 0 reserved of 0.59");
    }

    @Test
    void cost_reservationFitsExactly_isStarted() {
        Budget.Builder budget = Budget.builder().cost(new BigDecimal("0.60")).reservePerAttempt(cost("0.30"));

        assertThat(run(budget, using(cost("0.30")), 2).values()).hasSize(2);
    }

    @Test
    void cost_reservationIsTooMuch_isRefused() {
        Budget.Builder budget = Budget.builder().cost(new BigDecimal("0.59")).reservePerAttempt(cost("0.30"));

        refused(run(budget, using(cost("0.30")), 2), 1, "cost: 0.30 used");
    }

    // --- steps

    @Test
    void steps_fewerThanTheLimit_allStart() {
        assertThat(run(Budget.builder().steps(3), using(Usage.NONE), 2).values())
                .hasSize(2);
    }

    @Test
    void steps_asManyAsTheLimit_allStart() {
        assertThat(run(Budget.builder().steps(3), using(Usage.NONE), 3).values())
                .hasSize(3);
    }

    @Test
    void steps_moreThanTheLimit_theOthersAreRefused() {
        StepReport<String> report = run(Budget.builder().steps(3), using(Usage.NONE), 5);

        refused(report, 2, "steps: 3 used of 3");
        assertThat(calls).hasValue(3);
        assertThat(report.failures())
                .allSatisfy(result -> assertThat(result.attempts()).isZero());
    }

    @Test
    void steps_attemptsAtOneStep_countOnce() {
        Resilience resilience = Resilience.builder()
                .retry(RetryPolicy.attempts(3))
                .budget(Budget.builder().steps(1).build())
                .build();
        Agent<String, String> failing = Agent.of("failing", (input, context) -> Mono.error(new IOException("boom")));

        StepResult<String> result = round.result(round.engine(resilience), failing);

        assertThat(result.attempts()).isEqualTo(3);
        assertThat(result).isInstanceOf(StepResult.Failed.class);
    }

    // --- time

    /** Two steps one after the other, the first of which takes so long. */
    private StepReport<String> secondStepAfter(Duration first) {
        StepEngine engine = round.builder(Resilience.builder()
                        .budget(Budget.builder().time(Duration.ofSeconds(1)).build())
                        .build())
                .noStepTimeout()
                .concurrency(1)
                .build();
        Agent<String, String> slow =
                Agent.of("slow", (input, context) -> round.in(first).map(any -> "done"));

        return round.report(engine, List.of(slow, slow));
    }

    @Test
    void time_lessThanTheLimitHasPassed_theNextStarts() {
        assertThat(secondStepAfter(Duration.ofMillis(999)).values()).hasSize(2);
    }

    @Test
    void time_asMuchAsTheLimitHasPassed_theNextIsRefused() {
        refused(secondStepAfter(Duration.ofSeconds(1)), 1, "time: PT1S used of PT1S");
    }

    @Test
    void time_moreThanTheLimitHasPassed_theNextIsRefused() {
        refused(secondStepAfter(Duration.ofMillis(1_001)), 1, "time: PT1.001S used of PT1S");
    }

    // --- reservation

    private final Budget.Builder tenAtATime = Budget.builder().tokens(1_000).reservePerAttempt(Usage.ofTokens(60, 40));

    @Test
    void reservePerAttempt_hundredAttemptsSideBySide_doNotOvershoot() {
        Agent<String, String> slow = Agent.of("slow", (input, context) -> {
            calls.incrementAndGet();
            return round.in(Duration.ofSeconds(1)).map(any -> {
                context.usage().record(Usage.ofTokens(60, 40));
                return "done";
            });
        });

        StepReport<String> report = run(tenAtATime, slow, 100);

        assertThat(calls).hasValue(10);
        assertThat(report.values()).hasSize(10);
        refused(report, 90, "tokens: 0 used and 1000 reserved of 1000");
    }

    @Test
    void reservePerAttempt_costOfAttemptsSideBySide_doesNotOvershoot() {
        Agent<String, String> slow = Agent.of(
                "slow", (input, context) -> round.in(Duration.ofSeconds(1)).map(any -> "done"));
        Budget.Builder budget = Budget.builder().cost(BigDecimal.ONE).reservePerAttempt(cost("0.1"));

        refused(run(budget, slow, 100), 90, "cost: 0 used and 1.0 reserved of 1");
    }

    @Test
    void reservePerAttempt_attemptUsedLess_theRestIsFreeAgain() {
        assertThat(run(tenAtATime, using(Usage.ofTokens(1, 0)), 100).values())
                .as("100 used, never more than one reserved")
                .hasSize(100);
    }

    @Test
    void reservePerAttempt_attemptFailed_itsReservationIsFreeAgain() {
        Agent<String, String> failing = Agent.of("failing", (input, context) -> Mono.error(new IOException("boom")));

        assertThat(run(tenAtATime, failing, 100).count(StepResult.Kind.FAILED)).isEqualTo(100);
    }

    @Test
    void reservePerAttempt_attemptThrewAFatalError_itsReservationIsFreeAgain() {
        Agent<String, String> broken = Agent.of("broken", (input, context) -> {
            throw new NoClassDefFoundError("broken");
        });

        assertThat(run(tenAtATime, broken, 100).count(StepResult.Kind.FAILED)).isEqualTo(100);
    }

    @Test
    void reservePerAttempt_attemptTimedOut_itsReservationIsFreeAgain() {
        Resilience resilience = Resilience.builder()
                .budget(tenAtATime.build())
                .attemptTimeout(Duration.ofSeconds(1))
                .build();
        StepEngine engine = round.builder(resilience).concurrency(10).build();
        Agent<String, String> silent = Agent.of("silent", (input, context) -> Mono.never());

        StepReport<String> report = round.report(engine, Collections.nCopies(100, silent));

        assertThat(report.count(StepResult.Kind.TIMED_OUT)).isEqualTo(100);
    }

    @Test
    void reservePerAttempt_stepCancelledByItsTimeout_itsReservationIsFreeAgain() {
        StepEngine engine = round.builder(
                        Resilience.builder().budget(tenAtATime.build()).build())
                .stepTimeout(Duration.ofSeconds(1))
                .concurrency(10)
                .build();
        Agent<String, String> silent = Agent.of("silent", (input, context) -> Mono.never());

        StepReport<String> report = round.report(engine, Collections.nCopies(100, silent));

        assertThat(report.count(StepResult.Kind.TIMED_OUT)).isEqualTo(100);
    }

    @Test
    void reservePerAttempt_retriedAttempt_reservesAnew() {
        Resilience resilience = Resilience.builder()
                .retry(RetryPolicy.attempts(3))
                .budget(Budget.builder()
                        .tokens(250)
                        .reservePerAttempt(Usage.ofTokens(100, 0))
                        .build())
                .build();
        Agent<String, String> failing = Agent.of("failing", (input, context) -> {
            calls.incrementAndGet();
            context.usage().record(Usage.ofTokens(100, 0));
            return Mono.error(new IOException("boom"));
        });

        StepResult<String> result = round.result(round.engine(resilience), failing);

        assertThat(calls).as("100, 100, and 50 are not enough").hasValue(2);
        assertThat(result).as("the real cause, not the refusal").isInstanceOf(StepResult.Failed.class);
        assertThat(result.cause()).hasMessage("boom");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 16, 256})
    void reservePerAttempt_manyThreads_neverOvershootsAndGivesEverythingBack(int concurrency) {
        AtomicLong inFlight = new AtomicLong();
        AtomicLong most = new AtomicLong();
        Agent<String, String> worker = Agent.of(
                "worker",
                (input, context) -> Mono.fromCallable(() -> {
                            most.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
                            Thread.onSpinWait();
                            inFlight.decrementAndGet();
                            return "done";
                        })
                        .subscribeOn(Schedulers.parallel()));
        Budget budget = Budget.builder()
                .tokens(800)
                .reservePerAttempt(Usage.ofTokens(100, 0))
                .build();
        Resilience resilience = Resilience.builder().budget(budget).build();

        StepReport<String> report = StepEngine.builder()
                .concurrency(concurrency)
                .interceptor(resilience)
                .build()
                .run(Collections.nCopies(5_000, worker), "go")
                .block();

        assertThat(most.get()).isLessThanOrEqualTo(8);
        assertThat(report.size()).isEqualTo(5_000);
        assertThat(report.count(StepResult.Kind.SUCCEEDED) + report.count(StepResult.Kind.REJECTED))
                .isEqualTo(5_000);
        if (concurrency == 1) {
            assertThat(report.values())
                    .as("one at a time, each gives its own back")
                    .hasSize(5_000);
        }
    }

    @Test
    void reservePerAttempt_usedByManyThreads_theLedgerNeverPassesTheLimit() {
        UsageLedger[] ledger = new UsageLedger[1];
        Agent<String, String> worker = Agent.of(
                "worker",
                (input, context) -> Mono.fromCallable(() -> {
                            ledger[0] = context.usage();
                            context.usage().record(Usage.ofTokens(7, 3));
                            return "done";
                        })
                        .subscribeOn(Schedulers.parallel()));
        Budget budget = Budget.builder()
                .tokens(1_000)
                .reservePerAttempt(Usage.ofTokens(7, 3))
                .build();

        StepReport<String> report = StepEngine.builder()
                .interceptor(Resilience.builder().budget(budget).build())
                .build()
                .run(Collections.nCopies(5_000, worker), "go")
                .block();

        assertThat(ledger[0].total().tokens()).isEqualTo(10L * report.values().size());
        assertThat(ledger[0].total().tokens()).isLessThanOrEqualTo(1_000);
        assertThat(report.values()).as("there is enough for a hundred").hasSizeBetween(1, 100);
    }

    // --- the round

    @Test
    void run_twice_eachRoundHasABudgetOfItsOwn() {
        StepEngine engine = engine(Budget.builder().tokens(20).steps(50));
        List<Agent<String, String>> agents = Collections.nCopies(5, using(Usage.ofTokens(10, 0)));

        assertThat(round.report(engine, agents).values()).hasSize(2);
        assertThat(round.report(engine, agents).values()).hasSize(2);
    }

    @Test
    void run_agentsOfTwoKinds_shareTheBudget() {
        Agent<String, String> one = using(Usage.ofTokens(10, 0));
        Agent<String, String> other = Agent.of("other", (input, context) -> one.step(input, context));

        StepReport<String> report = round.report(engine(Budget.builder().tokens(20)), List.of(one, other, one, other));

        refused(report, 2, "tokens: 20 used");
    }

    // --- bad input

    @Test
    void tokens_zero_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Budget.builder().tokens(0))
                .withMessage("tokens must be >= 1, was 0");
    }

    @Test
    void steps_zero_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Budget.builder().steps(0))
                .withMessage("steps must be >= 1, was 0");
    }

    @Test
    void cost_zero_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Budget.builder().cost(BigDecimal.ZERO))
                .withMessage("cost must be > 0, was 0");
    }

    @Test
    void cost_negative_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Budget.builder().cost(new BigDecimal("-0.01")))
                .withMessage("cost must be > 0, was -0.01");
    }

    @Test
    void time_zero_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Budget.builder().time(Duration.ZERO))
                .withMessage("time must be > 0, was PT0S");
    }

    @Test
    void time_negative_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Budget.builder().time(Duration.ofNanos(-1)))
                .withMessageContaining("time must not be negative");
    }

    @Test
    void reservePerAttempt_null_throws() {
        assertThatNullPointerException()
                .isThrownBy(() -> Budget.builder().reservePerAttempt(null))
                .withMessage("reservation");
    }
}
