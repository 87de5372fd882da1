package io.flotilla.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import io.flotilla.step.StepResult.Kind;
import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/** The user's functions throw, on the thread that starts a step and on others: the step fails at once, and nothing is kept. */
@Timeout(60)
class ThrowingFunctionsTest {

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    private static <T extends Throwable> void sneak(Throwable thrown) throws T {
        @SuppressWarnings("unchecked")
        T unchecked = (T) thrown;
        throw unchecked;
    }

    /** A function that throws, named for the report of the tests. */
    private record Broken(String name, Supplier<Throwable> of) {
        @SuppressWarnings("TypeParameterUnusedInFormals") // it returns nothing
        <T> T call() {
            ThrowingFunctionsTest.<RuntimeException>sneak(of.get());
            return null;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static List<Broken> broken() {
        return List.of(
                new Broken("exception", () -> new IllegalStateException("of the user's")),
                new Broken("stack", () -> new StackOverflowError("of the user's")),
                new Broken("linkage", () -> new NoClassDefFoundError("of the user's")),
                new Broken("checked", () -> new IOException("of the user's")));
    }

    private static Agent<String, String> agent(boolean later, Mono<String> end) {
        return Agent.of(
                "a",
                (input, context) -> later ? Mono.delay(Duration.ofMillis(1)).then(end) : end);
    }

    private Resilience.Builder bulkhead() {
        return Resilience.builder().meterRegistry(meters).bulkhead(BulkheadPolicy.of(1));
    }

    private void failsAtOnce(Resilience.Builder resilience, Mono<String> end) {
        StepEngine engine = StepEngine.builder().interceptor(resilience.build()).build();
        check(engine, end);
    }

    /** Three steps over one place: a place that is kept is missed by the next. */
    private void check(StepEngine engine, Mono<String> end) {
        StepReport<String> report = engine.run(List.of(agent(false, end), agent(true, end), agent(true, end)), "go")
                .block(Duration.ofSeconds(5));
        assertThat(report.results())
                .allSatisfy(result -> assertThat(result.kind()).isEqualTo(Kind.FAILED))
                .allSatisfy(result -> assertThat(shown(result)).contains("of the user's"));
        assertThat(meters.find(ResilienceMeter.BULKHEAD_IN_USE.getName()).gauges())
                .allSatisfy(gauge -> assertThat(gauge.value()).isZero());
    }

    private static String shown(StepResult<String> result) {
        return result.cause() + " " + List.of(result.cause().getSuppressed());
    }

    private static final Mono<String> FAILURE = Mono.error(() -> new IllegalArgumentException("own"));

    @ParameterizedTest
    @MethodSource("broken")
    void keyedBy_throws_theStepFails(Broken broken) {
        failsAtOnce(bulkhead().keyedBy(context -> broken.call()), Mono.just("done"));
    }

    @ParameterizedTest
    @MethodSource("broken")
    void retryOn_throws_theStepFails(Broken broken) {
        failsAtOnce(
                bulkhead()
                        .retry(RetryPolicy.builder()
                                .retryOn(cause -> broken.<Boolean>call())
                                .build()),
                FAILURE);
    }

    @ParameterizedTest
    @MethodSource("broken")
    void jitter_throws_theStepFails(Broken broken) {
        failsAtOnce(
                bulkhead()
                        .retry(RetryPolicy.builder()
                                .jitter(() -> broken.<Double>call())
                                .build()),
                FAILURE);
    }

    @ParameterizedTest
    @MethodSource("broken")
    void retryHint_throws_theStepFails(Broken broken) {
        class Hinting extends RuntimeException implements RetryHint {
            private static final long serialVersionUID = 1L;

            @Override
            public Duration retryAfter() {
                return broken.call();
            }
        }
        failsAtOnce(bulkhead().retry(RetryPolicy.attempts(3)), Mono.error(Hinting::new));
    }

    @ParameterizedTest
    @MethodSource("broken")
    void fallbackOn_throws_theStepFails(Broken broken) {
        failsAtOnce(
                bulkhead()
                        .fallback(Fallback.builder()
                                .constant("digest")
                                .fallbackOn(cause -> broken.<Boolean>call())
                                .build()),
                FAILURE);
    }

    @ParameterizedTest
    @MethodSource("broken")
    void chaosMalformed_throws_theStepFails(Broken broken) {
        StepEngine engine = StepEngine.builder()
                .interceptor(bulkhead().build())
                .interceptor(Chaos.seeded(1).malformed(1, value -> broken.call()))
                .build();

        check(engine, Mono.just("done"));
    }

    @ParameterizedTest
    @MethodSource("broken")
    void registryConsumer_throwsWhenAGuardIsMade_theStepFails(Broken broken) {
        BulkheadRegistry bulkheads = BulkheadRegistry.ofDefaults();
        bulkheads.getEventPublisher().onEntryAdded(event -> broken.call());

        failsAtOnce(bulkhead().registries(null, bulkheads, null), Mono.just("done"));
    }

    // --- subscribers of the changes

    /** Throws on its first value, past Reactor's own operators. */
    private static CoreSubscriber<CircuitBreakerTransition> throwing(Broken broken, AtomicInteger got) {
        return new CoreSubscriber<>() {
            @Override
            public void onSubscribe(Subscription subscription) {
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            public void onNext(CircuitBreakerTransition change) {
                got.incrementAndGet();
                broken.call();
            }

            @Override
            public void onError(Throwable cause) {
                broken.call();
            }

            @Override
            public void onComplete() {
                broken.call();
            }
        };
    }

    @ParameterizedTest
    @MethodSource("broken")
    void circuitBreakerChanges_subscribersThatThrow_hurtNeitherTheOthersNorTheStep(Broken broken)
            throws InterruptedException {
        Resilience resilience = bulkhead()
                .circuitBreaker(
                        CircuitBreakerPolicy.builder().slidingWindow(1, 1).build())
                .build();
        AtomicInteger thrown = new AtomicInteger();
        CountDownLatch told = new CountDownLatch(4);
        ConcurrentLinkedQueue<CircuitBreakerTransition> before = new ConcurrentLinkedQueue<>();
        ConcurrentLinkedQueue<CircuitBreakerTransition> after = new ConcurrentLinkedQueue<>();
        resilience.circuitBreakerTransitions().doOnNext(any -> told.countDown()).subscribe(before::add);
        resilience.circuitBreakerTransitions().subscribe(throwing(broken, thrown));
        resilience
                .circuitBreakerTransitions()
                .map(change -> broken.<CircuitBreakerTransition>call())
                .subscribe(change -> {}, cause -> {});
        resilience.circuitBreakerTransitions().doOnNext(any -> told.countDown()).subscribe(after::add);
        StepEngine engine = StepEngine.builder().interceptor(resilience).build();

        for (String kind : List.of("a", "b")) {
            Agent<String, String> failing = Agent.of(kind, (input, context) -> FAILURE);
            assertThat(engine.run(List.of(failing), "go")
                            .block(Duration.ofSeconds(5))
                            .failures())
                    .hasSize(1);
        }

        assertThat(told.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(before).extracting(CircuitBreakerTransition::key).containsExactly("a", "b");
        assertThat(after).extracting(CircuitBreakerTransition::key).containsExactly("a", "b");
    }

    @Test
    void circuitBreakerChanges_subscriberThatCancels_isForgotten() {
        CircuitBreakerTransitions changes = new CircuitBreakerTransitions();
        changes.changes().subscribe().dispose();

        assertThat(changes.subscriberCount()).isZero();
    }
}
