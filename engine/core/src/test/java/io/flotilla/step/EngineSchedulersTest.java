package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Schedulers that nobody uses any more are disposed of, if they are the engine's own. */
@Timeout(60)
class EngineSchedulersTest {

    private static void collectUntil(BooleanSupplier condition) {
        long until = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("it is collected").isLessThan(until);
            System.gc();
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** The engine's schedulers of a factory that is exchanged again, so nothing holds them any more; and its timer. */
    private static Scheduler timerOf(@Nullable Scheduler everybodys) {
        Schedulers.Snapshot before = Schedulers.setFactoryWithSnapshot(new Schedulers.Factory() {
            @Override
            public Scheduler newSingle(ThreadFactory threads) {
                return everybodys != null && isOurs(threads) ? everybodys : Schedulers.Factory.super.newSingle(threads);
            }

            @Override
            public Scheduler newBoundedElastic(int threads, int queued, ThreadFactory names, int idleSeconds) {
                return everybodys != null && isOurs(names)
                        ? everybodys
                        : Schedulers.Factory.super.newBoundedElastic(threads, queued, names, idleSeconds);
            }

            private static boolean isOurs(ThreadFactory threads) {
                return threads instanceof Supplier<?> named
                        && String.valueOf(named.get()).startsWith("flotilla-");
            }
        });
        Made made = madeBefore(before);
        assertThat(EngineSchedulers.shared().timer()).isNotSameAs(made.timer());
        collectUntil(() -> made.schedulers().get() == null);
        return made.timer();
    }

    /** In a method of its own: a variable would hold them. */
    private static Made madeBefore(Schedulers.Snapshot before) {
        try {
            EngineSchedulers schedulers = EngineSchedulers.shared();
            return new Made(schedulers.timer(), new WeakReference<>(schedulers));
        } finally {
            Schedulers.resetFrom(before);
        }
    }

    private record Made(Scheduler timer, WeakReference<EngineSchedulers> schedulers) {}

    @Test
    void schedulers_collected_areDisposedOfIfNobodyElseHasThem() {
        Scheduler everybodys = Schedulers.newSingle("everybodys", true);
        try {
            assertThat(timerOf(everybodys)).isSameAs(everybodys);
            for (int round = 0; round < 2; round++) { // what was collected before has been seen to by then
                Scheduler own = timerOf(null);
                collectUntil(own::isDisposed);
            }
            assertThat(everybodys.isDisposed()).isFalse();
        } finally {
            everybodys.dispose();
        }
    }
}
