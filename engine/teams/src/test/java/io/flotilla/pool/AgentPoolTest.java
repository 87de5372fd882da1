package io.flotilla.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import io.flotilla.testkit.UndisturbedTime;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.cumulative.CumulativeCounter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.test.subscriber.TestSubscriber;
import reactor.util.context.Context;

@Timeout(60)
class AgentPoolTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final AgentId ID = AgentId.of("session");

    private final AtomicInteger created = new AtomicInteger();
    private final List<Integer> destroyed = Collections.synchronizedList(new ArrayList<>());

    /** Serves one step at a time, and says so if it is asked for two. */
    private static final class Session implements Agent<Integer, Integer> {

        private final int number;
        private final AtomicBoolean isBusy = new AtomicBoolean();

        Session(int number) {
            this.number = number;
        }

        @Override
        public AgentId id() {
            return AgentId.of("session", number);
        }

        @Override
        public Mono<Integer> step(Integer input, StepContext context) {
            return Mono.defer(() -> {
                if (!isBusy.compareAndSet(false, true)) {
                    return Mono.error(new IllegalStateException("two at once"));
                }
                return Mono.just(input * 2).hide().doOnTerminate(() -> isBusy.set(false));
            });
        }
    }

    private AgentPool.Builder<Integer, Integer> builder() {
        return AgentPool.<Integer, Integer>builder(
                        ID, () -> Mono.fromCallable(() -> new Session(created.incrementAndGet())))
                .destroy(agent -> Mono.fromRunnable(() -> destroyed.add(((Session) agent).number)));
    }

    private static void await(BooleanSupplier condition) {
        long until = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > until) {
                throw new AssertionError("nothing happened");
            }
            LockSupport.parkNanos(100_000);
        }
    }

    private static int number(Agent<Integer, Integer> agent) {
        return ((Session) agent).number;
    }

    /** Keeps an agent until it is disposed of. */
    private static <T> TestSubscriber<T> hold(AgentPool<Integer, Integer> pool, Mono<T> until) {
        TestSubscriber<T> holder = TestSubscriber.create();
        AtomicBoolean isHeld = new AtomicBoolean();
        pool.withAgent(agent -> until.doOnSubscribe(any -> isHeld.set(true))).subscribe(holder);
        await(isHeld::get);
        return holder;
    }

    private static AgentPoolException.Reason refusal(Mono<?> use) {
        TestSubscriber<Object> subscriber = TestSubscriber.create();
        use.subscribe(subscriber);
        subscriber.block(SOON);
        return ((AgentPoolException) subscriber.expectTerminalError()).reason();
    }

    // --- lending

    @Test
    void withAgent_oneAfterAnother_shareOneAgent() {
        AgentPool<Integer, Integer> pool = builder().build();

        assertThat(pool.withAgent(agent -> Mono.just(number(agent))).block(SOON))
                .isEqualTo(1);
        assertThat(pool.withAgent(agent -> Mono.just(number(agent))).block(SOON))
                .isEqualTo(1);
        assertThat(pool.stats()).isEqualTo(new AgentPoolStats(0, 1, 0, AgentPool.DEFAULT_MAX_SIZE, 1, 0));
        assertThat(pool.withAgent(agent -> Mono.empty()).block(SOON)).isNull();
        assertThat(pool.toString()).contains("session").contains("idle=1");
    }

    @Test
    void withAgent_bodyFailsThrowsOrReturnsNull_givesTheAgentBack() {
        AgentPool<Integer, Integer> pool = builder().size(0, 1).build();

        StepVerifier.create(pool.withAgent(agent -> Mono.error(new IllegalStateException("boom"))))
                .expectErrorMessage("boom")
                .verify(SOON);
        StepVerifier.create(pool.withAgent(agent -> {
                    throw new LinkageError("thrown");
                }))
                .expectErrorMessage("thrown")
                .verify(SOON);
        StepVerifier.create(pool.withAgent(agent -> null))
                .expectErrorMessage("the body returned null")
                .verify(SOON);
        assertThat(pool.withAgent(agent -> Mono.just(number(agent))).block(SOON))
                .isEqualTo(1);
        assertThat(destroyed).isEmpty();
    }

    @Test
    void withAgent_context_reachesTheBody() {
        AgentPool<Integer, Integer> pool = builder().build();

        assertThat(pool.withAgent(agent -> Mono.deferContextual(context -> Mono.just(context.<String>get("key"))))
                        .contextWrite(Context.of("key", "value"))
                        .block(SOON))
                .isEqualTo("value");
    }

    @Test
    void withAgent_bodyThatBlocks_holdsUpNoOther() throws Exception {
        AgentPool<Integer, Integer> pool = builder().size(0, 1).build();
        CountDownLatch go = new CountDownLatch(1);
        Sinks.One<Integer> first = Sinks.one();
        TestSubscriber<Integer> holder = hold(pool, first.asMono());
        TestSubscriber<Integer> blocking = TestSubscriber.create();
        pool.withAgent(agent -> Mono.fromCallable(() -> {
                    go.await();
                    return 2;
                }))
                .subscribe(blocking);
        first.tryEmitValue(1).orThrow(); // this thread gives the agent to one that blocks

        assertThat(holder.expectTerminalSignal().isOnComplete()).isTrue();
        assertThat(blocking.isTerminated()).isFalse();
        go.countDown();
        blocking.block(SOON);
        assertThat(blocking.getReceivedOnNext()).containsExactly(2);
    }

    @Test
    void size_lessThanEqualAndMore() {
        AgentPool<Integer, Integer> pool = builder().size(0, 2).build();
        TestSubscriber<Object> one = hold(pool, Mono.never());
        TestSubscriber<Object> two = hold(pool, Mono.never());
        TestSubscriber<Integer> three = TestSubscriber.create();
        pool.withAgent(agent -> Mono.just(number(agent))).subscribe(three);

        assertThat(pool.stats()).isEqualTo(new AgentPoolStats(2, 0, 1, 2, 2, 0));
        assertThat(three.isTerminated()).isFalse();
        one.cancel();
        three.block(SOON);
        assertThat(created).as("the cancelled one is replaced").hasValue(3);
        two.cancel();
        await(() -> destroyed.size() == 2);
        assertThat(pool.stats().inUse()).isZero();
    }

    @Test
    void max_tenThousandBorrowers_isNeverExceeded() {
        AtomicInteger alive = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger wrong = new AtomicInteger();
        AgentPool<Integer, Integer> pool = builder().size(0, 16).build();
        Random random = new Random(7);
        List<Integer> kinds = random.ints(10_000, 0, 4).boxed().toList();
        List<Disposable> cancelled = Collections.synchronizedList(new ArrayList<>());
        AtomicInteger ended = new AtomicInteger();
        for (int kind : kinds) {
            Mono<Integer> use = pool.withAgent(agent -> {
                Session session = (Session) agent;
                if (!session.isBusy.compareAndSet(false, true)) {
                    wrong.incrementAndGet();
                }
                most.accumulateAndGet(alive.incrementAndGet(), Math::max);
                Mono<Integer> work = kind == 0
                        ? Mono.delay(Duration.ofNanos(100_000)).thenReturn(1)
                        : kind == 1 ? Mono.error(new IllegalStateException()) : Mono.just(1);
                Runnable end = () -> {
                    alive.decrementAndGet();
                    session.isBusy.set(false);
                };
                return work.doOnTerminate(end).doOnCancel(end);
            });
            Disposable subscription =
                    use.doFinally(any -> ended.incrementAndGet()).subscribe(value -> {}, failed -> {});
            if (kind == 3) {
                cancelled.add(subscription);
            }
        }
        cancelled.forEach(Disposable::dispose);

        await(() -> ended.get() == kinds.size());
        await(() -> pool.stats().inUse() == 0);
        assertThat(most).hasValueLessThanOrEqualTo(16);
        assertThat(wrong).hasValue(0);
        AgentPoolStats stats = pool.stats();
        assertThat(stats.idle()).isLessThanOrEqualTo(16);
        assertThat(stats.created() - stats.destroyed()).as("none is lost").isEqualTo(stats.idle());
        assertThat(pool.withAgent(agent -> Mono.just(1)).block(SOON)).isEqualTo(1);
    }

    @Test
    void cancel_racesWithTheHandOver_leaksNothing() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            AgentPool<Integer, Integer> pool = builder().size(0, 1).build();
            for (int round = 0; round < 3_000; round++) {
                Sinks.One<Integer> first = Sinks.one();
                pool.withAgent(agent -> first.asMono()).subscribe();
                Disposable second = pool.withAgent(agent -> Mono.just(1)).subscribe();
                CountDownLatch done = new CountDownLatch(2);
                threads.execute(() -> {
                    first.tryEmitValue(1);
                    done.countDown();
                });
                threads.execute(() -> {
                    second.dispose();
                    done.countDown();
                });
                done.await();
            }
            await(() -> pool.stats().inUse() == 0 && pool.stats().pending() == 0);
            assertThat(pool.withAgent(agent -> Mono.just(1)).block(SOON)).isEqualTo(1);
        } finally {
            threads.shutdownNow();
        }
    }

    // --- what ends a wait

    @Test
    void acquireTimeout_isExact() {
        UndisturbedTime.verifier(() -> {
                    AgentPool<Integer, Integer> pool = builder()
                            .size(0, 1)
                            .acquireTimeout(Duration.ofSeconds(5))
                            .build();
                    Disposable holder = pool.withAgent(agent -> Mono.never()).subscribe();
                    return pool.withAgent(agent -> Mono.just(1)).doFinally(any -> holder.dispose());
                })
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(5))
                .expectErrorSatisfies(failed -> {
                    assertThat(failed)
                            .isInstanceOf(AgentPoolException.class)
                            .hasMessage("pool session: no agent became free within PT5S");
                    assertThat(((AgentPoolException) failed).reason()).isEqualTo(AgentPoolException.Reason.TIMED_OUT);
                    assertThat(((AgentPoolException) failed).pool()).isEqualTo(ID);
                })
                .verify(SOON);
    }

    @Test
    void maxQueued_lessThanEqualAndMore() {
        AgentPool<Integer, Integer> pool = builder().size(0, 1).maxQueued(1).build();
        TestSubscriber<Object> holder = hold(pool, Mono.never());
        TestSubscriber<Integer> waits = TestSubscriber.create();
        pool.withAgent(agent -> Mono.just(1)).subscribe(waits);

        assertThat(refusal(pool.withAgent(agent -> Mono.just(1)))).isEqualTo(AgentPoolException.Reason.FULL);
        holder.cancel();
        waits.block(SOON);
        assertThat(waits.getReceivedOnNext()).containsExactly(1);
    }

    @Test
    void maxQueued_zero_lendsWhatIsFreeAndRefusesTheRest() {
        AgentPool<Integer, Integer> pool = builder().size(0, 1).maxQueued(0).build();
        TestSubscriber<Object> holder = hold(pool, Mono.never());

        assertThat(refusal(pool.withAgent(agent -> Mono.just(1)))).isEqualTo(AgentPoolException.Reason.FULL);
        holder.cancel();
    }

    @Test
    void cancel_inUse_destroysTheAgentUnlessToldOtherwise() {
        AgentPool<Integer, Integer> pool = builder().size(0, 1).build();
        hold(pool, Mono.never()).cancel();
        await(() -> destroyed.equals(List.of(1)));

        AgentPool<Integer, Integer> keeping =
                builder().size(0, 1).keepOnCancel().build();
        hold(keeping, Mono.never()).cancel();
        await(() -> keeping.stats().idle() == 1);
        assertThat(destroyed).containsExactly(1);
    }

    @Test
    void discardOn_matchingFailure_destroysTheAgent() {
        AgentPool<Integer, Integer> pool = builder()
                .size(0, 1)
                .discardOn(cause -> {
                    if (cause instanceof ArithmeticException) {
                        throw new IllegalStateException("predicate");
                    }
                    return cause instanceof IllegalStateException;
                })
                .build();

        pool.withAgent(agent -> Mono.error(new IllegalArgumentException()))
                .onErrorComplete()
                .block(SOON);
        assertThat(pool.stats().idle()).isEqualTo(1);
        pool.withAgent(agent -> Mono.error(new IllegalStateException()))
                .onErrorComplete()
                .block(SOON);
        await(() -> destroyed.equals(List.of(1)));
        pool.withAgent(agent -> Mono.error(new ArithmeticException()))
                .onErrorComplete()
                .block(SOON);
        await(() -> destroyed.equals(List.of(1, 2)));
    }

    // --- eviction

    @Test
    void maxIdle_agentIdleForSoLong_isDestroyedInTheBackground() {
        UndisturbedTime.verifier(() -> {
                    AgentPool<Integer, Integer> pool =
                            builder().maxIdle(Duration.ofSeconds(10)).build();
                    return pool.withAgent(agent -> Mono.just(number(agent)))
                            .concatWith(Mono.delay(Duration.ofSeconds(9))
                                    .then(pool.withAgent(agent -> Mono.just(number(agent)))))
                            .concatWith(Mono.delay(Duration.ofSeconds(15))
                                    .then(Mono.fromCallable(() -> pool.stats().idle() * 100 + destroyed.size())))
                            .concatWith(Mono.defer(() -> pool.withAgent(agent -> Mono.just(number(agent)))))
                            .concatWith(pool.close().then(Mono.empty()));
                })
                .expectSubscription()
                .thenAwait(Duration.ofSeconds(30))
                .expectNext(1, 1, 1, 2)
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void maxAge_evenIfUsedAllTheTime_isNotLentAnyMore() {
        UndisturbedTime.verifier(() -> {
                    AgentPool<Integer, Integer> pool =
                            builder().maxAge(Duration.ofSeconds(10)).build();
                    return Flux.range(0, 5)
                            .concatMap(at -> pool.withAgent(agent -> Mono.just(number(agent)))
                                    .delayElement(Duration.ofSeconds(4)))
                            .concatWith(pool.close().then(Mono.empty()));
                })
                .expectSubscription()
                .thenAwait(Duration.ofSeconds(30))
                .expectNext(1, 1, 1, 2, 2)
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void warmUp_createsTheMinimum() {
        AgentPool<Integer, Integer> pool = builder().size(3, 5).build();

        assertThat(pool.warmUp().block(SOON)).isEqualTo(3);
        assertThat(pool.stats()).isEqualTo(new AgentPoolStats(0, 3, 0, 5, 3, 0));
        assertThat(pool.warmUp().block(SOON)).isZero();
    }

    @Test
    void warmUp_factoryFails_isAnErrorAndNothingIsLent() {
        AtomicBoolean broken = new AtomicBoolean(true);
        AgentPool<Integer, Integer> pool = AgentPool.<Integer, Integer>builder(
                        ID,
                        () -> broken.get() ? Mono.error(new IllegalStateException("no")) : Mono.just(new Session(1)))
                .size(1, 1)
                .build();

        assertThat(refusal(pool.warmUp())).isEqualTo(AgentPoolException.Reason.CREATION_FAILED);
        broken.set(false);
        assertThat(pool.withAgent(agent -> Mono.just(number(agent))).block(SOON))
                .isEqualTo(1);
    }

    // --- factories

    @Test
    void factory_failsThrowsNullOrEmpty_failsTheBorrowerOnly() {
        List<Mono<Agent<Integer, Integer>>> made = new ArrayList<>(List.of(
                Mono.error(new IllegalStateException("boom")),
                Mono.empty(),
                Mono.defer(() -> {
                    throw new LinkageError("thrown");
                }),
                Mono.just(new Session(9))));
        AgentPool<Integer, Integer> pool = AgentPool.<Integer, Integer>builder(ID, () -> made.remove(0))
                .size(0, 1)
                .build();

        for (int at = 0; at < 3; at++) {
            assertThat(refusal(pool.withAgent(agent -> Mono.just(1))))
                    .isEqualTo(AgentPoolException.Reason.CREATION_FAILED);
        }
        assertThat(pool.withAgent(agent -> Mono.just(number(agent))).block(SOON))
                .isEqualTo(9);
        AgentPool<Integer, Integer> none =
                AgentPool.<Integer, Integer>builder(ID, () -> null).build();
        assertThat(refusal(none.withAgent(agent -> Mono.just(1)))).isEqualTo(AgentPoolException.Reason.CREATION_FAILED);
    }

    @Test
    void factory_hangs_itsPlaceIsFreeAgainAndTheLateAgentIsDestroyed() {
        Sinks.One<Agent<Integer, Integer>> late = Sinks.one();
        AtomicInteger calls = new AtomicInteger();
        AgentPool<Integer, Integer> pool = AgentPool.<Integer, Integer>builder(
                        ID,
                        () -> calls.incrementAndGet() == 1
                                ? Mono.create(sink -> late.asMono().subscribe(sink::success))
                                : Mono.just(new Session(2)))
                .size(0, 1)
                .creationTimeout(Duration.ofMillis(50))
                .destroy(agent -> Mono.fromRunnable(() -> destroyed.add(number(agent))))
                .build();

        assertThat(refusal(pool.withAgent(agent -> Mono.just(1)))).isEqualTo(AgentPoolException.Reason.CREATION_FAILED);
        assertThat(pool.withAgent(agent -> Mono.just(number(agent))).block(SOON))
                .isEqualTo(2);
        late.tryEmitValue(new Session(1)).orThrow();
        assertThat(pool.stats().inUse()).isZero();
    }

    @Test
    void destroy_throwsOrHangs_thePoolGoesOn() {
        AgentPool<Integer, Integer> pool = builder()
                .size(0, 1)
                .destroy(agent -> {
                    if (number(agent) == 1) {
                        throw new IllegalStateException("boom");
                    }
                    return Mono.never();
                })
                .build();
        for (int at = 0; at < 3; at++) {
            hold(pool, Mono.never()).cancel();
        }

        await(() -> pool.stats().destroyed() == 3);
        assertThat(pool.withAgent(agent -> Mono.just(number(agent))).block(SOON))
                .isEqualTo(4);
    }

    // --- the end

    @Test
    void close_refusesWaitersAndDestroysAll() {
        AgentPool<Integer, Integer> pool = builder().size(0, 2).build();
        pool.withAgent(agent -> Mono.just(1)).block(SOON);
        Sinks.One<Integer> first = Sinks.one();
        TestSubscriber<Integer> one = hold(pool, first.asMono());
        hold(pool, Mono.never());
        TestSubscriber<Integer> waits = TestSubscriber.create();
        pool.withAgent(agent -> Mono.just(1)).subscribe(waits);
        pool.close().block(SOON);

        assertThat(((AgentPoolException) waits.expectTerminalError()).reason())
                .isEqualTo(AgentPoolException.Reason.CLOSED);
        assertThat(refusal(pool.withAgent(agent -> Mono.just(1)))).isEqualTo(AgentPoolException.Reason.CLOSED);
        first.tryEmitValue(5).orThrow();
        assertThat(one.getReceivedOnNext()).containsExactly(5);
        await(() -> destroyed.size() == 1);
    }

    // --- as an agent

    @Test
    void step_manySteps_shareTheAgents() {
        AgentPool<Integer, Integer> pool = builder().size(0, 4).build();
        StepReport<Integer> report = StepEngine.builder()
                .build()
                .run(Collections.nCopies(500, pool), 21)
                .block(SOON);

        assertThat(report.values()).hasSize(500).containsOnly(42);
        assertThat(created).hasValueLessThanOrEqualTo(4);
        assertThat(pool.id()).isEqualTo(ID);
    }

    @Test
    void step_noAgentInTime_isRejected() {
        AgentPool<Integer, Integer> pool =
                builder().size(0, 1).acquireTimeout(Duration.ofMillis(500)).build();
        TestSubscriber<Object> holder = hold(pool, Mono.never());
        StepResult<Integer> result = StepEngine.builder().build().step(pool, 1).block(SOON);

        assertThat(result).isInstanceOf(StepResult.Rejected.class);
        assertThat(result.cause()).hasMessageContaining("agentpool refused the step");
        holder.cancel();
    }

    // --- meters

    @Test
    void meters_areThoseOfTheDocumentation() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        AgentPool<Integer, Integer> pool = builder()
                .size(0, 1)
                .acquireTimeout(Duration.ofMillis(500))
                .meterRegistry(registry)
                .build();
        TestSubscriber<Object> holder = hold(pool, Mono.never());
        refusal(pool.withAgent(agent -> Mono.just(1)));

        assertThat(registry.get("flotilla.pool.in.use")
                        .tag("agent", "session")
                        .gauge()
                        .value())
                .isEqualTo(1);
        assertThat(registry.get("flotilla.pool.max").gauge().value()).isEqualTo(1);
        assertThat(registry.get("flotilla.pool.timeouts").counter().count()).isEqualTo(1);
        holder.cancel();
        await(() -> registry.get("flotilla.pool.destroyed").counter().count() == 1);
        pool.withAgent(agent -> Mono.just(1)).block(SOON);
        assertThat(registry.get("flotilla.pool.created").counter().count()).isEqualTo(2);
        assertThat(registry.get("flotilla.pool.acquire").timer().count()).isEqualTo(2);
        assertThat(registry.get("flotilla.pool.idle").gauge().value()).isEqualTo(1);
        assertThat(registry.get("flotilla.pool.pending").gauge().value()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"registering", "returning null", "recording"})
    void meters_thatAreBroken_costNoAgent(String when) {
        SimpleMeterRegistry registry = new SimpleMeterRegistry() {
            @Override
            protected Counter newCounter(Meter.Id id) {
                return switch (when) {
                    case "registering" -> throw new IllegalStateException("no room for a meter");
                    case "returning null" -> null;
                    default ->
                        new CumulativeCounter(id) {
                            @Override
                            public void increment(double amount) {
                                throw new IllegalStateException("no room for a count");
                            }
                        };
                };
            }
        };
        AgentPool<Integer, Integer> pool =
                builder().size(0, 1).meterRegistry(registry).build();

        assertThat(pool.withAgent(agent -> Mono.just(1)).block(SOON)).isEqualTo(1);
        hold(pool, Mono.never()).cancel();
        assertThat(pool.withAgent(agent -> Mono.just(number(agent))).block(SOON))
                .isEqualTo(2);
        assertThat(registry.get("flotilla.pool.acquire").timer().count())
                .as("what is not broken")
                .isEqualTo(3);
    }

    // --- bad input

    @ParameterizedTest
    @ValueSource(ints = {0, -1})
    void bounds_belowOne_areRefused(int value) {
        AgentPool.Builder<Integer, Integer> builder = builder();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.size(0, value))
                .withMessage("max must be >= 1, was " + value);
        assertThatIllegalArgumentException().isThrownBy(() -> builder.size(-1, 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.size(3, 2))
                .withMessage("max must be >= min, was 2 with min 3");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxQueued(value - 1));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.acquireTimeout(Duration.ofNanos(value)));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.creationTimeout(Duration.ofNanos(value)));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxIdle(Duration.ofNanos(value)));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxAge(Duration.ofNanos(999_999)));
    }

    @Test
    void arguments_null_areRefused() {
        assertThatNullPointerException().isThrownBy(() -> AgentPool.builder(null, Mono::empty));
        assertThatNullPointerException().isThrownBy(() -> AgentPool.builder(ID, null));
        assertThatNullPointerException().isThrownBy(() -> builder().discardOn(null));
        assertThatNullPointerException().isThrownBy(() -> builder().destroy(null));
        assertThatNullPointerException().isThrownBy(() -> builder().meterRegistry(null));
        assertThatNullPointerException().isThrownBy(() -> builder().engine(null));
        assertThatNullPointerException().isThrownBy(() -> builder().build().withAgent(null));
    }

    @Test
    void builder_changedAfterwards_changesNoPool() {
        AgentPool.Builder<Integer, Integer> builder = builder().size(0, 2);
        AgentPool<Integer, Integer> pool = builder.build();
        builder.size(0, 9);

        assertThat(pool.stats().max()).isEqualTo(2);
    }
}
