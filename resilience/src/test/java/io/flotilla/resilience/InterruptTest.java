package io.flotilla.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.step.StepCall;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepInterceptor;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import io.flotilla.step.StepResult.Kind;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.bulkhead.BulkheadRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** A thread whose interrupt flag is set: no guard refuses anything because of it, and it keeps its flag. */
@Timeout(30)
class InterruptTest {

    private final Agent<String, String> quick = Agent.of("a", (input, context) -> Mono.just("done"));

    @AfterEach
    void clear() {
        Thread.interrupted();
    }

    private static StepEngine bulkhead(int places) {
        return StepEngine.builder()
                .interceptor(Resilience.builder()
                        .bulkhead(new BulkheadPolicy(places, 100, Duration.ofMinutes(5)))
                        .build())
                .build();
    }

    private static StepReport<String> ended(CompletableFuture<StepReport<String>> round) {
        return round.orTimeout(10, TimeUnit.SECONDS).join();
    }

    @Test
    void bulkhead_subscribedOnAnInterruptedThread_placesAreHadAndTheFlagIsKept() {
        StepEngine engine = bulkhead(10);
        Thread.currentThread().interrupt();

        var round = engine.run(Collections.nCopies(10, quick), "go").toFuture();

        assertThat(Thread.interrupted()).as("the thread is the caller's own").isTrue();
        assertThat(ended(round).values()).hasSize(10);
    }

    @Test
    void bulkhead_bodyLeavesTheFlagAndFails_thoseWhoWaitAreLetIn() {
        StepEngine engine = bulkhead(1);
        List<Agent<String, String>> agents = new ArrayList<>(Collections.nCopies(20, quick));
        agents.set(0, Agent.blocking("a", (input, context) -> {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted");
        }));

        StepReport<String> report = ended(engine.run(agents, "go").toFuture());

        assertThat(report.values()).hasSize(19);
        assertThat(report.results().get(0).kind()).isEqualTo(Kind.FAILED);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void bulkhead_attemptsSettledOnAnInterruptedThread_thoseWhoWaitAreLetIn(int places) {
        StepEngine engine = bulkhead(places);
        Pending first = new Pending("a");
        engine.run(Collections.nCopies(places, first), "go").subscribe();
        var waiting = engine.run(Collections.nCopies(20, quick), "go").toFuture();
        Thread.currentThread().interrupt();

        for (int body = 0; body < places; body++) {
            first.succeed(body);
        }

        assertThat(Thread.interrupted()).as("the thread is the user's own").isTrue();
        assertThat(ended(waiting).values()).hasSize(20);
    }

    @Test
    void bulkhead_cancelledOnAnInterruptedThread_thoseWhoWaitAreLetIn() {
        StepEngine engine = bulkhead(1);
        var held = engine.run(List.of(new Pending("a")), "go").subscribe();
        var waiting = engine.run(Collections.nCopies(20, quick), "go").toFuture();
        Thread.currentThread().interrupt();

        held.dispose();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(ended(waiting).values()).hasSize(20);
    }

    @Test
    void bulkhead_ofARegistryWithAWaitOfItsOwn_isNotBelievedEither() {
        BulkheadRegistry bulkheads = BulkheadRegistry.of(BulkheadConfig.custom()
                .maxConcurrentCalls(2)
                .maxWaitDuration(Duration.ofSeconds(5))
                .build());
        StepEngine engine = StepEngine.builder()
                .interceptor(
                        Resilience.builder().registries(null, bulkheads, null).build())
                .build();
        Thread.currentThread().interrupt();

        var round = engine.run(List.of(quick), "go").toFuture();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(ended(round).results()).extracting(StepResult::kind).containsExactly(Kind.SUCCEEDED);
    }

    @Test
    void allGuards_interruptedThread_letTheAttemptThrough() {
        StepEngine engine = StepEngine.builder()
                .interceptor(Resilience.builder()
                        .bulkhead(BulkheadPolicy.of(1))
                        .rateLimiter(RateLimiterPolicy.of(10, Duration.ofMinutes(1)))
                        .circuitBreaker(CircuitBreakerPolicy.defaults())
                        .attemptTimeout(Duration.ofSeconds(5))
                        .build())
                .build();
        Thread.currentThread().interrupt();

        var round = engine.run(List.of(quick), "go").toFuture();

        assertThat(ended(round).values()).containsExactly("done");
    }

    /** Answers when the test says so, in place of the body, so that nothing of the engine stands between. */
    private static StepInterceptor answeringWith(Mono<String> signal) {
        return new StepInterceptor() {
            @Override
            @SuppressWarnings("unchecked")
            public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
                return context.agentId().kind().equals("held") ? (Mono<O>) signal : attempt;
            }
        };
    }

    @Test
    void bulkhead_interceptorSettlesOnAnInterruptedThread_thoseWhoWaitAreLetIn() {
        Sinks.One<String> held = Sinks.one();
        StepEngine engine = StepEngine.builder()
                .interceptor(Resilience.builder()
                        .keyedBy(context -> "all")
                        .bulkhead(new BulkheadPolicy(1, 100, Duration.ofMinutes(5)))
                        .build())
                .interceptor(answeringWith(held.asMono()))
                .build();
        engine.run(List.of(new Pending("held")), "go").subscribe();
        var waiting = engine.run(Collections.nCopies(20, quick), "go").toFuture();
        Thread.currentThread().interrupt();

        held.tryEmitValue("done").orThrow();

        assertThat(Thread.interrupted()).as("the thread is the user's own").isTrue();
        assertThat(ended(waiting).values()).hasSize(20);
    }

    @Test
    void bulkheadGuard_interruptedThread_hasThePlaceThatIsFree() {
        BulkheadGuard guard = new BulkheadGuard(Bulkhead.ofDefaults("a"), 1, Duration.ZERO);
        Thread.currentThread().interrupt();

        assertThat(guard.tryAcquire()).isTrue();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(guard.inUse()).isOne();
    }

    @Test
    void ask_flagSetWhileTheMachineIsAsked_theNoIsNotBelieved() {
        AtomicInteger asked = new AtomicInteger();

        boolean answer = Uninterrupted.ask(() -> {
            if (asked.incrementAndGet() == 1) {
                Thread.currentThread().interrupt(); // as SemaphoreBulkhead does when another thread interrupts it
                return false;
            }
            return true;
        });

        assertThat(answer).isTrue();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void ask_machineThrows_theFlagIsBack() {
        AtomicBoolean thrown = new AtomicBoolean();
        Thread.currentThread().interrupt();
        try {
            Uninterrupted.ask(() -> {
                throw new IllegalStateException("boom");
            });
        } catch (IllegalStateException expected) {
            thrown.set(true);
        }

        assertThat(thrown).isTrue();
        assertThat(Thread.interrupted()).isTrue();
    }
}
