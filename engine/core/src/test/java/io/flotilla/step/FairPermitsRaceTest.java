package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;

/** However threads interleave: never more permits out than the limit, none lost, everybody served. */
@Timeout(120)
class FairPermitsRaceTest {

    private final Scheduler workers = Schedulers.newBoundedElastic(16, 100_000, "workers");
    private final ExecutorService bodies = Executors.newFixedThreadPool(4);

    @AfterEach
    void tearDown() {
        workers.dispose();
        bodies.shutdownNow();
    }

    private static final class Gauge {
        private final int limit;
        private final AtomicInteger now = new AtomicInteger();
        private final AtomicInteger over = new AtomicInteger();

        Gauge(int limit) {
            this.limit = limit;
        }

        void enter() {
            if (now.incrementAndGet() > limit) {
                over.incrementAndGet();
            }
        }

        void leave() {
            now.decrementAndGet();
        }
    }

    @Test
    void permits_randomRoundsThatNestAndLeave_areNeverTooManyAndNeverLost() {
        long base = ThreadLocalRandom.current().nextLong();
        for (int run = 0; run < 100; run++) {
            once(base + run);
        }
    }

    private void once(long seed) {
        Random random = new Random(seed);
        int limit = 1 + random.nextInt(4);
        FairPermits permits = new FairPermits(settings(limit, random), () -> workers, System::nanoTime);
        Gauge leaves = new Gauge(limit);
        List<PermitUser> all = Collections.synchronizedList(new ArrayList<>());
        AtomicInteger unfinished = new AtomicInteger();
        int rounds = 1 + random.nextInt(12);
        List<PermitUser> leaving = new ArrayList<>();
        CountDownLatch begun = new CountDownLatch(rounds + 1);
        for (int round = 0; round < rounds; round++) {
            Random own = new Random(random.nextLong());
            PermitUser user = user(permits, Context.empty(), leaves, own, random.nextInt(3), all, unfinished);
            if (random.nextInt(4) == 0) {
                leaving.add(user);
            }
            bodies.execute(() -> {
                user.start();
                begun.countDown();
            });
        }
        bodies.execute(() -> {
            leaving.forEach(PermitUser::close);
            begun.countDown();
        });

        FairPermitsTest.await(() -> begun.getCount() == 0
                && unfinished.get() == 0
                && permits.waiting() == 0
                && permits.inFlight() == 0
                && done(all, leaving));
        assertThat(leaves.over).as("seed %d: more than %d at work", seed, limit).hasValue(0);
        assertThat(leaves.now).as("seed %d", seed).hasValue(0);
    }

    private static boolean done(List<PermitUser> all, List<PermitUser> leaving) {
        synchronized (all) {
            return all.stream().allMatch(user -> leaving.contains(user) || user.left() == 0);
        }
    }

    private static InFlightLimit settings(int limit, Random random) {
        InFlightLimit settings = InFlightLimit.of(limit);
        return random.nextBoolean()
                ? settings
                : settings.keyedBy(
                                context -> "k" + ThreadLocalRandom.current().nextInt(3),
                                key -> 1 + ThreadLocalRandom.current().nextInt(5))
                        .priority(context -> ThreadLocalRandom.current().nextInt(2));
    }

    /** A step is at work, or waits for an inner round and is not. */
    private PermitUser user(
            FairPermits permits,
            Context context,
            Gauge leaves,
            Random random,
            int depth,
            List<PermitUser> all,
            AtomicInteger unfinished) {
        int steps = 1 + random.nextInt(8);
        Consumer<Permit> body = permit -> {
            unfinished.incrementAndGet();
            int choice;
            long seed;
            synchronized (random) {
                choice = random.nextInt(4);
                seed = random.nextLong();
            }
            if (choice < 2 && depth > 0) {
                nest(permits, permit, leaves, new Random(seed), depth, all, unfinished);
            } else {
                leaves.enter();
                Runnable end = () -> {
                    leaves.leave();
                    permit.end();
                    permit.end();
                    unfinished.decrementAndGet();
                };
                if (choice == 3) {
                    end.run();
                } else {
                    bodies.execute(end);
                }
            }
        };
        PermitUser user = new PermitUser(permits, context, steps, body);
        all.add(user);
        return user;
    }

    private void nest(
            FairPermits permits,
            Permit permit,
            Gauge leaves,
            Random random,
            int depth,
            List<PermitUser> all,
            AtomicInteger unfinished) {
        Context inside = permits.heldBy(permit, Context.empty());
        int children = 1 + random.nextInt(2);
        List<AtomicInteger> counts = new ArrayList<>();
        List<PermitUser> users = new ArrayList<>();
        for (int child = 0; child < children; child++) {
            AtomicInteger count = new AtomicInteger();
            counts.add(count);
            users.add(user(permits, inside, leaves, new Random(random.nextLong()), depth - 1, all, count));
        }
        users.forEach(PermitUser::start);
        bodies.execute(new Runnable() {
            @Override
            public void run() {
                boolean ended = users.stream().allMatch(user -> user.left() == 0)
                        && counts.stream().allMatch(count -> count.get() == 0);
                if (ended) {
                    permit.end();
                    unfinished.decrementAndGet();
                } else if (!bodies.isShutdown()) {
                    bodies.execute(this);
                }
            }
        });
    }

    @Test
    void permits_10000RoundsAtOnce_allAreServed() {
        FairPermits permits = new FairPermits(InFlightLimit.of(64), () -> workers, System::nanoTime);
        Gauge work = new Gauge(64);
        AtomicInteger ended = new AtomicInteger();
        for (int round = 0; round < 10_000; round++) {
            PermitUser user = PermitUser.of(permits, 5, permit -> {
                work.enter();
                bodies.execute(() -> {
                    work.leave();
                    permit.end();
                    ended.incrementAndGet();
                });
            });
            user.start();
        }

        FairPermitsTest.await(() -> ended.get() == 50_000);
        FairPermitsTest.await(() -> permits.inFlight() == 0);
        assertThat(work.over).hasValue(0);
        assertThat(permits.waiting()).isZero();
    }

    @Test
    void called_bodiesThatKeepTheirThreads_holdUpNobodyElse() throws InterruptedException {
        FairPermits permits = new FairPermits(InFlightLimit.of(20), () -> workers, System::nanoTime);
        PermitUser.Held first = new PermitUser.Held();
        PermitUser.of(permits, 20, first).start();
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger held = new AtomicInteger();
        for (int round = 0; round < 10; round++) {
            PermitUser.of(permits, 1, permit -> {
                        held.incrementAndGet();
                        try {
                            release.await();
                        } catch (InterruptedException ended) {
                            // The test is over.
                        }
                    })
                    .start();
        }
        AtomicInteger free = new AtomicInteger();
        for (int round = 0; round < 10; round++) {
            PermitUser.of(permits, 1, permit -> free.incrementAndGet()).start();
        }

        long began = System.nanoTime();
        while (first.count() > 0) {
            first.endFirst();
        }
        FairPermitsTest.await(() -> free.get() == 10 && held.get() == 10);

        assertThat(Duration.ofNanos(System.nanoTime() - began))
                .as("each look of the watch doubles the threads")
                .isLessThan(Duration.ofSeconds(10));
        release.countDown();
        bodies.shutdown();
        assertThat(bodies.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    }
}
