package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** What an engine's round does beyond the fan-out that any merge does. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class RoundTest {

    private static final Agent<String, String> WORKER = Agent.of("worker", (input, context) -> Mono.just("done"));

    private final StepEngine engine =
            StepEngine.builder().stepTimeout(Duration.ofSeconds(10)).build();

    @BeforeAll
    static void failInsteadOfHanging() {
        StepVerifier.setDefaultTimeout(Duration.ofSeconds(20));
    }

    // --- bad input

    @Test
    void run_nullAgent_isRefusedAtOnceByIndex() {
        assertThatNullPointerException()
                .isThrownBy(() -> engine.run(Arrays.asList(WORKER, null), "go"))
                .withMessage("agents[1] is null");
    }

    @Test
    void run_nullAgentsOrInput_isRefusedAtOnce() {
        List<Agent<String, String>> none = null;
        assertThatNullPointerException()
                .isThrownBy(() -> engine.run(none, "go"))
                .withMessage("agents");
        assertThatNullPointerException()
                .isThrownBy(() -> engine.run(List.of(WORKER), null))
                .withMessage("input");
        assertThatNullPointerException()
                .isThrownBy(() -> engine.stream(List.of(WORKER), null))
                .withMessage("input");
    }

    @Test
    void run_noAgents_isAnEmptyReport() {
        StepVerifier.create(engine.run(List.<Agent<String, String>>of(), "go"))
                .assertNext(report -> assertThat(report.size()).isZero())
                .verifyComplete();
    }

    @Test
    void run_listChangedAfterwards_stepsThoseThatWereInIt() {
        List<Agent<String, String>> agents = new ArrayList<>(List.of(WORKER));
        Mono<StepReport<String>> report = engine.run(agents, "go");
        agents.clear();

        StepVerifier.create(report.map(StepReport::size)).expectNext(1L).verifyComplete();
    }

    // --- bodies that break the rules

    private StepResult<String> only(Agent<String, String> agent) {
        StepReport<String> report =
                engine.run(List.of(WORKER, agent, WORKER), "go").block();
        assertThat(report.values()).contains("done");
        return report.results().get(1);
    }

    private StepResult<String> onlyOf(Mono<String> body) {
        return only(Agent.of("odd", (input, context) -> body));
    }

    @Test
    void run_bodyReturnsNull_failureNamesTheAgent() {
        assertThat(only(Agent.of("odd#7", (input, context) -> null)).cause())
                .isInstanceOf(NullPointerException.class)
                .hasMessage("agent odd#7 returned null instead of a Mono");
    }

    @Test
    void run_bodyEmitsNull_failureNamesTheAgent() {
        StepResult<String> result = onlyOf(signalling(actual -> actual.onNext(null)));

        assertThat(result.cause()).isInstanceOf(NullPointerException.class).hasMessage("agent odd emitted null");
    }

    @Test
    void run_bodySignalsANullError_failureNamesTheAgent() {
        StepResult<String> result = onlyOf(signalling(actual -> actual.onError(null)));

        assertThat(result.cause())
                .isInstanceOf(NullPointerException.class)
                .hasMessage("agent odd signalled a null error");
    }

    @Test
    void run_bodyEmitsTwice_theFirstValueCountsAndTheBodyIsCancelled() {
        AtomicInteger cancelled = new AtomicInteger();
        Mono<String> twice =
                Mono.fromDirect(Flux.just("first", "second").hide().doOnCancel(cancelled::incrementAndGet));

        assertThat(onlyOf(twice).value()).isEqualTo("first");
        assertThat(cancelled).hasValue(1);
    }

    @Test
    void run_bodySubscribesTwice_theSecondSubscriptionIsCancelled() {
        AtomicInteger cancelled = new AtomicInteger();
        StepResult<String> result = onlyOf(signalling(actual -> {
            actual.onSubscribe(subscription(() -> {}, cancelled::incrementAndGet));
            actual.onNext("done");
        }));

        assertThat(result.value()).isEqualTo("done");
        assertThat(cancelled).hasValue(1);
    }

    @Test
    void run_bodyCompletesAndThenFails_theFirstSignalCounts() {
        StepResult<String> result = onlyOf(signalling(actual -> {
            actual.onNext("done");
            actual.onError(new IllegalStateException("late"));
            actual.onComplete();
        }));

        assertThat(result.value()).isEqualTo("done");
    }

    @Test
    void run_bodyThrowsOnRequest_isAFailure() {
        Mono<String> body = subscribing(actual -> actual.onSubscribe(subscription(
                () -> {
                    throw new LinkageError("on request");
                },
                () -> {})));

        assertThat(onlyOf(body).cause()).isInstanceOf(LinkageError.class);
    }

    @Test
    void stream_bodiesThrowOnCancel_everyOtherStepIsCancelledAllTheSame() {
        AtomicInteger cancels = new AtomicInteger();
        Agent<String, String> odd = Agent.of(
                "odd",
                (input, context) -> subscribing(actual -> actual.onSubscribe(subscription(() -> {}, () -> {
                    cancels.incrementAndGet();
                    throw new LinkageError("on cancel");
                }))));

        engine.stream(Collections.nCopies(100, odd), "go").subscribe().dispose();

        assertThat(cancels).hasValue(100);
    }

    @Test
    void run_idThrowsOrIsNull_theAgentIsSteppedAllTheSame() {
        assertThat(only(new Nameless(null)).value()).isEqualTo("done");
        assertThat(only(new Nameless(new IllegalStateException("no id"))).value())
                .isEqualTo("done");
    }

    private record Nameless(RuntimeException thrown) implements Agent<String, String> {
        @Override
        public AgentId id() {
            if (thrown != null) {
                throw thrown;
            }
            return null;
        }

        @Override
        public Mono<String> step(String input, StepContext context) {
            return Mono.just("done");
        }
    }

    @Test
    void run_bodyFailsWithATimeoutOfItsOwn_isFailedNotTimedOut() {
        assertThat(onlyOf(Mono.error(new TimeoutException("its own"))).kind()).isEqualTo(StepResult.Kind.FAILED);
    }

    @Test
    void run_bodysFutureIsCancelled_isCancelled() {
        CompletableFuture<String> future = new CompletableFuture<>();
        future.cancel(true);

        StepResult<String> result = onlyOf(Mono.fromFuture(future));

        assertThat(result.kind()).isEqualTo(StepResult.Kind.CANCELLED);
        assertThat(result.cause()).isInstanceOf(CancellationException.class);
    }

    // --- usage

    @Test
    void run_stepsRecordUsage_reportHasTheSumOfThisRoundFailedStepsToo() {
        Agent<String, String> using = Agent.of("using", (input, context) -> {
            context.usage().record(Usage.ofTokens(10, 1));
            return Mono.just("done");
        });
        Agent<String, String> failing = Agent.of("failing", (input, context) -> {
            context.usage().record(Usage.ofTokens(100, 0));
            return Mono.error(new IllegalStateException("boom"));
        });
        Mono<StepReport<String>> round = engine.run(List.of(using, using, failing), "go");

        assertThat(round.block().usage()).isEqualTo(Usage.ofTokens(120, 2));
        assertThat(round.block().usage()).isEqualTo(Usage.ofTokens(120, 2));
    }

    // --- many at once

    @Test
    void stream_10000InFlightAndCancelled_everyOneSeesTheCancel() {
        AtomicInteger cancels = new AtomicInteger();
        Agent<String, String> silent =
                Agent.of("silent", (input, context) -> Mono.<String>never().doOnCancel(cancels::incrementAndGet));

        StepEngine.builder().concurrency(10_000).build().stream(Collections.nCopies(20_000, silent), "go")
                .subscribe()
                .dispose();

        assertThat(cancels).hasValue(10_000);
    }

    @Test
    void run_10000TimeOutAtTheSameInstant_everyOneIsTimedOutAndCancelled() {
        AtomicInteger cancels = new AtomicInteger();
        Agent<String, String> silent =
                Agent.of("silent", (input, context) -> Mono.<String>never().doOnCancel(cancels::incrementAndGet));

        UndisturbedTime.verifier(() ->
                        StepEngine.builder().concurrency(10_000).build().run(Collections.nCopies(10_000, silent), "go"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(60))
                .assertNext(report ->
                        assertThat(report.count(StepResult.Kind.TIMED_OUT)).isEqualTo(10_000))
                .verifyComplete();
        assertThat(cancels).hasValue(10_000);
    }

    @Test
    void run_100000StepsThatEndAtOnceOneByOne_needsNoDeepStack() {
        StepVerifier.create(engine.withOrder(Order.SEQUENTIAL)
                        .run(Collections.nCopies(100_000, WORKER), "go")
                        .map(StepReport::size))
                .expectNext(100_000L)
                .verifyComplete();
    }

    @Test
    void run_answeredAllAtTheSameInstant_reportIsWhole() {
        Sinks.Empty<String> start = Sinks.empty();
        Agent<String, String> waiting =
                Agent.of("waiting", (input, context) -> start.asMono().thenReturn("done"));

        StepVerifier.create(
                        StepEngine.builder().concurrency(5_000).build().run(Collections.nCopies(5_000, waiting), "go"))
                .then(start::tryEmitEmpty)
                .assertNext(report -> assertThat(report.values()).hasSize(5_000))
                .verifyComplete();
    }

    // --- downstream

    @Test
    void stream_downstreamThrowsAFatalError_roundEndsWithItAndCancelsTheOthers() {
        AtomicInteger cancels = new AtomicInteger();
        Agent<String, String> silent =
                Agent.of("silent", (input, context) -> Mono.<String>never().doOnCancel(cancels::incrementAndGet));

        StepVerifier.create(engine.stream(List.of(silent, WORKER, silent), "go").handle((result, sink) -> {
                    throw new NoClassDefFoundError("downstream");
                }))
                .verifyError(NoClassDefFoundError.class);
        assertThat(cancels).hasValue(1); // the third was never started
    }

    private interface Signals {
        void to(CoreSubscriber<? super String> actual);
    }

    /** A body that signals whatever it likes after a proper onSubscribe. */
    private static Mono<String> signalling(Signals signals) {
        return subscribing(actual -> {
            actual.onSubscribe(Operators.emptySubscription());
            signals.to(actual);
        });
    }

    /** A body that does whatever it likes when it is subscribed to. */
    private static Mono<String> subscribing(Signals signals) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super String> actual) {
                signals.to(actual);
            }
        };
    }

    private static Subscription subscription(Runnable onRequest, Runnable onCancel) {
        return new Subscription() {
            @Override
            public void request(long n) {
                onRequest.run();
            }

            @Override
            public void cancel() {
                onCancel.run();
            }
        };
    }
}
