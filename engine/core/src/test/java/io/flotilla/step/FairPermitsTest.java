package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;

/** Who gets the permits of an engine, one after another: those who waited are called on the thread that gives back. */
@Timeout(30)
class FairPermitsTest {

    private static final String TENANT = "tenant";

    private final AtomicLong nanos = new AtomicLong();

    private FairPermits permits(InFlightLimit limit) {
        return new FairPermits(limit, Schedulers::immediate, nanos::get);
    }

    @Test
    void acquire_asManyAsTheLimit_isTheMost() {
        FairPermits permits = permits(InFlightLimit.of(3));
        PermitUser.Held held = new PermitUser.Held();
        PermitUser round = PermitUser.of(permits, 10, held).start();

        assertThat(held.count()).isEqualTo(3);
        assertThat(permits.inFlight()).isEqualTo(3);
        assertThat(permits.waiting()).as("one round, one waiter").isEqualTo(1);

        held.endFirst();
        assertThat(held.count()).isEqualTo(3);
        assertThat(round.left()).isEqualTo(6);
    }

    @Test
    void end_twice_givesBackOnce() {
        FairPermits permits = permits(InFlightLimit.of(2));
        List<Permit> taken = new ArrayList<>();
        PermitUser.of(permits, 2, taken::add).start();

        taken.get(0).end();
        taken.get(0).end();

        assertThat(permits.inFlight()).isEqualTo(1);
    }

    @Test
    void end_nobodyLeft_allPermitsAreFreeAgain() {
        FairPermits permits = permits(InFlightLimit.of(2));
        PermitUser.Held held = new PermitUser.Held();
        PermitUser.of(permits, 7, held).start();
        while (held.count() > 0) {
            held.endFirst();
        }

        assertThat(permits.inFlight()).isZero();
        assertThat(permits.waiting()).isZero();
    }

    // --- turns

    /** Lets {@code grants} steps end and the next begin; how many of those were whose. */
    private static Map<String, Integer> grants(int grants, PermitUser.Held all, List<String> started) {
        started.clear();
        for (int grant = 0; grant < grants; grant++) {
            all.endFirst();
        }
        Map<String, Integer> counts = new HashMap<>();
        started.forEach(name -> counts.merge(name, 1, Integer::sum));
        return counts;
    }

    private static Consumer<Permit> noting(String name, PermitUser.Held all, List<String> started) {
        return permit -> {
            started.add(name);
            all.accept(permit);
        };
    }

    @Test
    void turns_twoRoundsAndSingleSteps_areOneEach() {
        FairPermits permits = permits(InFlightLimit.of(4));
        PermitUser.Held all = new PermitUser.Held();
        List<String> started = new ArrayList<>();
        PermitUser.of(permits, 1_000, noting("wide", all, started)).start();
        PermitUser.of(permits, 100, noting("narrow", all, started)).start();
        PermitUser.of(permits, 1, noting("single", all, started)).start();

        started.clear();
        for (int grant = 0; grant < 5; grant++) {
            all.endFirst();
        }

        assertThat(started).containsExactly("wide", "narrow", "single", "wide", "narrow");
    }

    @Test
    void turns_keysWithManyAndFewRounds_areByKey() {
        FairPermits permits = permits(InFlightLimit.of(8).keyedBy(context -> context.getOrDefault(TENANT, null)));
        PermitUser.Held all = new PermitUser.Held();
        List<String> started = new ArrayList<>();
        for (int round = 0; round < 50; round++) {
            waits(permits, "greedy", 100, all, started);
        }
        waits(permits, "modest", 1_000, all, started);

        Map<String, Integer> counts = grants(400, all, started);

        assertThat(counts.get("greedy")).isBetween(199, 201);
        assertThat(counts.get("modest")).isBetween(199, 201);
    }

    private static PermitUser waits(
            FairPermits permits, String tenant, int steps, PermitUser.Held all, List<String> started) {
        return new PermitUser(permits, Context.of(TENANT, tenant), steps, noting(tenant, all, started)).start();
    }

    @Test
    void turns_weights1And3And6_areSharesWithinOneTurn() {
        Map<String, Integer> weights = Map.of("a", 1, "b", 3, "c", 6);
        FairPermits permits =
                permits(InFlightLimit.of(5).keyedBy(context -> context.getOrDefault(TENANT, null), weights::get));
        PermitUser.Held all = new PermitUser.Held();
        List<String> started = new ArrayList<>();
        weights.keySet().forEach(tenant -> waits(permits, tenant, 10_000, all, started));

        for (int check = 0; check < 50; check++) {
            int grants = 97 + check;
            Map<String, Integer> counts = grants(grants, all, started);
            weights.forEach((tenant, weight) -> assertThat(counts.get(tenant))
                    .as("%s of %d", tenant, grants)
                    .isBetween(weight * (grants / 10) - weight, weight * (grants / 10 + 1) + weight));
        }
    }

    @Test
    void turns_newKeysAllTheTime_starveNoOldOne() {
        FairPermits permits = permits(InFlightLimit.of(1).keyedBy(context -> context.getOrDefault(TENANT, null)));
        PermitUser.Held all = new PermitUser.Held();
        List<String> started = new ArrayList<>();
        waits(permits, "first", 1, all, started);
        waits(permits, "old", 1_000, all, started);
        for (int key = 0; key < 200; key++) {
            waits(permits, "new-" + key, 1, all, started);
            waits(permits, "newer-" + key, 1, all, started);
            all.endFirst();
        }

        assertThat(started.stream().filter("old"::equals).count())
                .as("a turn of its own in each circle, which grows by one key a grant")
                .isGreaterThanOrEqualTo(5);
    }

    /** As a run's own priority does; what is no {@code Integer} says nothing. */
    @Test
    void turns_priorityInTheContextAndNoFunction_highestFirst() {
        FairPermits permits = permits(InFlightLimit.of(1));
        PermitUser.Held all = new PermitUser.Held();
        List<String> started = new ArrayList<>();
        PermitUser.of(permits, 1, noting("first", all, started)).start();
        for (Object priority : List.of(-1, "high", 7, 3)) {
            Context context = Context.of(InFlightLimit.PRIORITY_KEY, priority);
            new PermitUser(permits, context, 1, noting(priority + "", all, started)).start();
        }
        while (all.count() > 0) {
            all.endFirst();
        }

        assertThat(started).containsExactly("first", "7", "3", "high", "-1");
    }

    @Test
    void turns_priorities_highestFirstAndTurnsAmongEqual() {
        FairPermits permits = permits(InFlightLimit.of(1).priority(context -> context.getOrDefault("priority", 0)));
        PermitUser.Held all = new PermitUser.Held();
        List<String> started = new ArrayList<>();
        for (String each : List.of("-1 low", "0 first", "0 second", "5 high", "5 higher")) {
            int priority = Integer.parseInt(each.substring(0, each.indexOf(' ')));
            new PermitUser(permits, Context.of("priority", priority), 2, noting(each, all, started)).start();
        }
        while (all.count() > 0) {
            all.endFirst();
        }

        assertThat(started)
                .containsExactly(
                        "-1 low",
                        "5 high",
                        "5 higher",
                        "5 high",
                        "5 higher",
                        "0 first",
                        "0 second",
                        "0 first",
                        "0 second",
                        "-1 low");
    }

    @Test
    void functions_throwOrAnswerOutOfBounds_theWaiterHasNoKey() {
        List<InFlightLimit> broken = List.of(
                InFlightLimit.of(1).keyedBy(context -> {
                    throw new IllegalStateException("no tenant");
                }),
                InFlightLimit.of(1).keyedBy(context -> "a", key -> 0),
                InFlightLimit.of(1).keyedBy(context -> "a", key -> InFlightLimit.MAX_WEIGHT + 1),
                InFlightLimit.of(1).priority(context -> {
                    throw new StackOverflowError();
                }));
        for (InFlightLimit limit : broken) {
            FairPermits permits = permits(limit);
            PermitUser.Held held = new PermitUser.Held();
            PermitUser round = PermitUser.of(permits, 3, held).start();
            held.endFirst();
            held.endFirst();

            assertThat(round.left()).as("%s", limit).isZero();
            assertThat(round.waiter.line()).isEqualTo(InFlightLimit.Line.DEFAULT);
        }
    }

    @Test
    void functions_nobodyWaits_areNotCalled() {
        AtomicInteger asked = new AtomicInteger();
        FairPermits permits = permits(InFlightLimit.of(2).keyedBy(context -> "a" + asked.incrementAndGet()));
        PermitUser.of(permits, 2, permit -> {}).start();
        assertThat(asked).hasValue(0);

        PermitUser waits = PermitUser.of(permits, 5, permit -> {}).start();
        assertThat(asked).as("once a waiter").hasValue(1);
        assertThat(waits.waiter.line().key()).isEqualTo("a1");
    }

    @Test
    void functions_keepTheThread_anotherGoesOnWithoutAKey() throws InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        Scheduler workers = Schedulers.newBoundedElastic(4, 100, "workers");
        FairPermits permits = new FairPermits(
                InFlightLimit.of(1).keyedBy(context -> {
                    asked.countDown();
                    try {
                        release.await();
                    } catch (InterruptedException ignored) {
                        // Keeps the thread until the test is done.
                    }
                    return "a";
                }),
                () -> workers,
                System::nanoTime);
        PermitUser.Held held = new PermitUser.Held();
        PermitUser.of(permits, 1, held).start();
        PermitUser kept = PermitUser.of(permits, 1, held);
        Thread caller = new Thread(kept::start);
        caller.start();
        try {
            assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
            await(() -> permits.waiting() == 1);
            held.endFirst();
            await(() -> kept.left() == 0);
            assertThat(kept.waiter.line()).isEqualTo(InFlightLimit.Line.DEFAULT);
        } finally {
            release.countDown();
            caller.join(TimeUnit.SECONDS.toMillis(20));
            workers.dispose();
        }
        assertThat(held.count())
                .as("the thread that comes back starts nothing again")
                .isEqualTo(1);
    }

    static void await(java.util.function.BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(end);
            Thread.onSpinWait();
        }
    }

    // --- the bound of the queue

    @Test
    void maxQueued_fullOfOthers_refusesWhoIsNew() {
        FairPermits permits = permits(InFlightLimit.of(1).maxQueued(2));
        PermitUser.Held held = new PermitUser.Held();
        PermitUser running = PermitUser.of(permits, 10, held).start();
        PermitUser second = PermitUser.of(permits, 1_000, held).start();
        PermitUser third = PermitUser.of(permits, 3, held).start();

        assertThat(permits.waiting())
                .as("the first round waits for its second step")
                .isEqualTo(2);
        assertThat(running.refused).hasValue(0);
        assertThat(second.refused).hasValue(0);
        assertThat(third.refused).hasValue(3);
    }

    @Test
    void maxQueued_zero_refusesWhateverFindsNoPermit() {
        FairPermits permits = permits(InFlightLimit.of(1).maxQueued(0));
        PermitUser.Held held = new PermitUser.Held();
        PermitUser first = PermitUser.of(permits, 5, held).start();
        PermitUser second = PermitUser.of(permits, 2, held).start();

        assertThat(first.refused).as("it has been let in").hasValue(0);
        assertThat(second.refused).hasValue(2);
        while (held.count() > 0) {
            held.endFirst();
        }
        assertThat(first.left()).isZero();
        assertThat(PermitUser.of(permits, 1, held).start().refused).hasValue(0);
    }

    // --- leaving

    @Test
    void close_whileWaiting_leavesTheQueueAtOnce() {
        FairPermits permits = permits(InFlightLimit.of(1));
        PermitUser.Held held = new PermitUser.Held();
        PermitUser.of(permits, 1, held).start();
        PermitUser leaves = PermitUser.of(permits, 5, held).start();
        PermitUser stays = PermitUser.of(permits, 1, held).start();

        leaves.close();
        assertThat(permits.waiting()).isEqualTo(1);
        held.endFirst();

        assertThat(stays.left()).isZero();
        held.endFirst();
        assertThat(permits.inFlight()).isZero();
    }

    @Test
    void close_withAPermitItHasNotTaken_givesItToTheNext() {
        List<Runnable> calls = new ArrayList<>();
        Scheduler later = Schedulers.fromExecutor(calls::add);
        FairPermits permits = new FairPermits(InFlightLimit.of(1), () -> later, nanos::get);
        PermitUser.Held held = new PermitUser.Held();
        PermitUser.of(permits, 1, held).start();
        PermitUser leaves = PermitUser.of(permits, 1, held).start();
        PermitUser stays = PermitUser.of(permits, 1, held).start();

        held.endFirst();
        leaves.close();
        List.copyOf(calls).forEach(Runnable::run);

        assertThat(leaves.left()).isEqualTo(1);
        assertThat(stays.left()).isZero();
        assertThat(permits.inFlight()).isEqualTo(1);
    }

    // --- loans

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 50})
    void loan_nestedAtALimitOf1_everyLevelGoesOn(int depth) {
        FairPermits permits = permits(InFlightLimit.of(1));
        List<Permit> path = new ArrayList<>();
        Context context = Context.empty();
        for (int level = 0; level < depth; level++) {
            new PermitUser(permits, context, 1, path::add).start();
            assertThat(path).hasSize(level + 1);
            context = permits.heldBy(path.get(level), Context.empty());
        }
        assertThat(permits.inFlight()).isEqualTo(1);

        for (int level = depth - 1; level >= 0; level--) {
            assertThat(permits.inFlight()).isEqualTo(1);
            path.get(level).end();
        }
        assertThat(permits.inFlight()).isZero();
    }

    @Test
    void loan_twoInnerRounds_getItInTurn() {
        FairPermits permits = permits(InFlightLimit.of(1));
        List<Permit> outer = new ArrayList<>();
        PermitUser.of(permits, 1, outer::add).start();
        Context inside = permits.heldBy(outer.get(0), Context.empty());
        PermitUser.Held all = new PermitUser.Held();
        List<String> started = new ArrayList<>();
        new PermitUser(permits, inside, 3, noting("a", all, started)).start();
        new PermitUser(permits, inside, 3, noting("b", all, started)).start();
        while (all.count() > 0) {
            assertThat(all.count()).isEqualTo(1);
            all.endFirst();
        }

        assertThat(started).containsExactly("a", "a", "b", "a", "b", "b");
        assertThat(permits.waiting()).isZero();
        outer.get(0).end();
        assertThat(permits.inFlight()).isZero();
    }

    @Test
    void loan_outerStepEndsFirst_thePermitStaysOutUntilTheInnerHasEnded() {
        FairPermits permits = permits(InFlightLimit.of(1));
        List<Permit> outer = new ArrayList<>();
        PermitUser.of(permits, 1, outer::add).start();
        PermitUser.Held inner = new PermitUser.Held();
        PermitUser detached = new PermitUser(permits, permits.heldBy(outer.get(0), Context.empty()), 2, inner).start();
        PermitUser.Held others = new PermitUser.Held();
        PermitUser.of(permits, 1, others).start();

        outer.get(0).end();
        assertThat(permits.inFlight()).isEqualTo(1);
        assertThat(others.count()).isZero();

        inner.endFirst();
        assertThat(permits.inFlight()).isEqualTo(1);
        assertThat(inner.count() + others.count()).as("one of those who wait").isEqualTo(1);
        while (inner.count() > 0 || others.count() > 0) {
            (inner.count() > 0 ? inner : others).endFirst();
        }
        assertThat(detached.left()).isZero();
        assertThat(permits.inFlight()).isZero();
    }

    // --- what is measured

    @Test
    void waited_oneThatWaits_isTheTimeUntilItGoesOn() {
        FairPermits permits = permits(InFlightLimit.of(1));
        List<Long> waits = new ArrayList<>();
        AtomicInteger rejected = new AtomicInteger();
        permits.meters(new FairPermits.Meters() {
            @Override
            public void waited(long waitedNanos) {
                waits.add(waitedNanos);
            }

            @Override
            public void rejected() {
                rejected.incrementAndGet();
            }
        });
        PermitUser.Held held = new PermitUser.Held();
        PermitUser.of(permits, 1, held).start();
        PermitUser.of(permits, 1, held).start();
        nanos.addAndGet(1_000);
        held.endFirst();

        assertThat(waits).containsExactly(1_000L);
        assertThat(permits.rejected())
                .hasMessage("inflightlimit refused the step: 1 of 1 steps in flight, 0 of at most 10000 queued");
        assertThat(rejected).hasValue(1);
    }
}
