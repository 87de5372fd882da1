package io.flotilla.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class KeptThreadTest {

    /** Runs a task on another thread, and gives what looks at that thread once it is in such a state. */
    private static KeptThread on(Runnable task, Thread.State... states) {
        AtomicReference<KeptThread> made = new AtomicReference<>();
        CountDownLatch ready = new CountDownLatch(1);
        Thread thread = new Thread(() -> {
            made.set(new KeptThread());
            ready.countDown();
            task.run();
        });
        thread.setDaemon(true);
        thread.start();
        try {
            assertThat(ready.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException never) {
            throw new AssertionError(never);
        }
        while (!Set.of(states).contains(thread.getState())) {
            Thread.onSpinWait();
        }
        return made.get();
    }

    private static int looksUntilKept(KeptThread thread) {
        for (int look = 1; look <= 1_000; look++) {
            if (thread.isKept()) {
                return look;
            }
        }
        throw new AssertionError("never kept");
    }

    @Test
    void thread_thatWaits_isKeptAtTheFifthLook() {
        CountDownLatch over = new CountDownLatch(1);
        try {
            KeptThread waits = on(() -> await(over), Thread.State.WAITING);

            assertThat(looksUntilKept(waits)).isEqualTo(5);
        } finally {
            over.countDown();
        }
    }

    @Test
    void thread_thatSleeps_isKeptAtTheFifthLook() {
        KeptThread sleeps = on(() -> LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(20)), Thread.State.TIMED_WAITING);

        assertThat(looksUntilKept(sleeps)).isEqualTo(5);
    }

    @Test
    void thread_thatIsBlocked_isKeptAtTheFifthLook() {
        Object lock = new Object();
        synchronized (lock) {
            KeptThread blocked = on(
                    () -> {
                        synchronized (lock) {
                            lock.notifyAll();
                        }
                    },
                    Thread.State.BLOCKED);

            assertThat(looksUntilKept(blocked)).isEqualTo(5);
        }
    }

    /** As it may where it gets no time on a processor. */
    @Test
    void thread_thatRuns_isKeptAtTheFiftiethLook() {
        CountDownLatch over = new CountDownLatch(1);
        try {
            KeptThread runs = on(
                    () -> {
                        while (over.getCount() > 0) {
                            Thread.onSpinWait();
                        }
                    },
                    Thread.State.RUNNABLE);

            assertThat(looksUntilKept(runs)).isEqualTo(50);
        } finally {
            over.countDown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException over) {
            Thread.currentThread().interrupt();
        }
    }
}
