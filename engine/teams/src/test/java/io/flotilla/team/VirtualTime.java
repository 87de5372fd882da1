package io.flotilla.team;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;

/**
 * Everything runs when the test lets time pass, on its thread; or, where the library takes a slow machine for a body that keeps
 * its thread, on another one, which is waited for.
 */
class VirtualTime {

    static final Duration SOON = Duration.ofSeconds(20);

    /** How many tasks may follow from each other. */
    private static final int GENERATIONS = 20;

    private VirtualTimeScheduler time;

    @BeforeEach
    void begin() {
        // Reactor disposes of a shared scheduler that two threads make at once, and all of them are this one: so none
        // is made
        // later, when a thread that an earlier test has left behind may come first.
        do {
            VirtualTimeScheduler.reset();
            time = VirtualTimeScheduler.getOrSet();
            Schedulers.single();
            Schedulers.parallel();
            Schedulers.boundedElastic();
        } while (time.isDisposed());
    }

    @AfterEach
    void end() {
        VirtualTimeScheduler.reset();
    }

    /** What is due runs. */
    void settle() {
        pass(Duration.ZERO);
    }

    void pass(Duration duration) {
        time.advanceTimeBy(duration);
        for (int generation = 0; generation < GENERATIONS; generation++) {
            CountDownLatch isRun = new CountDownLatch(1);
            time.schedule(isRun::countDown);
            try {
                if (!isRun.await(SOON.toSeconds(), TimeUnit.SECONDS)) {
                    throw new AssertionError("somebody keeps virtual time");
                }
            } catch (InterruptedException interrupted) {
                throw new AssertionError(interrupted);
            }
        }
    }
}
