package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import reactor.core.scheduler.Schedulers;
import reactor.util.function.Tuples;

/**
 * Rounds drawn at random on real threads: bodies that answer, fail, hang and block in every way, any concurrency, order and
 * mode, demand in bits, cancels at any moment. Whatever is drawn, the round ends, every step has one result or was cancelled,
 * and no more steps run than may.
 *
 * <p>{@code mvn verify -Psoak} runs 200,000, {@code -Drandom.seed=N} starts elsewhere; a failure names its own seed.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
@ExtendWith(NothingDropped.class)
class RandomRoundsTest {

    private static final int ROUNDS = Integer.getInteger("random.rounds", 1_000);
    private static final long SEED = Long.getLong("random.seed", 20261120L);
    private static final List<FailureMode> MODES =
            List.of(FailureMode.ISOLATE, FailureMode.ISOLATE, FailureMode.FAIL_FAST, FailureMode.FAIL_AT_END);
    private static final Duration STEP_TIMEOUT = Duration.ofMillis(15);

    @Test
    void round_drawnAtRandom_endsAndKeepsItsPromises() throws InterruptedException {
        for (int round = 0; round < ROUNDS; round++) {
            new Drawn(SEED + round).run();
        }
    }

    /** One round and what is known of it. */
    private static final class Drawn {

        private final long seed;
        private final Random random;
        private final int steps;
        private final int concurrency;
        private final FailureMode mode;
        private final Order order;
        private final boolean cancels;
        private final Map<Long, Long> running = new ConcurrentHashMap<>();
        private final AtomicInteger most = new AtomicInteger();

        Drawn(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
            this.steps = random.nextInt(40);
            this.concurrency = random.nextInt(4) == 0 ? 1_000 : 1 + random.nextInt(12);
            this.mode = MODES.get(random.nextInt(MODES.size()));
            this.order = random.nextInt(5) == 0
                    ? (random.nextBoolean() ? Order.SEQUENTIAL : Order.shuffled(seed))
                    : Order.PARALLEL;
            this.cancels = random.nextInt(5) == 0;
        }

        private Agent<String, String> agent(int index) {
            int kind = random.nextInt(random.nextInt(3) == 0 ? 12 : 7);
            int micros = random.nextInt(3_000);
            return Agent.of("agent#" + index, (input, context) -> {
                long key = context.stepNumber();
                return body(kind, micros)
                        .doOnNext(any -> running.remove(key))
                        .doOnTerminate(() -> running.remove(key))
                        .doOnCancel(() -> running.remove(key))
                        .doFirst(
                                () -> { // a step cancelled before it is subscribed to does not run
                                    long now = System.nanoTime();
                                    running.put(key, now);
                                    most.accumulateAndGet((int) withinTheirTime(now), Math::max);
                                });
            });
        }

        /**
         * A body that keeps the thread it is started on has no place any more once its time is up: the next step starts beside
         * it. So does one that this machine has not let run for so long.
         */
        private long withinTheirTime(long now) {
            return running.values().stream()
                    .filter(since -> now - since < STEP_TIMEOUT.toNanos())
                    .count();
        }

        private static Mono<String> body(int kind, int micros) {
            return switch (kind) {
                case 0, 1 -> Mono.just("done");
                case 2 -> Mono.just("done").publishOn(Schedulers.parallel());
                case 3 -> Mono.just("done").subscribeOn(Schedulers.boundedElastic());
                case 4 -> Mono.delay(Duration.ofNanos(micros * 1_000L)).map(any -> "done");
                case 5 -> Mono.empty();
                case 6 ->
                    Mono.fromCallable(() -> {
                        LockSupport.parkNanos(micros * 100L);
                        return "done";
                    });
                case 7 -> Mono.error(new IllegalStateException("boom"));
                case 8 ->
                    Mono.<String>error(new IllegalStateException("boom"))
                            .delaySubscription(Duration.ofNanos(micros * 1_000L));
                case 9 ->
                    Mono.fromCallable(() -> {
                        throw new NoClassDefFoundError("boom");
                    });
                case 10 -> Mono.never();
                default -> Mono.<String>never().subscribeOn(Schedulers.boundedElastic());
            };
        }

        void run() throws InterruptedException {
            List<Agent<String, String>> agents = new ArrayList<>();
            for (int index = 0; index < steps; index++) {
                agents.add(agent(index));
            }
            StepEngine engine = StepEngine.builder()
                    .concurrency(concurrency)
                    .stepTimeout(STEP_TIMEOUT)
                    .failureMode(mode)
                    .order(order)
                    .build();
            boolean pairs = order == Order.PARALLEL && random.nextBoolean();
            Flux<StepResult<String>> results = pairs
                    ? engine.stream(Flux.fromIterable(agents).map(agent -> Tuples.of(agent, "go")))
                    : engine.stream(agents, "go");
            Taking taking = new Taking(random.nextInt(1, 10), cancels ? random.nextInt(steps + 1) : Integer.MAX_VALUE);
            results.subscribe(taking);
            assertThat(taking.ended.await(20, TimeUnit.SECONDS))
                    .as("%s ends", this)
                    .isTrue();
            check(taking);
        }

        private void check(Taking taking) {
            Set<Long> indices = new HashSet<>();
            for (StepResult<String> result : taking.results) {
                assertThat(indices.add(result.index()))
                        .as("%s: index %d once", this, result.index())
                        .isTrue();
            }
            int places = order == Order.PARALLEL ? concurrency : 1;
            assertThat(most.get()).as("%s: steps at once", this).isLessThanOrEqualTo(places);
            Throwable error = taking.error;
            if (taking.cancelled) {
                assertThat(error).as("%s: cancelled", this).isNull();
            } else if (error instanceof StepFailedException) {
                assertThat(mode).as("%s: fails fast", this).isEqualTo(FailureMode.FAIL_FAST);
            } else {
                assertThat(taking.results).as("%s: results", this).hasSize(steps);
                boolean failed = taking.results.stream().anyMatch(StepResult::isFailure);
                assertThat(failed && mode == FailureMode.FAIL_FAST)
                        .as("%s: a failure passed", this)
                        .isFalse();
                assertThat(error instanceof RoundFailedException)
                        .as("%s: error %s", this, error)
                        .isEqualTo(failed && mode == FailureMode.FAIL_AT_END);
            }
            for (int spin = 0; !running.isEmpty() && spin < 5_000; spin++) {
                LockSupport.parkNanos(1_000_000); // a cancel may arrive after the last signal, on a body's own thread
            }
            assertThat(running).as("%s: still running", this).isEmpty();
        }

        @Override
        public String toString() {
            return "round with seed " + seed + " (" + steps + " steps, concurrency " + concurrency + ", " + mode + ", "
                    + order + ", cancels " + cancels + ")";
        }
    }

    /** Asks in bits, and cancels after some. */
    private static final class Taking extends BaseSubscriber<StepResult<String>> {

        private final int batch;
        private final int cancelAfter;
        private int asked;
        final List<StepResult<String>> results = new ArrayList<>();
        final CountDownLatch ended = new CountDownLatch(1);
        volatile @Nullable Throwable error;
        volatile boolean cancelled;

        Taking(int batch, int cancelAfter) {
            this.batch = batch;
            this.cancelAfter = cancelAfter;
        }

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            if (cancelAfter == 0) {
                cancelled = true;
                cancel();
            } else {
                more();
            }
        }

        private void more() {
            asked = batch;
            if (batch % 2 == 0) {
                request(batch);
            } else {
                Schedulers.parallel().schedule(() -> request(batch));
            }
        }

        @Override
        protected void hookOnNext(StepResult<String> result) {
            results.add(result);
            if (results.size() == cancelAfter) {
                cancelled = true;
                cancel();
            } else if (--asked == 0) {
                more();
            }
        }

        @Override
        protected void hookOnError(Throwable cause) {
            error = cause;
        }

        @Override
        protected void hookFinally(SignalType type) {
            ended.countDown();
        }
    }
}
