package io.flotilla.resilience;

import static io.flotilla.resilience.InVirtualTime.engine;
import static io.flotilla.resilience.InVirtualTime.start;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.resilience.CircuitBreakerTransition.State;
import io.flotilla.resilience.InVirtualTime.Started;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import io.flotilla.step.StepResult.Kind;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;

/** When the breaker opens, whom it lets through on trial, and how it closes or opens again. */
@Timeout(30)
class CircuitBreakerTest {

    private static final Duration OPEN_FOR = Duration.ofSeconds(30);
    private static final Duration HALF_OPEN_FOR = Duration.ofSeconds(10);
    private static final Duration NANO = Duration.ofNanos(1);
    private static final Agent<String, String> FAILING =
            Agent.of("a", (input, context) -> Mono.error(new IOException("boom")));
    private static final Agent<String, String> ANSWERING = Agent.of("a", (input, context) -> Mono.just("done"));

    @RegisterExtension
    final InVirtualTime time = new InVirtualTime();

    private final Pending agent = new Pending("a");

    /** Opens after two failures of two, and decides by {@code probes} on trial. */
    private static Resilience.Builder breaker(int probes) {
        return Resilience.builder()
                .circuitBreaker(CircuitBreakerPolicy.builder()
                        .slidingWindow(2, 2)
                        .openDuration(OPEN_FOR)
                        .halfOpenCalls(probes, HALF_OPEN_FOR)
                        .build());
    }

    private StepEngine opened(Resilience.Builder resilience) {
        StepEngine engine = engine(resilience);
        start(engine, FAILING, 2);
        assertThat(start(engine, agent).kinds()).as("open").containsExactly(Kind.REJECTED);
        return engine;
    }

    private StepEngine halfOpen(int probes) {
        StepEngine engine = opened(breaker(probes));
        time.passes(OPEN_FOR);
        return engine;
    }

    // --- closed

    @ParameterizedTest
    @ValueSource(ints = {18, 19})
    void closed_fewerThanMinimumCalls_staysClosed(int failures) {
        StepEngine engine = engine(Resilience.builder().circuitBreaker(CircuitBreakerPolicy.defaults()));
        start(engine, FAILING, failures);

        assertThat(start(engine, ANSWERING).kinds()).containsExactly(Kind.SUCCEEDED);
    }

    @Test
    void closed_minimumCallsFailed_opens() {
        StepEngine engine = engine(Resilience.builder().circuitBreaker(CircuitBreakerPolicy.defaults()));
        start(engine, FAILING, 20);

        assertThat(start(engine, ANSWERING).kinds()).containsExactly(Kind.REJECTED);
    }

    @ParameterizedTest
    @ValueSource(ints = {49, 50, 51})
    void closed_failureRate_opensFromTheThresholdOn(int failures) {
        StepEngine engine = engine(Resilience.builder()
                .circuitBreaker(
                        CircuitBreakerPolicy.builder().slidingWindow(100, 100).build()));
        start(engine, ANSWERING, 100 - failures);
        start(engine, FAILING, failures);

        assertThat(start(engine, ANSWERING).only().kind()).isEqualTo(failures < 50 ? Kind.SUCCEEDED : Kind.REJECTED);
    }

    @ParameterizedTest
    @ValueSource(longs = {999, 1_000, 1_001})
    void closed_slowCalls_openWhenTheyTakeLonger(long millis) {
        StepEngine engine = engine(Resilience.builder()
                .circuitBreaker(CircuitBreakerPolicy.builder()
                        .slidingWindow(2, 2)
                        .slowCalls(1, Duration.ofSeconds(1))
                        .build()));
        Duration takes = Duration.ofMillis(millis);
        start(engine, Agent.of("a", (input, context) -> Mono.delay(takes).map(any -> "done")), 2);
        time.passes(takes);

        assertThat(start(engine, ANSWERING).only().kind()).isEqualTo(millis > 1_000 ? Kind.REJECTED : Kind.SUCCEEDED);
    }

    @Test
    void closed_ignoredFailures_neitherOpenNorFillTheWindow() {
        StepEngine engine = engine(Resilience.builder()
                .circuitBreaker(CircuitBreakerPolicy.builder()
                        .slidingWindow(2, 2)
                        .ignoreErrors(IllegalArgumentException.class::isInstance)
                        .build()));
        start(engine, Agent.of("a", (input, context) -> Mono.error(new IllegalArgumentException("bad"))), 10);
        start(engine, FAILING);

        assertThat(start(engine, ANSWERING).kinds()).containsExactly(Kind.SUCCEEDED);
    }

    @Test
    void closed_ignoreThrows_theFailureCountsAndTheStepEnds() {
        StepEngine engine = engine(Resilience.builder()
                .bulkhead(BulkheadPolicy.of(1))
                .circuitBreaker(CircuitBreakerPolicy.builder()
                        .slidingWindow(2, 2)
                        .ignoreErrors(cause -> {
                            throw new IllegalStateException("in the predicate");
                        })
                        .build()));
        Started failed = start(engine, FAILING, 2);

        assertThat(failed.kinds()).containsExactly(Kind.FAILED, Kind.FAILED);
        assertThat(start(engine, ANSWERING).kinds()).containsExactly(Kind.REJECTED);
    }

    @Test
    void closed_cancelledAttempts_doNotCount() {
        StepEngine engine = engine(breaker(1));
        start(engine, agent, 10).cancel();

        assertThat(start(engine, ANSWERING).kinds()).containsExactly(Kind.SUCCEEDED);
    }

    @Test
    void closed_fatalErrorsInTheBody_count() {
        StepEngine engine = engine(breaker(1));
        start(engine, Agent.of("a", (input, context) -> {
            throw new NoClassDefFoundError("boom");
        }));
        start(
                engine,
                Agent.of(
                        "a",
                        (input, context) -> Mono.fromCallable(() -> {
                            throw new StackOverflowError();
                        })));

        assertThat(start(engine, ANSWERING).kinds()).containsExactly(Kind.REJECTED);
    }

    // --- open

    @Test
    void open_refused_saysGuardStateAndWhenToComeBack() {
        StepEngine engine = opened(breaker(1));
        time.passes(Duration.ofSeconds(12));

        assertThat(start(engine, agent).only()).isInstanceOfSatisfying(StepResult.Rejected.class, rejected -> {
            assertThat(rejected.guard()).isEqualTo("circuitbreaker");
            assertThat(rejected.retryAfter()).isEqualTo(Duration.ofSeconds(18));
            assertThat(rejected.cause())
                    .hasMessage("circuitbreaker refused the step: a is OPEN since PT12S, come back in PT18S");
        });
        assertThat(agent.called()).isZero();
    }

    @Test
    void open_lessThanOpenFor_refused() {
        StepEngine engine = opened(breaker(1));
        time.passes(OPEN_FOR.minus(NANO));

        assertThat(start(engine, agent).kinds()).containsExactly(Kind.REJECTED);
    }

    @Test
    void open_exactlyOpenFor_aProbeIsLetThrough() {
        StepEngine engine = opened(breaker(1));
        time.passes(OPEN_FOR);
        start(engine, agent);

        assertThat(agent.called()).isEqualTo(1);
    }

    @Test
    void open_moreThanOpenFor_aProbeIsLetThrough() {
        StepEngine engine = opened(breaker(1));
        time.passes(OPEN_FOR.plus(NANO));
        start(engine, agent);

        assertThat(agent.called()).isEqualTo(1);
    }

    @Test
    void open_engineWithAClockThatStands_halfOpensAllTheSame() {
        StepEngine engine = StepEngine.builder()
                .clock(Clock.fixed(Instant.EPOCH, ZoneOffset.UTC))
                .interceptor(breaker(1).build())
                .build();
        start(engine, FAILING, 2);
        time.passes(OPEN_FOR);

        assertThat(start(engine, ANSWERING).kinds())
                .as("durations are measured by the timer")
                .containsExactly(Kind.SUCCEEDED);
    }

    // --- half-open

    @Test
    void halfOpenCalls_threeAtOnceForOneProbe_twoAreRefused() {
        Started round = start(halfOpen(1), agent, 3);

        assertThat(agent.called()).isEqualTo(1);
        assertThat(round.kinds()).containsExactly(Kind.REJECTED, Kind.REJECTED);
        assertThat(((StepResult.Rejected<String>) round.results.get(0)).retryAfter())
                .isEqualTo(HALF_OPEN_FOR);
    }

    @Test
    void halfOpenCalls_probesSucceed_closes() {
        StepEngine engine = halfOpen(2);
        start(engine, ANSWERING, 2);

        assertThat(start(engine, ANSWERING, 100).kinds()).hasSize(100).containsOnly(Kind.SUCCEEDED);
    }

    @Test
    void halfOpenCalls_probeFails_opensForAsLongAgain() {
        StepEngine engine = halfOpen(1);
        start(engine, FAILING);
        time.passes(OPEN_FOR.minus(NANO));
        assertThat(start(engine, agent).kinds()).containsExactly(Kind.REJECTED);
        time.passes(NANO);

        assertThat(start(engine, ANSWERING).kinds()).containsExactly(Kind.SUCCEEDED);
    }

    @Test
    void halfOpenCalls_probeCancelled_itsPermitIsBack() {
        StepEngine engine = halfOpen(1);
        for (int probe = 0; probe < 3; probe++) {
            start(engine, agent).cancel();
        }
        start(engine, agent);

        assertThat(agent.called()).isEqualTo(4);
    }

    @Test
    void halfOpenCalls_probeDiesOfAFatalError_countsAndOpens() {
        for (Error error : List.of(new NoClassDefFoundError("boom"), new StackOverflowError())) {
            StepEngine engine = halfOpen(1);
            Started died = start(
                    engine,
                    Agent.of(
                            "a",
                            (input, context) -> Mono.fromCallable(() -> {
                                throw error;
                            })));
            assertThat(died.kinds()).containsExactly(Kind.FAILED);
            assertThat(start(engine, ANSWERING).kinds()).as("open again").containsExactly(Kind.REJECTED);

            time.passes(OPEN_FOR);
            assertThat(start(engine, ANSWERING).kinds())
                    .as("%s: whole, a probe is let through", error)
                    .containsExactly(Kind.SUCCEEDED);
        }
    }

    @Test
    void halfOpenCalls_undecidedForLessThanHalfOpenFor_staysHalfOpen() {
        StepEngine engine = halfOpen(1);
        start(engine, agent);
        time.passes(HALF_OPEN_FOR.minus(NANO));

        assertThat(((StepResult.Rejected<String>) start(engine, agent).only()).retryAfter())
                .isEqualTo(NANO);
    }

    @Test
    void halfOpenCalls_undecidedForHalfOpenFor_opensAgain() {
        StepEngine engine = halfOpen(1);
        start(engine, agent);
        time.passes(HALF_OPEN_FOR);

        assertThat(((StepResult.Rejected<String>) start(engine, agent).only()).retryAfter())
                .isEqualTo(OPEN_FOR);
        time.passes(OPEN_FOR);
        assertThat(start(engine, ANSWERING).kinds())
                .as("the hung probe holds no permit of the next trial")
                .containsExactly(Kind.SUCCEEDED);
    }

    @Test
    void halfOpenCalls_attemptBegunWhenClosedSucceeds_decidesNothing() {
        StepEngine engine = engine(breaker(1));
        start(engine, agent);
        start(engine, FAILING, 2);
        time.passes(OPEN_FOR);
        Pending probe = new Pending("a");
        start(engine, probe);

        agent.succeed(0);

        assertThat(start(engine, ANSWERING).kinds()).as("still on trial").containsExactly(Kind.REJECTED);
        probe.fail(0, new IOException("boom"));
        assertThat(((StepResult.Rejected<String>) start(engine, ANSWERING).only()).retryAfter())
                .as("the probe has decided")
                .isEqualTo(OPEN_FOR);
    }

    @Test
    void halfOpenCalls_attemptBegunWhenClosedIsCancelled_givesNoPermit() {
        StepEngine engine = engine(breaker(1));
        Started old = start(engine, agent);
        start(engine, FAILING, 2);
        time.passes(OPEN_FOR);
        start(engine, agent);

        old.cancel();

        assertThat(start(engine, ANSWERING).kinds()).containsExactly(Kind.REJECTED);
    }

    // --- changes

    @Test
    void circuitBreakerChanges_fromClosedToClosed_emitsEachWithItsTime() {
        Resilience resilience = breaker(1).build();
        StepEngine engine = StepEngine.builder().interceptor(resilience).build();
        List<CircuitBreakerTransition> changes = new CopyOnWriteArrayList<>();
        resilience.circuitBreakerTransitions().subscribe(changes::add);
        time.passes(Duration.ofSeconds(1));
        start(engine, FAILING, 2);
        time.passes(OPEN_FOR);
        start(engine, ANSWERING);
        time.passes(NANO);

        assertThat(changes)
                .containsExactly(
                        new CircuitBreakerTransition("a", State.CLOSED, State.OPEN, Instant.ofEpochSecond(1)),
                        new CircuitBreakerTransition("a", State.OPEN, State.HALF_OPEN, Instant.ofEpochSecond(31)),
                        new CircuitBreakerTransition("a", State.HALF_OPEN, State.CLOSED, Instant.ofEpochSecond(31)));
    }

    @Test
    void circuitBreakerChanges_subscribedLate_theEarlierAreNotRepeated() {
        Resilience resilience = breaker(1).build();
        StepEngine engine = StepEngine.builder().interceptor(resilience).build();
        start(engine, FAILING, 2);
        List<State> states = new CopyOnWriteArrayList<>();
        resilience.circuitBreakerTransitions().map(CircuitBreakerTransition::to).subscribe(states::add);
        time.passes(OPEN_FOR);
        start(engine, ANSWERING);
        time.passes(NANO);

        assertThat(states).containsExactly(State.HALF_OPEN, State.CLOSED);
    }

    @Test
    void circuitBreakerChanges_slowSubscriber_losesItsOldestAndHurtsNobody() {
        Resilience resilience = breaker(1).build();
        StepEngine engine = StepEngine.builder().interceptor(resilience).build();
        List<State> slow = new CopyOnWriteArrayList<>();
        BaseSubscriber<State> notAsking = new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(org.reactivestreams.Subscription subscription) {
                // asks later
            }

            @Override
            protected void hookOnNext(State state) {
                slow.add(state);
            }
        };
        resilience.circuitBreakerTransitions().map(CircuitBreakerTransition::to).subscribe(notAsking);
        List<State> quick = new CopyOnWriteArrayList<>();
        resilience.circuitBreakerTransitions().map(CircuitBreakerTransition::to).subscribe(quick::add);
        int rounds = 200;
        for (int round = 0; round < rounds; round++) {
            start(engine, FAILING, 2);
            time.passes(OPEN_FOR);
            start(engine, ANSWERING);
            time.passes(NANO);
        }
        notAsking.requestUnbounded();
        time.passes(NANO);

        assertThat(quick).hasSize(3 * rounds);
        assertThat(slow).as("256 wait, and one is on its way").hasSizeBetween(256, 257);
        assertThat(slow.get(slow.size() - 1)).isEqualTo(State.CLOSED);
    }
}
