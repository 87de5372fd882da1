package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** A step that takes too long is ended at its limit, wherever it hangs. */
@Timeout(30)
class StepTimeoutTest {

    private static final Agent<String, String> WORKER = Agent.of("worker", (input, context) -> Mono.just("done"));

    @BeforeAll
    static void failInsteadOfHanging() {
        StepVerifier.setDefaultTimeout(Duration.ofSeconds(5));
    }

    @Test
    void stream_stepNeverEnds_timesOutAtTheLimitAndCancelsTheBody() {
        AtomicBoolean cancelled = new AtomicBoolean();
        Agent<String, String> silent =
                Agent.of("silent", (input, context) -> Mono.<String>never().doOnCancel(() -> cancelled.set(true)));

        StepVerifier.withVirtualTime(() -> StepEngine.builder().stepTimeout(Duration.ofSeconds(30)).build().stream(
                        List.of(silent, WORKER), "go"))
                .expectSubscription()
                .assertNext(result -> assertThat(result.agentId()).isEqualTo(WORKER.id()))
                .expectNoEvent(Duration.ofSeconds(30))
                .assertNext(result -> {
                    assertThat(result).isInstanceOf(StepResult.TimedOut.class);
                    assertThat(result.agentId()).isEqualTo(silent.id());
                    assertThat(result.duration()).isEqualTo(Duration.ofSeconds(30));
                    assertThat(((StepResult.TimedOut<String>) result).limit()).isEqualTo(Duration.ofSeconds(30));
                    assertThat(cancelled).isTrue();
                })
                .verifyComplete();
    }

    @Test
    void stream_stepsStartedAtDifferentTimes_eachTimesOutAtItsOwnLimit() {
        Agent<Long, String> silent = Agent.of("silent", (input, context) -> Mono.never());

        StepVerifier.withVirtualTime(() -> StepEngine.builder().stepTimeout(Duration.ofSeconds(10)).build().stream(
                        reactor.core.publisher.Flux.interval(Duration.ofSeconds(3))
                                .take(3)
                                .map(tick -> reactor.util.function.Tuples.of(silent, tick))))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(13))
                .assertNext(result -> assertThat(result.index()).isZero())
                .expectNoEvent(Duration.ofSeconds(3))
                .assertNext(result -> assertThat(result.index()).isEqualTo(1))
                .expectNoEvent(Duration.ofSeconds(3))
                .assertNext(result -> assertThat(result.index()).isEqualTo(2))
                .verifyComplete();
    }

    @Test
    void run_bodyBlocksTheStartingThreadForEver_roundEndsAndTheOthersAreThere() {
        CountDownLatch never = new CountDownLatch(1);
        Agent<String, String> blocker = Agent.of("blocker", (input, context) -> {
            awaitUninterruptibly(never);
            return Mono.just("late");
        });
        List<Agent<String, String>> agents = List.of(WORKER, blocker, WORKER, blocker, WORKER);

        StepReport<String> report = StepEngine.builder()
                .stepTimeout(Duration.ofMillis(100))
                .build()
                .run(agents, "go")
                .subscribeOn(Schedulers.boundedElastic())
                .block(Duration.ofSeconds(10));
        never.countDown();

        assertThat(report.values()).containsExactly("done", "done", "done");
        assertThat(report.of(blocker.id()))
                .hasSize(2)
                .allSatisfy(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.TIMED_OUT));
        assertThat(StallWatch.watched()).isZero();
    }

    @Test
    void run_257AgentsAtABarrierAndConcurrency257_allFinish() {
        int parties = 257;
        AtomicInteger arrived = new AtomicInteger();
        var open = reactor.core.publisher.Sinks.<String>one();
        List<Agent<String, String>> agents = new ArrayList<>();
        for (int at = 0; at < parties; at++) {
            agents.add(Agent.of("party#" + at, (input, context) -> {
                if (arrived.incrementAndGet() == parties) {
                    open.tryEmitValue("open");
                }
                return open.asMono();
            }));
        }

        StepReport<String> report = StepEngine.builder()
                .concurrency(parties)
                .build()
                .run(agents, "go")
                .block(Duration.ofSeconds(10));

        assertThat(report.values()).hasSize(parties);
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
