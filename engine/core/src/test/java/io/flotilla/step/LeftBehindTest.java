package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.util.function.Tuples;

/** What one piece of user code leaves behind harms nobody else: a flag, an error, a shared exception, a dead scheduler. */
@Timeout(60)
class LeftBehindTest {

    private static final Duration SOON = Duration.ofSeconds(10);

    // --- the interrupt flag

    private final List<Boolean> flags = new CopyOnWriteArrayList<>();

    private final Agent<String, String> interrupting = Agent.of("interrupting", (input, context) -> {
        flags.add(Thread.currentThread().isInterrupted());
        Thread.currentThread().interrupt();
        return Mono.just("done");
    });

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void run_bodiesLeaveTheirInterruptFlag_noneSeesAnothers(boolean guarded) {
        StepEngine.Builder engine = StepEngine.builder();
        if (guarded) {
            engine.interceptor(new StepInterceptor() {
                @Override
                public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
                    return attempt.doOnNext(
                            value -> flags.add(Thread.currentThread().isInterrupted()));
                }
            });
        }

        StepReport<String> report =
                engine.build().run(Collections.nCopies(3, interrupting), "go").block(SOON);

        assertThat(report).as("block() is not interrupted").isNotNull();
        assertThat(flags).hasSize(guarded ? 6 : 3).containsOnly(false);
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void stream_pairs_bodiesLeaveTheirInterruptFlag_noneSeesAnothers() {
        StepEngine.builder().build().stream(Flux.range(0, 3).map(at -> Tuples.of(interrupting, "go")))
                .doOnNext(result -> flags.add(Thread.currentThread().isInterrupted()))
                .blockLast(SOON);

        assertThat(flags).hasSize(6).containsOnly(false);
    }

    @Test
    void run_threadWasInterruptedBefore_itsOwnerHasTheFlagAgainAndNoBodySeesIt() {
        AtomicInteger ended = new AtomicInteger();
        Thread.currentThread().interrupt();

        StepEngine.builder()
                .build()
                .run(Collections.nCopies(3, interrupting), "go")
                .subscribe(report -> ended.incrementAndGet());

        assertThat(Thread.interrupted()).isTrue();
        assertThat(ended).hasValue(1);
        assertThat(flags).hasSize(3).containsOnly(false);
    }

    // --- errors in interceptors' operators

    @ParameterizedTest
    @ValueSource(strings = {"attempt", "step"})
    void interceptor_operatorThrowsAFatalErrorOnAnotherThread_theStepFailsWithIt(String where) {
        Error fatal = new NoClassDefFoundError("interceptor");
        StepInterceptor throwing = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return where.equals("step") ? attempts.map(this::fail) : attempts;
            }

            @Override
            public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
                return where.equals("attempt") ? attempt.map(this::fail) : attempt;
            }

            private <O> O fail(O value) {
                throw fatal;
            }
        };
        Agent<String, String> later = Agent.of(
                "later", (input, context) -> Mono.delay(Duration.ofMillis(1)).thenReturn("done"));

        StepReport<String> report = StepEngine.builder()
                .noStepTimeout()
                .interceptor(throwing)
                .build()
                .run(List.of(later), "go")
                .block(SOON);

        assertThat(report).isNotNull();
        assertThat(report.results().get(0).cause()).isSameAs(fatal);
    }

    // --- an exception that is shared

    @Test
    void run_agentsShareAnException_noneHasAnothersCauses() {
        IllegalStateException shared = new IllegalStateException("shared");
        List<Agent<String, String>> agents = new ArrayList<>();
        for (int at = 0; at < 16; at++) {
            int number = at;
            agents.add(Agent.of(
                    "a#" + at,
                    (input, context) -> Mono.delay(Duration.ofMillis(context.attempt() * 20L))
                            .then(Mono.error(
                                    context.attempt() == 1
                                            ? shared
                                            : new IllegalStateException("later of " + number)))));
        }
        StepInterceptor twice = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return attempts.onErrorResume(any -> attempts);
            }
        };

        StepReport<String> report = StepEngine.builder()
                .interceptor(twice)
                .build()
                .run(agents, "go")
                .block(SOON);

        assertThat(report).isNotNull();
        assertThat(shared.getSuppressed()).isEmpty();
        for (StepResult<String> result : report.results()) {
            assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
            assertThat(result.cause()).hasCause(shared).hasMessageContaining("shared");
            assertThat(result.cause().getSuppressed())
                    .extracting(Throwable::getMessage)
                    .containsExactly("later of " + result.index());
        }
    }

    // --- schedulers that are shut down

    private static CompletableFuture<StepReport<String>> roundInFlight(StepEngine engine) {
        Agent<String, String> silent = Agent.of("silent", (input, context) -> Mono.never());
        return engine.run(List.of(silent), "go").toFuture();
    }

    private static StepReport<String> soon(CompletableFuture<StepReport<String>> report) {
        return report.orTimeout(10, TimeUnit.SECONDS).join();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void run_schedulersShutDownOrResetMeanwhile_timesOutAllTheSameAndLaterRoundsWork(boolean reset) {
        StepEngine engine =
                StepEngine.builder().stepTimeout(Duration.ofMillis(300)).build();
        CompletableFuture<StepReport<String>> inFlight = roundInFlight(engine);

        if (reset) {
            Schedulers.resetFactory();
        } else {
            Schedulers.shutdownNow();
        }
        CompletableFuture<StepReport<String>> later = roundInFlight(engine);

        assertThat(soon(inFlight).results().get(0).kind()).isEqualTo(StepResult.Kind.TIMED_OUT);
        assertThat(soon(later).results().get(0).kind()).isEqualTo(StepResult.Kind.TIMED_OUT);
    }

    @Test
    void run_ownTimerDisposedOfMeanwhile_failsWithAnErrorThatSaysSo() {
        Scheduler own = Schedulers.newSingle("own");
        CompletableFuture<StepReport<String>> inFlight =
                roundInFlight(StepEngine.builder().timeoutScheduler(() -> own).build());

        own.dispose();

        assertThat(soon(inFlight).results().get(0).cause())
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessageContaining("disposed");
    }

    // --- listeners

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void failures_aListenerThrowsOutOfOnNext_isCutOffAndTheOthersHearOn(boolean fatal) {
        StepEngine engine = StepEngine.builder().build();
        Agent<String, String> failing =
                Agent.of("failing", (input, context) -> Mono.error(new IllegalStateException("boom")));
        CompletableFuture<Throwable> told = new CompletableFuture<>();
        engine.failures().subscribe(new CoreSubscriber<StepFailure>() {
            @Override
            public void onSubscribe(Subscription subscription) {
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            public void onNext(StepFailure failure) {
                if (fatal) {
                    throw new StackOverflowError("listener");
                }
                throw new IllegalArgumentException("listener");
            }

            @Override
            public void onError(Throwable cause) {
                told.complete(cause);
            }

            @Override
            public void onComplete() {}
        });

        StepVerifier.create(engine.failures().take(3))
                .then(() -> engine.run(Collections.nCopies(3, failing), "go").block(SOON))
                .expectNextCount(3)
                .expectComplete()
                .verify(SOON);

        assertThat(told.orTimeout(10, TimeUnit.SECONDS).join()).hasMessage("listener");
        assertThat(engine.core().failures.feed().subscriberCount()).isZero();
    }
}
