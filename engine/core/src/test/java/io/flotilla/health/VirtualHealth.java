package io.flotilla.health;

import java.time.Duration;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Time that passes only when a test says so. */
final class VirtualHealth implements BeforeEachCallback, AfterEachCallback {

    @Override
    public void beforeEach(ExtensionContext context) {
        VirtualTimeScheduler.getOrSet();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        VirtualTimeScheduler.reset();
    }

    void passes(Duration time) {
        VirtualTimeScheduler.get().advanceTimeBy(time);
    }
}
