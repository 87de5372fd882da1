package io.flotilla.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepRejectedException;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Every fault does what it says, and the same ones come again. */
@Timeout(60)
class ChaosTest {

    private final VirtualRound round = new VirtualRound();
    private final AtomicInteger calls = new AtomicInteger();

    private final Agent<String, String> reader = Agent.of("reader", (input, context) -> {
        calls.incrementAndGet();
        return Mono.just("read");
    });

    private static Chaos chaos() {
        return Chaos.seeded(42);
    }

    private StepResult<String> resultWith(Chaos chaos) {
        StepEngine engine =
                round.builder(chaos).stepTimeout(Duration.ofSeconds(30)).build();
        return round.result(engine, reader);
    }

    private static List<InjectedFault.Kind> faults(Chaos chaos) {
        return chaos.injected().stream().map(InjectedFault::kind).toList();
    }

    // --- each fault

    @Test
    void step_noFaults_isAsWithout() {
        Chaos chaos = chaos();

        assertThat(resultWith(chaos).value()).isEqualTo("read");
        assertThat(chaos.injected()).isEmpty();
    }

    @Test
    void fail_step_isFailedAndTheBodyIsNotCalled() {
        Chaos chaos = chaos().fail(1);

        StepResult<String> result = resultWith(chaos);

        assertThat(result).isInstanceOf(StepResult.Failed.class);
        assertThat(result.cause()).isInstanceOf(ChaosException.class).hasMessage("chaos: failure of reader");
        assertThat(result.cause().getStackTrace()).isEmpty();
        assertThat(calls).hasValue(0);
        assertThat(chaos.injected())
                .containsExactly(new InjectedFault(reader.id(), "/", 0, 1, InjectedFault.Kind.FAIL));
    }

    @Test
    void throwing_step_isFailed() {
        Chaos chaos = chaos().throwing(1);

        StepResult<String> result = resultWith(chaos);

        assertThat(result).isInstanceOf(StepResult.Failed.class);
        assertThat(result.cause()).isInstanceOf(ChaosException.class).hasMessage("chaos: thrown at reader");
        assertThat(faults(chaos)).containsExactly(InjectedFault.Kind.THROW);
    }

    @Test
    void hang_step_isTimedOut() {
        Chaos chaos = chaos().hang(1);

        StepResult<String> result = resultWith(chaos);

        assertThat(result).isInstanceOf(StepResult.TimedOut.class);
        assertThat(result.duration()).isEqualTo(Duration.ofSeconds(30));
        assertThat(faults(chaos)).containsExactly(InjectedFault.Kind.HANG);
    }

    @Test
    void empty_step_succeedsWithoutAValue() {
        Chaos chaos = chaos().empty(1);

        StepResult<String> result = resultWith(chaos);

        assertThat(result).isInstanceOf(StepResult.Succeeded.class);
        assertThat(result.value()).isNull();
        assertThat(faults(chaos)).containsExactly(InjectedFault.Kind.EMPTY);
    }

    @Test
    void malformed_step_succeedsWithTheChangedValue() {
        Chaos chaos = chaos().malformed(1, value -> "<" + value);

        assertThat(resultWith(chaos).value()).isEqualTo("<read");
        assertThat(faults(chaos)).containsExactly(InjectedFault.Kind.MALFORMED);
    }

    @Test
    void malformed_functionReturnsNull_theStepFails() {
        assertThat(resultWith(chaos().malformed(1, value -> null))).isInstanceOf(StepResult.Failed.class);
    }

    @Test
    void malformed_functionThrows_theStepFails() {
        Chaos chaos = chaos().malformed(1, value -> {
            throw new IllegalStateException("broken");
        });

        assertThat(resultWith(chaos).cause()).hasMessage("broken");
    }

    @Test
    void cancel_step_isCancelled() {
        Chaos chaos = chaos().cancel(1);

        StepResult<String> result = resultWith(chaos);

        assertThat(result).isInstanceOf(StepResult.Cancelled.class);
        assertThat(result.cause()).isInstanceOf(CancellationException.class);
        assertThat(faults(chaos)).containsExactly(InjectedFault.Kind.CANCEL);
    }

    // --- delays

    @Test
    void delay_step_startsLaterOnTheEnginesTime() {
        Chaos chaos = chaos().delay(1, Duration.ofSeconds(2), Duration.ofSeconds(2));
        CompletableFuture<StepReport<String>> report =
                round.engine(chaos).run(List.of(reader), "go").toFuture();

        round.pass(Duration.ofMillis(1_999));
        assertThat(calls).hasValue(0);
        round.pass(Duration.ofMillis(1));
        assertThat(report.getNow(null).values()).containsExactly("read");
        assertThat(faults(chaos)).containsExactly(InjectedFault.Kind.DELAY);
    }

    @Test
    void delay_betweenBounds_isWithinThemAndAllOverThem() {
        Chaos chaos = chaos().delay(1, Duration.ofMillis(100), Duration.ofMillis(200));

        List<StepResult<String>> results = round.report(round.engine(chaos), Collections.nCopies(200, reader))
                .results();

        assertThat(results)
                .extracting(StepResult::duration)
                .isNotEmpty()
                .allSatisfy(took -> assertThat(took).isBetween(Duration.ofMillis(100), Duration.ofMillis(200)));
        assertThat(results)
                .extracting(StepResult::duration)
                .anySatisfy(took -> assertThat(took).isLessThan(Duration.ofMillis(110)))
                .anySatisfy(took -> assertThat(took).isGreaterThan(Duration.ofMillis(190)));
    }

    @Test
    void delay_stepCancelled_leavesNoTimer() {
        Chaos chaos = chaos().delay(1, Duration.ofSeconds(2), Duration.ofSeconds(2));
        CompletableFuture<StepReport<String>> report =
                round.engine(chaos).run(List.of(reader), "go").toFuture();
        assertThat(round.open).hasValue(1);

        assertThat(report.cancel(true)).isTrue();

        assertThat(round.open).hasValue(0);
    }

    /** A delay lets the next fault be drawn as well: then both happen. */
    private StepResult<String> delayedThen(UnaryOperator<Chaos> fault) {
        StepResult<String> result =
                resultWith(fault.apply(chaos().delay(1, Duration.ofSeconds(2), Duration.ofSeconds(2))));
        assertThat(result.duration()).isEqualTo(Duration.ofSeconds(2));
        return result;
    }

    @Test
    void delay_thenFail_failsAfterTheDelay() {
        assertThat(delayedThen(chaos -> chaos.fail(1)).cause()).hasMessage("chaos: failure of reader");
    }

    @Test
    void delay_thenThrow_throwsAfterTheDelay() {
        assertThat(delayedThen(chaos -> chaos.throwing(1)).cause()).hasMessage("chaos: thrown at reader");
    }

    @Test
    void delay_thenEmpty_isEmptyAfterTheDelay() {
        assertThat(delayedThen(chaos -> chaos.empty(1)).value()).isNull();
    }

    @Test
    void delay_thenMalformed_isMalformedAfterTheDelay() {
        assertThat(delayedThen(chaos -> chaos.malformed(1, value -> "<" + value))
                        .value())
                .isEqualTo("<read");
    }

    @Test
    void delay_twice_addsUp() {
        Chaos chaos = chaos().delay(1, Duration.ofSeconds(1), Duration.ofSeconds(1))
                .delay(1, Duration.ofSeconds(2), Duration.ofSeconds(2));

        assertThat(resultWith(chaos).duration()).isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void fail_thenOthers_onlyTheFirstThatHitsIsInjected() {
        Chaos chaos = chaos().fail(1).hang(1).empty(1).delay(1, Duration.ZERO, Duration.ZERO);

        assertThat(resultWith(chaos)).isInstanceOf(StepResult.Failed.class);
        assertThat(faults(chaos)).containsExactly(InjectedFault.Kind.FAIL);
    }

    // --- everything else sees the faults

    private void countedByTheBreaker(Chaos chaos) {
        Resilience resilience = Resilience.builder()
                .circuitBreaker(
                        CircuitBreakerPolicy.builder().slidingWindow(3, 3).build())
                .build();
        StepEngine engine = round.builder(resilience, chaos).concurrency(1).build();

        StepReport<String> report = round.report(engine, Collections.nCopies(5, reader));

        assertThat(report.results().subList(0, 3)).hasOnlyElementsOfType(StepResult.Failed.class);
        assertThat(report.results().subList(3, 5))
                .extracting(StepResult::cause)
                .hasOnlyElementsOfType(StepRejectedException.class);
    }

    @Test
    void fail_behindACircuitBreaker_isCounted() {
        countedByTheBreaker(chaos().fail(1));
    }

    @Test
    void throwing_behindACircuitBreaker_isCounted() {
        countedByTheBreaker(chaos().throwing(1));
    }

    // --- reproducible

    private static Chaos everything(long seed) {
        return Chaos.seeded(seed)
                .forKind("reader")
                .delay(0.2, Duration.ZERO, Duration.ofMillis(2))
                .fail(0.1)
                .throwing(0.1)
                .forKind("writer")
                .empty(0.1)
                .malformed(0.1, value -> value + "!")
                .cancel(0.1);
    }

    private static List<Agent<String, String>> mixed(int count, Random order) {
        List<Agent<String, String>> agents = new ArrayList<>();
        for (int at = 0; at < count; at++) {
            Duration wait = Duration.ofNanos(order.nextInt(2_000_000));
            String agentKind = at % 2 == 0 ? "reader#" : "writer#";
            boolean async = order.nextInt(4) > 0;
            agents.add(Agent.of(
                    agentKind + at,
                    (input, context) ->
                            async ? Mono.delay(wait, Schedulers.parallel()).map(any -> "done") : Mono.just("done")));
        }
        return agents;
    }

    private static Set<InjectedFault> injectedBy(long seed, int concurrency, long order) {
        Chaos chaos = everything(seed);
        Resilience resilience = Resilience.builder()
                .retry(RetryPolicy.builder()
                        .minBackoff(Duration.ofMillis(1))
                        .maxBackoff(Duration.ofMillis(1))
                        .build())
                .build();
        StepEngine engine = StepEngine.builder()
                .concurrency(concurrency)
                .interceptor(resilience)
                .interceptor(chaos)
                .build();
        engine.run(mixed(600, new Random(order)), "go").block();
        List<InjectedFault> injected = chaos.injected();
        assertThat(injected).as("each is logged once").doesNotHaveDuplicates();
        return new HashSet<>(injected);
    }

    @Test
    void seeded_sameSeedOtherConcurrencyAndOrder_sameInjections() {
        Set<InjectedFault> oneByOne = injectedBy(42, 1, 1);

        assertThat(oneByOne).hasSizeGreaterThan(150);
        assertThat(oneByOne).as("retries too").anyMatch(fault -> fault.attempt() == 3);
        assertThat(injectedBy(42, 256, 2)).isEqualTo(oneByOne);
        assertThat(injectedBy(42, 7, 3)).isEqualTo(oneByOne);
    }

    @Test
    void seeded_otherSeed_otherInjections() {
        Set<InjectedFault> other = injectedBy(43, 256, 1);

        assertThat(other).isNotEqualTo(injectedBy(42, 256, 1));
    }

    @Test
    void seeded_secondRound_sameInjectionsAgain() {
        Chaos chaos = chaos().fail(0.5);
        StepEngine engine = round.engine(chaos);
        List<Agent<String, String>> agents = Collections.nCopies(100, reader);
        round.report(engine, agents);
        List<InjectedFault> first = chaos.injected();

        round.report(engine, agents);

        assertThat(chaos.injected().subList(first.size(), chaos.injected().size()))
                .isEqualTo(first);
    }

    @Test
    void step_retried_eachAttemptDrawsAnew() {
        Chaos chaos = chaos().fail(0.5);
        Resilience resilience = Resilience.builder()
                .retry(RetryPolicy.builder().maxAttempts(20).build())
                .build();

        StepReport<String> report = round.report(round.engine(resilience, chaos), Collections.nCopies(100, reader));

        assertThat(report.values()).as("nobody fails 20 times in a row").hasSize(100);
        assertThat(report.results()).extracting(StepResult::attempts).contains(1, 2, 3, 4);
    }

    // --- probabilities

    private int failuresOf(Chaos chaos) {
        return (int) round.report(round.engine(chaos), Collections.nCopies(10_000, reader))
                .count(StepResult.Kind.FAILED);
    }

    @Test
    void fail_never_injectsNothing() {
        assertThat(failuresOf(chaos().fail(0))).isZero();
    }

    @Test
    void fail_always_injectsIntoEachAttempt() {
        assertThat(failuresOf(chaos().fail(1))).isEqualTo(10_000);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.02, 0.1, 0.5, 0.9})
    void fail_tenThousandSteps_isAsFrequentAsItsProbability(double probability) {
        double fourSigma = 4 * Math.sqrt(10_000 * probability * (1 - probability));

        assertThat((double) failuresOf(chaos().fail(probability)))
                .isBetween(10_000 * probability - fourSigma, 10_000 * probability + fourSigma);
    }

    @Test
    void fail_thenThrow_areDrawnIndependently() {
        Chaos chaos = chaos().fail(0.5).throwing(0.5);
        failuresOf(chaos);

        assertThat((double) Collections.frequency(faults(chaos), InjectedFault.Kind.THROW))
                .as("half of the half that did not fail")
                .isBetween(2_300.0, 2_700.0);
    }

    // --- on

    @Test
    void forKind_kind_onlyThatKindHasFaults() {
        Chaos chaos = chaos().forKind("reader").fail(1);
        Agent<String, String> writer = Agent.of("writer#1", (input, context) -> Mono.just("written"));
        Agent<String, String> third = Agent.of("reader#3", (input, context) -> Mono.just("read"));

        StepReport<String> report = round.report(round.engine(chaos), List.of(reader, writer, third));

        assertThat(report.values()).containsExactly("written");
        assertThat(chaos.injected())
                .extracting(fault -> fault.agentId().toString())
                .containsExactly("reader", "reader#3");
    }

    @Test
    void forKind_calledTwice_eachFaultIsForItsKind() {
        Chaos chaos = chaos().forKind("reader").fail(1).forKind("writer").empty(1);
        Agent<String, String> writer = Agent.of("writer", (input, context) -> Mono.just("written"));

        round.report(round.engine(chaos), List.of(reader, writer));

        assertThat(faults(chaos)).containsExactly(InjectedFault.Kind.FAIL, InjectedFault.Kind.EMPTY);
    }

    @Test
    void fail_onAnotherObject_leavesTheFirstAsItWas() {
        Chaos calm = chaos();
        Chaos wild = calm.fail(1);

        assertThat(resultWith(calm)).isInstanceOf(StepResult.Succeeded.class);
        assertThat(resultWith(wild)).isInstanceOf(StepResult.Failed.class);
        assertThat(calm.injected()).as("one log for all of a seed").hasSize(1);
    }

    // --- the log

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 1})
    void injected_aroundItsBound_keepsTheLatest(int over) {
        Chaos chaos = chaos().fail(1);
        int count = Chaos.MAX_LOGGED + over;
        StepEngine engine = round.engine(chaos);

        engine.stream(Collections.nCopies(count, reader), "go").blockLast();

        assertThat(chaos.injected()).hasSize(Math.min(count, Chaos.MAX_LOGGED));
        assertThat(chaos.injected().get(0).stepNumber()).isEqualTo(Math.max(0, over));
    }

    // --- bad input

    @ParameterizedTest
    @ValueSource(doubles = {-0.001, 1.001, Double.NaN, Double.POSITIVE_INFINITY})
    void fail_probabilityOutOfBounds_throws(double probability) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> chaos().fail(probability))
                .withMessage("probability must be in 0..1, was " + probability);
    }

    @Test
    void throwing_probabilityOutOfBounds_throws() {
        assertThatIllegalArgumentException().isThrownBy(() -> chaos().throwing(2));
    }

    @Test
    void hang_probabilityOutOfBounds_throws() {
        assertThatIllegalArgumentException().isThrownBy(() -> chaos().hang(2));
    }

    @Test
    void empty_probabilityOutOfBounds_throws() {
        assertThatIllegalArgumentException().isThrownBy(() -> chaos().empty(2));
    }

    @Test
    void cancel_probabilityOutOfBounds_throws() {
        assertThatIllegalArgumentException().isThrownBy(() -> chaos().cancel(2));
    }

    @Test
    void malformed_probabilityOutOfBounds_throws() {
        assertThatIllegalArgumentException().isThrownBy(() -> chaos().malformed(2, UnaryOperator.identity()));
    }

    @Test
    void malformed_null_throws() {
        assertThatNullPointerException()
                .isThrownBy(() -> chaos().malformed(1, null))
                .withMessage("change");
    }

    @Test
    void delay_probabilityOutOfBounds_throws() {
        assertThatIllegalArgumentException().isThrownBy(() -> chaos().delay(2, Duration.ZERO, Duration.ZERO));
    }

    @Test
    void delay_negative_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> chaos().delay(1, Duration.ofNanos(-1), Duration.ZERO))
                .withMessageContaining("least must not be negative");
    }

    @Test
    void delay_leastMoreThanMost_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> chaos().delay(1, Duration.ofMillis(2), Duration.ofMillis(1)))
                .withMessage("least must be <= most, was PT0.002S and PT0.001S");
    }

    @Test
    void forKind_null_throws() {
        assertThatNullPointerException().isThrownBy(() -> chaos().forKind(null));
    }

    @Test
    void forKind_noKindOfAnAgent_throws() {
        assertThatIllegalArgumentException().isThrownBy(() -> chaos().forKind(""));
    }
}
