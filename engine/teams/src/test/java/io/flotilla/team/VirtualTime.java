package io.flotilla.team;

import io.flotilla.testkit.UndisturbedTime;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * Everything runs when the test lets time pass, on its thread; or, where the library takes a slow machine for a body that keeps
 * its thread, on another one, which is waited for.
 */
class VirtualTime {

    static final Duration SOON = Duration.ofSeconds(20);

    /** How many tasks may follow from each other. */
    private static final int GENERATIONS = 20;

    private UndisturbedTime time;

    @BeforeEach
    void begin() {
        time = UndisturbedTime.begin();
    }

    @AfterEach
    void end() {
        time.close();
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
