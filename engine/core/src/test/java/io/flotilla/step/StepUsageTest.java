package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.Usage;
import io.flotilla.agent.UsageLedger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** What each step has used is in its result. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class StepUsageTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private static StepInterceptor retrying(int times) {
        return new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return attempts.retry(times);
            }
        };
    }

    private static Agent<String, String> using(String id, long tokens) {
        return Agent.of(id, (input, context) -> {
            context.usage().record(Usage.ofTokens(tokens, 1));
            return Mono.just(id);
        });
    }

    @Test
    void usage_nothingRecorded_isTheOneNone() {
        StepResult<String> asked = StepEngine.builder()
                .build()
                .step(
                        Agent.<String, String>of("asking", (input, context) -> {
                            assertThat(context.usage().ownTotal()).isEqualTo(Usage.NONE);
                            return Mono.just("done");
                        }),
                        "go")
                .block(LIMIT);
        StepResult<String> silent = StepEngine.builder()
                .build()
                .step(TestAgents.answering("silent"), "go")
                .block(LIMIT);

        assertThat(asked.usage()).isSameAs(Usage.NONE);
        assertThat(silent.usage()).isSameAs(Usage.NONE);
    }

    @Test
    void usage_severalSteps_eachHasItsOwnAndTheReportTheSum() {
        StepReport<String> report = StepEngine.builder()
                .build()
                .run(List.of(using("a", 10), using("b", 200), TestAgents.answering("c")), "go")
                .block(LIMIT);

        assertThat(report.results())
                .extracting(StepResult::usage)
                .containsExactly(Usage.ofTokens(10, 1), Usage.ofTokens(200, 1), Usage.NONE);
        assertThat(report.usage()).isEqualTo(Usage.ofTokens(210, 2));
    }

    @Test
    void usage_singleStep_isThatStepsAlone() {
        StepEngine engine = StepEngine.builder().build();
        Mono<StepResult<String>> step = engine.step(using("a", 10), "go");

        for (int time = 0; time < 2; time++) {
            StepVerifier.create(step)
                    .assertNext(result -> assertThat(result.usage()).isEqualTo(Usage.ofTokens(10, 1)))
                    .verifyComplete();
        }
    }

    @RepeatedTest(20)
    void usage_stepsThatInterleave_doNotMix() {
        int steps = 200;
        List<Agent<String, String>> agents = new ArrayList<>();
        for (int index = 0; index < steps; index++) {
            long tokens = index;
            agents.add(Agent.of(
                    "a#" + index,
                    (input, context) -> Mono.fromCallable(() -> {
                                for (int entry = 0; entry < 3; entry++) {
                                    context.usage().record(Usage.ofTokens(tokens, 1));
                                    Thread.onSpinWait();
                                }
                                return "done";
                            })
                            .subscribeOn(Schedulers.parallel())));
        }

        StepReport<String> report =
                StepEngine.builder().build().run(agents, "go").block(LIMIT);

        assertThat(report.results())
                .allSatisfy(result -> assertThat(result.usage()).isEqualTo(Usage.ofTokens(3 * result.index(), 3)));
        assertThat(report.usage()).isEqualTo(Usage.ofTokens(3L * steps * (steps - 1) / 2, 3L * steps));
    }

    @Test
    void usage_severalAttemptsAndAFallback_areOneSum() {
        Agent<String, String> flaky = Agent.of("flaky", (input, context) -> {
            context.usage().record(Usage.ofTokens(100, 0));
            return context.attempt() < 3 ? Mono.error(new IllegalStateException("not yet")) : Mono.just("done");
        });
        StepInterceptor asksAnother = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                @SuppressWarnings("unchecked") // both are of strings
                Agent<? super I, ? extends O> other = (Agent<? super I, ? extends O>) using("other", 7);
                return attempts.then(call.invoke(other));
            }
        };

        StepResult<String> result = StepEngine.builder()
                .interceptor(asksAnother)
                .interceptor(retrying(2))
                .build()
                .step(flaky, "go")
                .block(LIMIT);

        assertThat(result.attempts()).isEqualTo(3);
        assertThat(result.usage()).isEqualTo(Usage.ofTokens(307, 1));
    }

    @Test
    void usage_stepFails_whatItUsedIsInItsResult() {
        Agent<String, String> failing = Agent.of("failing", (input, context) -> {
            context.usage().record(Usage.ofTokens(5, 5));
            throw new IllegalStateException("boom");
        });

        for (StepEngine engine : List.of(
                StepEngine.builder().build(),
                StepEngine.builder().interceptor(retrying(0)).build())) {
            StepResult<String> result = engine.step(failing, "go").block(LIMIT);
            assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
            assertThat(result.usage()).isEqualTo(Usage.ofTokens(5, 5));
        }
    }

    @Test
    void usage_writtenAfterTheStepHasTimedOut_countsForTheRoundAlone() {
        AtomicReference<StepContext> kept = new AtomicReference<>();
        Agent<String, String> silent = Agent.of("silent", (input, context) -> {
            kept.set(context);
            context.usage().record(Usage.ofTokens(5, 0));
            return Mono.never();
        });
        Agent<String, String> last = Agent.of("last", (input, context) -> {
            kept.get().usage().record(Usage.ofTokens(70, 0));
            return Mono.just("done");
        });

        UndisturbedTime.verifier(() -> StepEngine.builder()
                        .order(Order.SEQUENTIAL)
                        .stepTimeout(Duration.ofSeconds(3))
                        .build()
                        .run(List.of(silent, last), "go"))
                .expectSubscription()
                .thenAwait(Duration.ofSeconds(3))
                .assertNext(report -> {
                    assertThat(report.results())
                            .extracting(StepResult::usage)
                            .containsExactly(Usage.ofTokens(5, 0), Usage.NONE);
                    assertThat(report.usage()).isEqualTo(Usage.ofTokens(75, 0));
                })
                .verifyComplete();
        assertThat(kept.get().usage().ownTotal()).isEqualTo(Usage.ofTokens(75, 0));
    }

    @Test
    void usage_laterAttempts_writeIntoTheSameLedger() {
        List<UsageLedger> ledgers = new ArrayList<>();
        Agent<String, String> flaky = Agent.of("flaky", (input, context) -> {
            ledgers.add(context.usage());
            return context.attempt() < 2 ? Mono.error(new IllegalStateException("not yet")) : Mono.just("done");
        });

        StepEngine.builder().interceptor(retrying(1)).build().step(flaky, "go").block(LIMIT);

        assertThat(ledgers).hasSize(2);
        assertThat(ledgers.get(0)).isSameAs(ledgers.get(1));
    }
}
