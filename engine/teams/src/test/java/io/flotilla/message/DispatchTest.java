package io.flotilla.message;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.testkit.UndisturbedTime;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;

@Timeout(30)
class DispatchTest {

    @Test
    void shared_inVirtualTimeAndAfterIt_isOnItsSchedulerAndOnThePoolAgain() {
        assertThat(Dispatch.isPool(Dispatch.shared())).isTrue();
        try (UndisturbedTime time = UndisturbedTime.begin()) {
            assertThat(Dispatch.isPool(Dispatch.shared())).isFalse();
            AtomicReference<Thread> ran = new AtomicReference<>();
            Dispatch.shared().execute(() -> ran.set(Thread.currentThread()));
            time.advanceTime();
            assertThat(ran).hasValue(Thread.currentThread());
        }
        CountDownLatch isRun = new CountDownLatch(1);
        Dispatch.shared().execute(isRun::countDown);
        Messages.await(isRun);
        assertThat(Dispatch.isPool(Dispatch.shared())).isTrue();
    }

    /** A thread that a test has left behind looks for the pool while the next test turns on virtual time. */
    @Test
    void shared_virtualTimeBeginsInBetween_itIsNotDisposedOf() {
        AtomicReference<VirtualTimeScheduler> time = new AtomicReference<>();
        Schedulers.Snapshot before = Schedulers.setFactoryWithSnapshot(new Schedulers.Factory() {
            @Override
            public Scheduler newSingle(ThreadFactory threads) {
                Scheduler real = Schedulers.Factory.super.newSingle(threads);
                if (threads instanceof Supplier<?> named
                        && "flotilla-mailbox-probe".equals(named.get())
                        && time.get() == null) {
                    time.set(VirtualTimeScheduler.getOrSet());
                }
                return real;
            }
        });
        try {
            assertThat(Dispatch.isPool(Dispatch.shared())).isTrue();
            assertThat(time.get()).as("it has begun").isNotNull();
            assertThat(time.get().isDisposed()).isFalse();
        } finally {
            VirtualTimeScheduler.reset();
            Schedulers.resetFrom(before);
        }
    }
}
