package io.flotilla.team;

import static io.flotilla.team.VirtualTime.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.step.EngineAccess;
import io.flotilla.step.StepEngine;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What starts the steps of a manager: few threads, none of which a step can keep from the others. */
@Timeout(60)
class StartsTest {

    private final Starts starts =
            new Starts(EngineAccess.of(StepEngine.builder().build()).clock());

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    @Test
    void add_byManyThreadsAtOnce_eachIsRunOnce() throws Exception {
        AtomicInteger[] runs = new AtomicInteger[40_000];
        CountDownLatch done = new CountDownLatch(runs.length);
        List<Thread> adding = new ArrayList<>();
        for (int at = 0; at < 4; at++) {
            int first = at * 10_000;
            adding.add(new Thread(() -> {
                for (int number = first; number < first + 10_000; number++) {
                    AtomicInteger own = new AtomicInteger();
                    runs[number] = own;
                    starts.add(() -> {
                        own.incrementAndGet();
                        done.countDown();
                    });
                    if (number % 100 == 0) {
                        LockSupport.parkNanos(1_000); // so that starters end in between
                    }
                }
            }));
        }
        adding.forEach(Thread::start);
        for (Thread each : adding) {
            each.join(SOON.toMillis());
        }
        await(done);

        assertThat(runs).allSatisfy(own -> assertThat(own).hasValue(1));
    }

    @Test
    void add_whatEndsAtOnce_takesFewThreads() {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        CountDownLatch done = new CountDownLatch(5_000);
        CountDownLatch begun = new CountDownLatch(1);
        starts.add(() -> await(begun));
        for (int at = 0; at < 5_000; at++) {
            starts.add(() -> {
                threads.add(Thread.currentThread());
                done.countDown();
            });
        }
        begun.countDown();
        await(done);

        // One more for each time that the machine keeps one of them for long.
        assertThat(threads).hasSizeLessThan(50);
    }

    /** More of them than there are cores, and at last one that ends at once. */
    @Test
    void add_whatKeepsItsThread_othersAreStarted() {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch keeping = new CountDownLatch(10);
        CountDownLatch last = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(10);
        for (int at = 0; at < 10; at++) {
            starts.add(() -> {
                keeping.countDown();
                await(held);
                ended.countDown();
            });
        }
        starts.add(last::countDown);
        await(last);
        await(keeping);
        held.countDown();
        await(ended);

        CountDownLatch after = new CountDownLatch(100);
        for (int at = 0; at < 100; at++) {
            starts.add(after::countDown);
        }
        await(after);
    }
}
