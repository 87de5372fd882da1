package io.flotilla.team;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import reactor.test.scheduler.VirtualTimeScheduler;

/**
 * Everything runs when the test lets time pass, on its thread; or, where the library takes a slow machine for a body that keeps
 * its thread, on another one, which is waited for.
 */
class VirtualTime {

    static final Duration SOON = Duration.ofSeconds(20);

    /** How many tasks may follow from each other. */
    private static final int GENERATIONS = 20;

    private Undisturbed time;

    /**
     * Ends with its test and not before. Reactor disposes of a shared scheduler that two threads make at once, and in virtual time
     * all of them are this one: a thread that an earlier test has left behind is enough.
     */
    private static final class Undisturbed extends VirtualTimeScheduler {

        private volatile boolean isOver;

        private Undisturbed() {
            super(false);
        }

        @Override
        public void dispose() {
            if (isOver) {
                super.dispose();
            }
        }
    }

    @BeforeEach
    void begin() {
        time = new Undisturbed();
        VirtualTimeScheduler.set(time);
    }

    @AfterEach
    void end() {
        time.isOver = true;
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
