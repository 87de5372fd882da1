package io.flotilla.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import io.flotilla.step.StepResult.Kind;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Who waits in a line, on real threads: where they are let in, and whom they hold up. */
@Timeout(60)
class WaitingTest {

    private static final Duration LONG = Duration.ofSeconds(50);

    private final Sinks.One<String> firstBody = Sinks.one();
    private final CountDownLatch letGo = new CountDownLatch(1);

    private static StepEngine engine(Resilience.Builder resilience) {
        return StepEngine.builder()
                .concurrency(20_000)
                .interceptor(resilience.build())
                .build();
    }

    private static Resilience.Builder bulkhead(int places) {
        return Resilience.builder().bulkhead(new BulkheadPolicy(places, 20_000, LONG));
    }

    private Agent<String, String> first() {
        return Agent.of("a", (input, context) -> firstBody.asMono());
    }

    @Test
    void bulkhead_tenThousandWaitForOnePlace_allEndAndNoStackGrows() {
        StepEngine engine = engine(bulkhead(1));
        engine.run(List.of(first()), "go").subscribe();
        AtomicInteger deepest = new AtomicInteger();
        Agent<String, String> quick = Agent.of("a", (input, context) -> {
            if (context.stepNumber() % 50 == 0) {
                deepest.accumulateAndGet(new Throwable().getStackTrace().length, Math::max);
            }
            return Mono.just("done");
        });
        var waiting = engine.run(Collections.nCopies(10_000, quick), "go").toFuture();

        firstBody.tryEmitValue("done").orThrow();

        StepReport<String> report = waiting.join();
        assertThat(report.values()).hasSize(10_000);
        assertThat(deepest).hasValueLessThan(100);
    }

    @Test
    void bulkhead_waiterIsLetIn_onAWorkerThread() {
        StepEngine engine = engine(bulkhead(1));
        engine.run(List.of(first()), "go").subscribe();
        Agent<String, String> naming = Agent.of(
                "a", (input, context) -> Mono.just(Thread.currentThread().getName()));
        var waiting = engine.run(List.of(naming), "go").toFuture();

        firstBody.tryEmitValue("done").orThrow();

        assertThat(waiting.join().values()).singleElement().asString().startsWith("flotilla-worker");
    }

    @Test
    void rateLimiter_waiterIsLetIn_onAWorkerThread() {
        StepEngine engine = engine(Resilience.builder().rateLimiter(RateLimiterPolicy.of(1, Duration.ofMillis(100))));
        Agent<String, String> naming = Agent.of(
                "a", (input, context) -> Mono.just(Thread.currentThread().getName()));
        engine.run(List.of(naming), "go").block();

        StepReport<String> report = engine.run(List.of(naming, naming), "go").block();

        assertThat(report.values().get(1)).startsWith("flotilla-worker");
    }

    @Test
    void bulkhead_waiterBlocksItsThread_holdsOnlyItsOwnPlace() throws InterruptedException {
        StepEngine engine = engine(bulkhead(2));
        engine.run(List.of(first(), first()), "go").subscribe();
        CountDownLatch blocked = new CountDownLatch(1);
        Agent<String, String> blocking = Agent.of(
                "a",
                (input, context) -> Mono.fromCallable(() -> {
                    blocked.countDown();
                    letGo.await();
                    return "at last";
                }));
        Agent<String, String> quick = Agent.of("a", (input, context) -> Mono.just("done"));
        var held = engine.run(List.of(blocking), "go").toFuture();
        var others = engine.run(Collections.nCopies(100, quick), "go").toFuture();

        firstBody.tryEmitValue("done").orThrow();

        assertThat(others.join().values()).hasSize(100);
        assertThat(blocked.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(held).as("still blocked").isNotDone();
        letGo.countDown();
        assertThat(held.join().values()).containsExactly("at last");
    }

    @Test
    void bulkhead_waitIsOver_refusedWhileThePlaceIsHeld() {
        StepEngine engine = engine(Resilience.builder().bulkhead(new BulkheadPolicy(1, 10, Duration.ofMillis(50))));
        engine.run(List.of(first()), "go").subscribe();
        Queue<StepResult<String>> results = new ConcurrentLinkedQueue<>();

        engine.stream(List.of(first(), first()), "go").doOnNext(results::add).blockLast();

        assertThat(results).extracting(StepResult::kind).containsExactly(Kind.REJECTED, Kind.REJECTED);
    }
}
