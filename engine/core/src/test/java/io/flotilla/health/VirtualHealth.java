package io.flotilla.health;

import io.flotilla.UndisturbedTime;
import java.time.Duration;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Time that passes only when a test says so. */
final class VirtualHealth implements BeforeEachCallback, AfterEachCallback {

    private UndisturbedTime time;

    @Override
    public void beforeEach(ExtensionContext context) {
        time = UndisturbedTime.begin();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        time.close();
    }

    void passes(Duration duration) {
        time.advanceTimeBy(duration);
    }
}
