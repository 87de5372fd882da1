package io.flotilla.benchmarks;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.resilience.BulkheadPolicy;
import io.flotilla.resilience.CircuitBreakerPolicy;
import io.flotilla.resilience.RateLimiterPolicy;
import io.flotilla.resilience.Resilience;
import io.flotilla.resilience.RetryPolicy;
import io.flotilla.step.StepEngine;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.github.resilience4j.reactor.bulkhead.operator.BulkheadOperator;
import io.github.resilience4j.reactor.circuitbreaker.operator.CircuitBreakerOperator;
import io.github.resilience4j.reactor.ratelimiter.operator.RateLimiterOperator;
import io.github.resilience4j.reactor.retry.RetryOperator;
import io.github.resilience4j.reactor.timelimiter.TimeLimiterOperator;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.timelimiter.TimeLimiter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What does each guard cost a step, and all together, when nothing goes wrong?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="Guards"</pre>
 *
 * <p>{@code keys} 1: all agents share one breaker, bulkhead and limiter; 1000: as many of each. The rival is Resilience4j's own
 * operators with {@code transformDeferred} under a {@code flatMap}; ALL has meters on our side, and none on the rival's.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms4g", "-Xmx4g", "-Xmn2g"})
public class Guards {

    /** Which guards are on. */
    public enum Guard {
        NONE,
        RETRY,
        BREAKER,
        BULKHEAD,
        LIMITER,
        TIMEOUT,
        /** Retry, circuit breaker and attempt timeout: what most services want. */
        THREE,
        ALL
    }

    private record Outcome(Object value) {}

    private record Rival(
            Agent<Integer, Integer> agent,
            Retry retry,
            CircuitBreaker breaker,
            Bulkhead bulkhead,
            RateLimiter limiter,
            TimeLimiter limit) {}

    @Param("10000")
    int steps;

    @Param({"1", "1000"})
    int keys;

    @Param
    Guard guard = Guard.NONE;

    private final EventLoop loop = new EventLoop();
    private final StepContext context = StepContext.detached(AgentId.of("bench"));
    private List<Agent<Integer, Integer>> agents = List.of();
    private List<Rival> rivals = List.of();
    private StepEngine engine = StepEngine.builder().build();

    @Setup
    public void setUp() {
        agents = new ArrayList<>();
        rivals = new ArrayList<>();
        List<Rival> byKey = new ArrayList<>();
        for (int key = 0; key < keys; key++) {
            byKey.add(rival("bench" + key));
        }
        for (int index = 0; index < steps; index++) {
            Agent<Integer, Integer> agent =
                    Agent.of(AgentId.of("bench" + index % keys, index), (input, step) -> Mono.just(input));
            agents.add(agent);
            Rival of = byKey.get(index % keys);
            rivals.add(new Rival(agent, of.retry, of.breaker, of.bulkhead, of.limiter, of.limit));
        }
        engine = engine();
    }

    private StepEngine engine() {
        if (guard == Guard.NONE) {
            return StepEngine.builder().build();
        }
        boolean all = guard == Guard.ALL;
        boolean three = all || guard == Guard.THREE;
        Resilience.Builder resilience = Resilience.builder();
        StepEngine.Builder builder = StepEngine.builder();
        if (three || guard == Guard.RETRY) {
            resilience.retry(RetryPolicy.attempts(3));
        }
        if (three || guard == Guard.BREAKER) {
            resilience.circuitBreaker(CircuitBreakerPolicy.defaults());
        }
        if (all || guard == Guard.BULKHEAD) {
            resilience.bulkhead(BulkheadPolicy.of(1_000));
        }
        if (all || guard == Guard.LIMITER) {
            resilience.rateLimiter(RateLimiterPolicy.of(1_000_000_000, Duration.ofSeconds(1)));
        }
        if (three || guard == Guard.TIMEOUT) {
            resilience.attemptTimeout(Duration.ofSeconds(30));
        }
        if (all) {
            SimpleMeterRegistry meters = new SimpleMeterRegistry();
            resilience.meterRegistry(meters);
            builder.meterRegistry(meters);
        }
        return builder.interceptor(resilience.build()).build();
    }

    private static Rival rival(String key) {
        return new Rival(
                Agent.of(key, (input, step) -> Mono.just(input)),
                Retry.ofDefaults(key),
                CircuitBreaker.ofDefaults(key),
                Bulkhead.of(
                        key,
                        BulkheadConfig.custom()
                                .maxConcurrentCalls(1_000)
                                .maxWaitDuration(Duration.ZERO)
                                .build()),
                RateLimiter.of(
                        key,
                        RateLimiterConfig.custom()
                                .limitForPeriod(1_000_000_000)
                                .limitRefreshPeriod(Duration.ofSeconds(1))
                                .build()),
                TimeLimiter.of(Duration.ofSeconds(30)));
    }

    @Benchmark
    public Object flotilla() {
        return loop.finish(engine.run(agents, 1));
    }

    @Benchmark
    public Object handComposed() {
        return loop.finish(Flux.fromIterable(rivals)
                .flatMap(rival ->
                        composed(rival).map(Outcome::new).onErrorResume(failed -> Mono.just(new Outcome(failed))))
                .collectList());
    }

    private Mono<Integer> composed(Rival rival) {
        boolean all = guard == Guard.ALL;
        boolean three = all || guard == Guard.THREE;
        Mono<Integer> step = rival.agent.step(1, context);
        if (three || guard == Guard.TIMEOUT) {
            step = step.transformDeferred(TimeLimiterOperator.of(rival.limit));
        }
        if (three || guard == Guard.BREAKER) {
            step = step.transformDeferred(CircuitBreakerOperator.of(rival.breaker));
        }
        if (all || guard == Guard.LIMITER) {
            step = step.transformDeferred(RateLimiterOperator.of(rival.limiter));
        }
        if (all || guard == Guard.BULKHEAD) {
            step = step.transformDeferred(BulkheadOperator.of(rival.bulkhead));
        }
        if (three || guard == Guard.RETRY) {
            step = step.transformDeferred(RetryOperator.of(rival.retry));
        }
        return step;
    }
}
