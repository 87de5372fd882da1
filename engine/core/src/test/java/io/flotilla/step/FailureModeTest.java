package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.subscriber.TestSubscriber;
import reactor.util.function.Tuple2;
import reactor.util.function.Tuples;

/** What a failed step does to its round. */
@Timeout(30)
class FailureModeTest {

    private final IllegalStateException boom = new IllegalStateException("boom");

    private static StepEngine engine(FailureMode mode) {
        return StepEngine.builder().failureMode(mode).build();
    }

    private static <O> Flux<Tuple2<Agent<String, O>, String>> pairs(List<Agent<String, O>> agents) {
        return Flux.fromIterable(agents).map(agent -> Tuples.of(agent, "go"));
    }

    // --- ISOLATE

    @Test
    void run_isolate_failureIsAResultAmongTheOthers() {
        StepReport<String> report = engine(FailureMode.ISOLATE)
                .run(List.of(TestAgents.answering("a"), TestAgents.failing("b", boom), TestAgents.answering("c")), "go")
                .block();

        assertThat(report.values()).containsExactly("a", "c");
        assertThat(report.failures()).singleElement().satisfies(failure -> {
            assertThat(failure.agentId()).isEqualTo(AgentId.of("b"));
            assertThat(failure.cause()).isSameAs(boom);
        });
    }

    @Test
    void stream_isolateAndAllFail_completes() {
        StepVerifier.create(engine(FailureMode.ISOLATE).stream(TestAgents.manyFailing(3), "go"))
                .expectNextCount(3)
                .verifyComplete();
    }

    // --- FAIL_FAST

    @Test
    void run_failFast_siblingsSeeCancelAndNoMoreAreStarted() {
        TestPublisher<String> failing = TestPublisher.create();
        TestPublisher<String> sibling = TestPublisher.create();
        AtomicInteger startedLater = new AtomicInteger();
        List<Agent<String, String>> agents = new ArrayList<>();
        agents.add(Agent.of("sibling", (input, context) -> sibling.mono()));
        agents.add(Agent.of("failing", (input, context) -> failing.mono()));
        agents.add(Agent.of(
                "later",
                (input, context) ->
                        Mono.fromCallable(startedLater::incrementAndGet).map(String::valueOf)));
        StepEngine engine = StepEngine.builder()
                .concurrency(2)
                .failureMode(FailureMode.FAIL_FAST)
                .build();

        StepVerifier.create(engine.run(agents, "go"))
                .then(() -> failing.error(boom))
                .verifyErrorSatisfies(cause -> assertNames(cause, "failing"));

        sibling.assertCancelled();
        assertThat(startedLater).hasValue(0);
    }

    private void assertNames(Throwable cause, String agent) {
        assertThat(cause)
                .isInstanceOf(StepFailedException.class)
                .hasCause(boom)
                .hasMessageContaining("agent=" + agent)
                .hasMessageContaining("boom");
        StepFailedException failed = (StepFailedException) cause;
        assertThat(failed.agentId()).isEqualTo(AgentId.of(agent));
        assertThat(failed.failure().kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(failed.failure().cause()).isSameAs(boom);
    }

    @Test
    void stream_failFast_emitsWhatEndedBeforeAndThenTheFailure() {
        StepVerifier.create(engine(FailureMode.FAIL_FAST).stream(
                        List.of(TestAgents.answering("a"), TestAgents.failing("b", boom), TestAgents.answering("c")),
                        "go"))
                .assertNext(result -> assertThat(result.value()).isEqualTo("a"))
                .verifyErrorSatisfies(cause -> assertNames(cause, "b"));
    }

    @Test
    void stream_failFastWithoutDemand_errorIsAheadOfResultsNotAskedFor() {
        TestPublisher<String> failing = TestPublisher.create();
        List<Agent<String, String>> agents = List.of(
                TestAgents.answering("a"),
                TestAgents.answering("b"),
                Agent.of("failing", (input, context) -> failing.mono()));
        TestSubscriber<StepResult<String>> subscriber =
                TestSubscriber.builder().initialRequest(1).build();

        engine(FailureMode.FAIL_FAST).stream(agents, "go").subscribe(subscriber);
        failing.error(boom);

        assertThat(subscriber.getReceivedOnNext())
                .extracting(StepResult::value)
                .as("b has ended, but nobody has asked for it")
                .containsExactly("a");
        assertNames(subscriber.expectTerminalError(), "failing");
    }

    @Test
    void stream_pairsFailFast_cancelsTheSourceAndTheSiblings() {
        TestPublisher<Tuple2<Agent<String, String>, String>> source = TestPublisher.create();
        AtomicBoolean siblingCancelled = new AtomicBoolean();
        Agent<String, String> sibling = Agent.of(
                "sibling", (input, context) -> Mono.<String>never().doOnCancel(() -> siblingCancelled.set(true)));

        StepVerifier.create(engine(FailureMode.FAIL_FAST).stream(source))
                .then(() -> source.next(Tuples.of(sibling, "go"), Tuples.of(TestAgents.failing("b", boom), "go")))
                .verifyErrorSatisfies(cause -> assertNames(cause, "b"));

        source.assertCancelled();
        assertThat(siblingCancelled).isTrue();
    }

    @Test
    void run_failFastAndNoFailure_isTheReport() {
        StepReport<String> report = engine(FailureMode.FAIL_FAST)
                .run(TestAgents.manyAnswering(10), "go")
                .block();

        assertThat(report.values()).hasSize(10);
    }

    @Test
    void run_failFastTwoFailures_signalsTheFirst() {
        StepVerifier.create(engine(FailureMode.FAIL_FAST)
                        .run(
                                List.of(
                                        TestAgents.failing("first", boom),
                                        TestAgents.failing("second", new IllegalStateException("later"))),
                                "go"))
                .verifyErrorSatisfies(cause -> assertNames(cause, "first"));
    }

    @Test
    @SuppressWarnings({"OverrideThrowableToString", "ToStringReturnsNull"}) // it is toString that is written
    void run_failFastAndTheCauseCannotBeWritten_signalsItAllTheSame() {
        RuntimeException unreadable = new RuntimeException() {
            @Override
            public String toString() {
                return null;
            }
        };

        StepVerifier.create(engine(FailureMode.FAIL_FAST).run(List.of(TestAgents.failing("a", unreadable)), "go"))
                .verifyErrorSatisfies(cause -> assertThat(cause)
                        .isInstanceOf(StepFailedException.class)
                        .hasCause(unreadable));
    }

    // --- FAIL_AT_END

    private List<Agent<String, String>> mixed() {
        return List.of(
                TestAgents.answering("a"),
                TestAgents.failing("b", boom),
                TestAgents.answering("c"),
                TestAgents.failing("d", new IllegalStateException("other")));
    }

    @Test
    void run_failAtEnd_allFinishAndTheExceptionCarriesTheWholeReport() {
        RoundFailedException thrown = catchThrowableOfType(
                RoundFailedException.class,
                () -> engine(FailureMode.FAIL_AT_END).run(mixed(), "go").block());

        assertThat(thrown.report().results()).extracting(StepResult::index).containsExactly(0L, 1L, 2L, 3L);
        assertThat(thrown.report().values()).asString().isEqualTo("[a, c]");
        assertThat(thrown).hasCause(boom).hasMessageContaining("2 succeeded, 2 failed");
    }

    @Test
    void stream_failAtEnd_emitsAllResultsAndThenTheWholeReport() {
        StepVerifier.create(engine(FailureMode.FAIL_AT_END).stream(mixed(), "go"))
                .expectNextCount(4)
                .verifyErrorSatisfies(cause -> {
                    assertThat(cause).isInstanceOf(RoundFailedException.class).hasCause(boom);
                    assertThat(((RoundFailedException) cause).report().results())
                            .extracting(StepResult::index)
                            .containsExactly(0L, 1L, 2L, 3L);
                });
    }

    @Test
    void stream_failAtEndTwoSubscribers_haveAReportEach() {
        Flux<StepResult<String>> round = engine(FailureMode.FAIL_AT_END).stream(mixed(), "go");

        for (int subscriber = 0; subscriber < 2; subscriber++) {
            StepVerifier.create(round)
                    .expectNextCount(4)
                    .verifyErrorSatisfies(cause -> assertThat(
                                    ((RoundFailedException) cause).report().size())
                            .isEqualTo(4));
        }
    }

    @Test
    void stream_failAtEndAndNoFailure_completes() {
        StepEngine engine = engine(FailureMode.FAIL_AT_END);

        StepVerifier.create(engine.stream(TestAgents.manyAnswering(2), "go"))
                .expectNextCount(2)
                .verifyComplete();
        StepVerifier.create(engine.stream(pairs(TestAgents.manyAnswering(2))))
                .expectNextCount(2)
                .verifyComplete();
        StepVerifier.create(engine.run(List.<Agent<String, String>>of(), "go"))
                .assertNext(report -> assertThat(report.size()).isZero())
                .verifyComplete();
    }

    @ParameterizedTest
    @ValueSource(
            ints = {StepEngine.MAX_FAILURES_KEPT - 1, StepEngine.MAX_FAILURES_KEPT, StepEngine.MAX_FAILURES_KEPT + 1})
    void stream_pairsFailAtEndAroundTheMostFailuresKept_keepsTheFirstAndCountsAll(int failures) {
        Flux<Tuple2<Agent<String, String>, String>> pairs =
                pairs(TestAgents.manyFailing(failures)).startWith(Tuples.of(TestAgents.answering("a"), "go"));

        StepVerifier.create(engine(FailureMode.FAIL_AT_END).stream(pairs))
                .expectNextCount(failures + 1)
                .verifyErrorSatisfies(cause -> {
                    StepReport<?> report = ((RoundFailedException) cause).report();
                    assertThat(report.results())
                            .as("failures only")
                            .hasSize(Math.min(failures, StepEngine.MAX_FAILURES_KEPT))
                            .allMatch(StepResult::isFailure);
                    assertThat(report.results().get(0).index()).isEqualTo(1);
                    assertThat(report.failureCount()).isEqualTo(failures);
                    assertThat(report.size()).isEqualTo(failures + 1);
                });
    }

    @Test
    void stream_pairsFailAtEndAndSourceFails_theReportComesWithTheSourcesErrorAsItsCause() {
        IllegalStateException broken = new IllegalStateException("source");

        StepVerifier.create(
                        engine(FailureMode.FAIL_AT_END).stream(pairs(mixed()).concatWith(Flux.error(broken))))
                .expectNextCount(4)
                .verifyErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(RoundFailedException.class).hasCause(broken);
                    StepReport<?> report = ((RoundFailedException) error).report();
                    assertThat(report.size()).isEqualTo(4);
                    assertThat(report.failures()).isNotEmpty();
                });
    }

    // --- views and copies

    @ParameterizedTest
    @EnumSource
    void withFailureMode_ofEach_isThatEngineInThatMode(FailureMode mode) {
        StepEngine engine = StepEngine.builder().concurrency(3).build();

        StepEngine view = engine.withFailureMode(mode);

        assertThat(view.failureMode()).isEqualTo(mode);
        assertThat(view.concurrency()).isEqualTo(3);
        assertThat(engine.failureMode()).isEqualTo(FailureMode.ISOLATE);
    }

    @Test
    void failures_ofViews_areThoseOfTheEngine() {
        StepEngine engine = StepEngine.builder().build();
        StepEngine failFast = engine.withFailureMode(FailureMode.FAIL_FAST);
        StepEngine sequential = engine.withOrder(Order.SEQUENTIAL);

        StepVerifier.create(engine.failures()
                        .take(3)
                        .map(failure -> failure.agentId().kind()))
                .then(() -> {
                    failFast.run(List.of(TestAgents.failing("fast", boom)), "go")
                            .onErrorComplete()
                            .block();
                    sequential
                            .run(List.of(TestAgents.failing("one-by-one", boom)), "go")
                            .block();
                    engine.run(List.of(TestAgents.failing("engine", boom)), "go")
                            .block();
                })
                .expectNext("fast", "one-by-one", "engine")
                .verifyComplete();
    }

    @Test
    void failures_ofACopy_areItsOwn() {
        StepEngine engine = StepEngine.builder().build();
        StepEngine copy = engine.toBuilder().build();

        StepVerifier.create(engine.failures()
                        .take(1)
                        .map(failure -> failure.agentId().kind()))
                .then(() -> {
                    copy.run(List.of(TestAgents.failing("copy", boom)), "go").block();
                    engine.run(List.of(TestAgents.failing("engine", boom)), "go")
                            .block();
                })
                .expectNext("engine")
                .verifyComplete();
    }

    @Test
    void interceptor_null_throwsNamingIt() {
        StepEngine engine = StepEngine.builder().build();

        assertThatNullPointerException()
                .isThrownBy(() -> engine.withFailureMode(null))
                .withMessage("failureMode");
        assertThatNullPointerException()
                .isThrownBy(() -> engine.withOrder(null))
                .withMessage("order");
    }
}
