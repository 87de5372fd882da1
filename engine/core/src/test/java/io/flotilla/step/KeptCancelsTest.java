package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.util.function.Tuple2;
import reactor.util.function.Tuples;

/** Cancel handlers, ids, observation handlers and redactors that keep their thread: nobody waits for them for long. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class KeptCancelsTest {

    private static final Duration SOON = Duration.ofSeconds(30);
    private static final Agent<String, String> WORKER = Agent.of("worker", (input, context) -> Mono.just("done"));

    private final CountDownLatch never = new CountDownLatch(1);
    private final AtomicInteger cancelled = new AtomicInteger();

    private final Agent<String, String> silent =
            Agent.of("silent", (input, context) -> Mono.<String>never().doOnCancel(cancelled::incrementAndGet));
    private final Agent<String, String> keeping =
            Agent.of("keeping", (input, context) -> Mono.<String>never().doOnCancel(this::keep));
    private final Agent<String, String> failing = Agent.of(
            "failing",
            (input, context) -> Mono.delay(Duration.ofMillis(50)).then(Mono.error(new IllegalStateException("boom"))));

    @AfterEach
    void release() {
        never.countDown();
    }

    private void keep() {
        boolean waiting = true;
        while (waiting) {
            try {
                never.await();
                waiting = false;
            } catch (InterruptedException goesOn) {
                // As one does who does not care.
            }
        }
    }

    private void awaitCancelled(int expected) {
        long end = System.nanoTime() + SOON.toNanos();
        while (cancelled.get() < expected && System.nanoTime() < end) {
            LockSupport.parkNanos(1_000_000);
        }
        assertThat(cancelled).hasValue(expected);
    }

    @SafeVarargs
    private static List<Agent<String, String>> agents(
            int silent, Agent<String, String> agent, Agent<String, String>... more) {
        List<Agent<String, String>> agents = new ArrayList<>(Collections.nCopies(silent, agent));
        for (Agent<String, String> each : more) {
            agents.add(each);
        }
        return agents;
    }

    @Test
    void run_failFastAndACancelHandlerKeepsItsThread_theErrorComesAndTheSiblingsAreCancelled() {
        StepEngine engine =
                StepEngine.builder().failureMode(FailureMode.FAIL_FAST).build();

        StepVerifier.create(engine.run(agents(5, silent, keeping, failing), "go"))
                .expectError(StepFailedException.class)
                .verify(SOON);

        awaitCancelled(5);
    }

    @Test
    void run_failFastAndManyHandlersTakeTheirTime_theErrorDoesNotWaitForTheSum() {
        Agent<String, String> slow = Agent.of(
                "slow",
                (input, context) -> Mono.<String>never().doOnCancel(() -> {
                    try {
                        never.await(100, TimeUnit.MILLISECONDS);
                    } catch (InterruptedException goesOn) {
                        // Its thread is nobody else's.
                    }
                    cancelled.incrementAndGet();
                }));
        StepEngine engine =
                StepEngine.builder().failureMode(FailureMode.FAIL_FAST).build();

        StepVerifier.create(engine.run(agents(100, slow, failing), "go"))
                .expectError(StepFailedException.class)
                .verify(SOON);

        awaitCancelled(100);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void dispose_aCancelHandlerKeepsItsThread_returnsAndTheSiblingsAreCancelled(boolean mayBlock) throws Exception {
        Disposable round = StepEngine.builder().noStepTimeout().build().stream(agents(5, silent, keeping), "go")
                .subscribe();
        CountDownLatch returned = new CountDownLatch(1);

        (mayBlock ? Schedulers.boundedElastic() : Schedulers.parallel()).schedule(() -> {
            round.dispose();
            returned.countDown();
        });

        assertThat(returned.await(5, TimeUnit.SECONDS)).isTrue();
        awaitCancelled(5);
    }

    @Test
    void dispose_handlersReturn_haveReturnedWhenDisposeHas() {
        Disposable round = StepEngine.builder().build().stream(Collections.nCopies(200, silent), "go")
                .subscribe();

        round.dispose();

        assertThat(cancelled).hasValue(200);
    }

    @Test
    void dispose_theSourceOfPairsKeepsItsCanceller_returnsAndTheStepsAreCancelled() {
        Flux<Tuple2<Agent<String, String>, String>> pairs = Flux.fromIterable(agents(5, silent))
                .map(agent -> Tuples.of(agent, "go"))
                .concatWith(Flux.never())
                .doOnCancel(this::keep);
        Disposable round = StepEngine.builder().build().stream(pairs).subscribe();

        round.dispose();

        awaitCancelled(5);
    }

    @Test
    void run_shortLimitsAndHandlersThatKeepTheirThread_noResultIsLost() {
        List<Agent<String, String>> agents = new ArrayList<>();
        for (int at = 0; at < 120; at++) {
            int millis = at % 10 + 1;
            agents.add(
                    at % 12 == 5
                            ? keeping
                            : Agent.of(
                                    "a",
                                    (input, context) -> Mono.delay(Duration.ofMillis(millis))
                                            .thenReturn("done")));
        }
        for (int limit : new int[] {5, 10, 20, 40}) {
            StepReport<String> report = StepEngine.builder()
                    .concurrency(16)
                    .stepTimeout(Duration.ofMillis(limit))
                    .build()
                    .run(agents, "go")
                    .block(Duration.ofSeconds(10));

            assertThat(report).as("limit of %d ms", limit).isNotNull();
            assertThat(report.size()).isEqualTo(120);
        }
    }

    @Test
    void run_idBlocks_isTimedOutAndTheOthersAreStepped() {
        Agent<String, String> blocksInId = new Agent<>() {
            @Override
            public AgentId id() {
                keep();
                return AgentId.of("late");
            }

            @Override
            public Mono<String> step(String input, StepContext context) {
                return Mono.just("late");
            }
        };

        StepReport<String> report = subscribedElsewhere(
                StepEngine.builder().stepTimeout(Duration.ofMillis(80)).build(), List.of(WORKER, blocksInId, WORKER));

        assertThat(report.results().stream().map(StepResult::kind))
                .containsExactly(StepResult.Kind.SUCCEEDED, StepResult.Kind.TIMED_OUT, StepResult.Kind.SUCCEEDED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "flotilla.step start",
                "flotilla.step stop",
                "flotilla.round start",
                "flotilla.round stop",
                "flotilla.attempt start",
                "flotilla.attempt opened",
                "flotilla.attempt closed",
                "flotilla.attempt stop"
            })
    void run_observationHandlerBlocks_theRoundEnds(String where) {
        ObservationRegistry registry = ObservationRegistry.create();
        registry.observationConfig().observationHandler(new ObservationHandler<>() {
            @Override
            public boolean supportsContext(Observation.Context context) {
                return true;
            }

            @Override
            public void onStart(Observation.Context context) {
                if (where.equals(context.getName() + " start")) {
                    keep();
                }
            }

            @Override
            public void onScopeOpened(Observation.Context context) {
                if (where.equals(context.getName() + " opened")) {
                    keep();
                }
            }

            @Override
            public void onScopeClosed(Observation.Context context) {
                if (where.equals(context.getName() + " closed")) {
                    keep();
                }
            }

            @Override
            public void onStop(Observation.Context context) {
                if (where.equals(context.getName() + " stop")) {
                    keep();
                }
            }
        });
        Agent<String, String> later = Agent.of(
                "later", (input, context) -> Mono.delay(Duration.ofMillis(5)).thenReturn("done"));
        boolean ofTheStep = where.equals("flotilla.step start") || where.startsWith("flotilla.attempt");

        StepReport<String> report = subscribedElsewhere(
                StepEngine.builder()
                        .concurrency(1)
                        .observationRegistry(registry)
                        .interceptor(new StepInterceptor() {})
                        .stepTimeout(ofTheStep ? Duration.ofMillis(80) : SOON)
                        .build(),
                List.of(WORKER, later, WORKER));

        StepResult.Kind expected = ofTheStep ? StepResult.Kind.TIMED_OUT : StepResult.Kind.SUCCEEDED;
        // Its value comes on a thread of its own, whatever the one does that has called it.
        StepResult.Kind ofLater = where.equals("flotilla.attempt closed") ? StepResult.Kind.SUCCEEDED : expected;
        assertThat(report.results().stream().map(StepResult::kind))
                .as("the time of a handler inside the step is the step's")
                .containsExactly(expected, ofLater, expected);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void run_redactorBlocks_failuresAreDeliveredAllTheSame(boolean timeout) {
        Agent<String, String> fails = Agent.of("fails", (input, context) -> Mono.error(new IllegalStateException("x")));
        StepEngine.Builder engine = StepEngine.builder().concurrency(1).redactor(text -> {
            keep();
            return text;
        });

        StepReport<String> report = subscribedElsewhere(
                timeout ? engine.build() : engine.noStepTimeout().build(), List.of(fails, WORKER, failing, WORKER));

        assertThat(report.count(StepResult.Kind.FAILED)).isEqualTo(2);
        assertThat(report.values()).hasSize(2);
    }

    private static StepReport<String> subscribedElsewhere(StepEngine engine, List<Agent<String, String>> agents) {
        CompletableFuture<StepReport<String>> report = new CompletableFuture<>();
        Thread subscriber =
                new Thread(() -> engine.run(agents, "go").subscribe(report::complete, report::completeExceptionally));
        subscriber.setDaemon(true);
        subscriber.start();
        return report.orTimeout(30, TimeUnit.SECONDS).join();
    }
}
