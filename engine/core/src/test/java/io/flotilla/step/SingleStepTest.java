package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.subscriber.TestSubscriber;

/** One step as a Mono. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class SingleStepTest {

    private static final StepEngine ENGINE = StepEngine.builder().build();
    private static final Agent<String, String> WORKER = TestAgents.answering("worker");
    private static final Agent<String, String> BROKEN = TestAgents.failing("broken", new IllegalStateException("boom"));

    @BeforeAll
    static void failInsteadOfHanging() {
        StepVerifier.setDefaultTimeout(Duration.ofSeconds(10));
    }

    // --- arguments

    @Test
    @SuppressWarnings("NullAway")
    void step_nullArguments_theCallItselfThrows() {
        assertThatNullPointerException()
                .isThrownBy(() -> ENGINE.step(null, "go"))
                .withMessage("agent");
        assertThatNullPointerException()
                .isThrownBy(() -> ENGINE.step(WORKER, null))
                .withMessage("input");
    }

    // --- the result

    @Test
    void step_answers_oneResultThenTheEnd() {
        StepVerifier.create(ENGINE.step(WORKER, "go"))
                .assertNext(result -> {
                    assertThat(result.kind()).isEqualTo(StepResult.Kind.SUCCEEDED);
                    assertThat(result.agentId()).isEqualTo(WORKER.id());
                    assertThat(result.index()).isZero();
                    assertThat(result.attempts()).isEqualTo(1);
                    assertThat(result.value()).isEqualTo("worker");
                })
                .verifyComplete();
    }

    @Test
    void step_subscribedTwice_twoStepsWithIdsOfTheirOwn() {
        List<String> ids = new ArrayList<>();
        Agent<String, String> noting = Agent.of("noting", (input, context) -> {
            ids.add(context.runId());
            return Mono.just(context.stepId());
        });
        Mono<StepResult<String>> step = ENGINE.step(noting, "go");

        assertThat(ids).isEmpty();
        StepVerifier.create(step).expectNextCount(1).verifyComplete();
        StepVerifier.create(step).expectNextCount(1).verifyComplete();
        assertThat(ids).hasSize(2).doesNotHaveDuplicates();
    }

    @Test
    void step_withoutDemand_theResultWaits() {
        StepVerifier.create(ENGINE.step(WORKER, "go"), 0)
                .expectSubscription()
                .thenRequest(1)
                .expectNextCount(1)
                .verifyComplete();
    }

    @Test
    void step_cancelled_theBodySeesItOnce() {
        TestPublisher<String> body = TestPublisher.create();
        TestSubscriber<StepResult<String>> subscriber = TestSubscriber.create();
        ENGINE.step(Agent.<String, String>of("silent", (input, context) -> body.mono()), "go")
                .subscribe(subscriber);

        subscriber.cancel();
        subscriber.cancel();

        body.assertCancelled(1);
        assertThat(subscriber.getReceivedOnNext()).isEmpty();
        assertThat(subscriber.isTerminated()).isFalse();
    }

    @Test
    void step_stepTimeoutPasses_isTimedOutAndTheBodyIsCancelled() {
        TestPublisher<String> body = TestPublisher.create();
        Agent<String, String> silent = Agent.of("silent", (input, context) -> body.mono());
        StepVerifier.withVirtualTime(() -> StepEngine.builder()
                        .stepTimeout(Duration.ofSeconds(3))
                        .build()
                        .step(silent, "go"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(3))
                .assertNext(result -> {
                    assertThat(result.kind()).isEqualTo(StepResult.Kind.TIMED_OUT);
                    assertThat(result.cause()).hasMessage("agent silent passed the step timeout of PT3S");
                })
                .verifyComplete();
        body.assertCancelled(1);
    }

    // --- failure modes

    @Test
    void step_failsInIsolate_isAResult() {
        StepVerifier.create(ENGINE.step(BROKEN, "go"))
                .assertNext(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED))
                .verifyComplete();
    }

    @Test
    void step_failsInFailFast_isTheErrorThatNamesTheAgent() {
        StepVerifier.create(ENGINE.withFailureMode(FailureMode.FAIL_FAST).step(BROKEN, "go"))
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(StepFailedException.class, failed -> {
                            assertThat(failed.failure().agentId()).isEqualTo(BROKEN.id());
                            assertThat(failed.failure().kind()).isEqualTo(StepResult.Kind.FAILED);
                        }));
    }

    @Test
    void step_failsInFailAtEnd_isTheErrorWithAReportOfTheOneResult() {
        StepVerifier.create(ENGINE.withFailureMode(FailureMode.FAIL_AT_END).step(BROKEN, "go"))
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                RoundFailedException.class,
                                failed -> assertThat(failed.report().failures())
                                        .singleElement()
                                        .satisfies(result ->
                                                assertThat(result.agentId()).isEqualTo(BROKEN.id()))));
    }

    @Test
    void step_succeedsInEveryMode_isAResult() {
        for (FailureMode mode : FailureMode.values()) {
            StepVerifier.create(ENGINE.withFailureMode(mode).step(WORKER, "go"))
                    .assertNext(result -> assertThat(result.value()).isEqualTo("worker"))
                    .verifyComplete();
        }
    }

    @Test
    void step_mergedInFailFast_theFirstFailureCancelsTheOthers() {
        TestPublisher<String> silent = TestPublisher.create();
        StepEngine failFast = ENGINE.withFailureMode(FailureMode.FAIL_FAST);
        Agent<String, String> waiting = Agent.of("waiting", (input, context) -> silent.mono());

        StepVerifier.create(Flux.merge(failFast.step(waiting, "go"), failFast.step(BROKEN, "go")))
                .verifyError(StepFailedException.class);
        silent.assertCancelled(1);
    }

    // --- as in a round

    @Test
    void step_zippedWithAnotherType_bothValuesAreThere() {
        Agent<String, Integer> counting = Agent.of("counting", (input, context) -> Mono.just(input.length()));

        StepVerifier.create(Mono.zip(ENGINE.step(WORKER, "go"), ENGINE.step(counting, "four")))
                .assertNext(both -> {
                    assertThat(both.getT1().value()).isEqualTo("worker");
                    assertThat(both.getT2().value()).isEqualTo(4);
                })
                .verifyComplete();
    }

    @Test
    void step_intoASink_isCountedAsTheStreamsResultsAre() {
        ResultSink<String> sink = ResultSink.keepingAll();

        StepVerifier.create(Flux.merge(ENGINE.step(WORKER, "go"), ENGINE.step(BROKEN, "go"))
                        .transform(sink::tap))
                .expectNextCount(2)
                .verifyComplete();
        assertThat(sink.report().size()).isEqualTo(2);
        assertThat(sink.report().failureCount()).isEqualTo(1);
    }

    @Test
    void step_fails_isInTheFeedOnce() {
        StepEngine engine = StepEngine.builder().build();

        StepVerifier.create(engine.failures().take(1))
                .then(() -> engine.step(BROKEN, "go").block(Duration.ofSeconds(10)))
                .assertNext(failure -> assertThat(failure.agentId()).isEqualTo(BROKEN.id()))
                .verifyComplete();
    }

    @Test
    void step_withAnInterceptor_itsRetryCountsAttempts() {
        AtomicInteger calls = new AtomicInteger();
        Agent<String, String> flaky = Agent.of("flaky", (input, context) -> {
            if (calls.incrementAndGet() < 3) {
                throw new IllegalStateException("not yet");
            }
            return Mono.just("attempt " + context.attempt());
        });
        StepEngine retrying = StepEngine.builder()
                .interceptor(new StepInterceptor() {
                    @Override
                    public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                        return attempts.retry(2);
                    }
                })
                .build();

        StepVerifier.create(retrying.step(flaky, "go"))
                .assertNext(result -> {
                    assertThat(result.attempts()).isEqualTo(3);
                    assertThat(result.value()).isEqualTo("attempt 3");
                })
                .verifyComplete();
    }
}
