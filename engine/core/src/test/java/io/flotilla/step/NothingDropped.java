package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import reactor.core.publisher.Hooks;

/** Fails every test that dropped a value or an error, or left a round open. */
public final class NothingDropped implements BeforeEachCallback, AfterEachCallback {

    private final Queue<Object> dropped = new ConcurrentLinkedQueue<>();

    /** What other tests have left open: runs that nobody goes on with, as after a crash. */
    private int openBefore;

    @Override
    public void beforeEach(ExtensionContext context) {
        dropped.clear();
        openBefore = StallWatch.watched();
        Hooks.onErrorDropped(dropped::add);
        Hooks.onNextDropped(dropped::add);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Hooks.resetOnErrorDropped();
        Hooks.resetOnNextDropped();
        assertThat(dropped).as("dropped values and errors").isEmpty();
        for (int spin = 0; StallWatch.watched() > openBefore && spin < 2_000; spin++) {
            LockSupport.parkNanos(1_000_000); // a round's last act comes after its last signal
        }
        assertThat(StallWatch.watched()).as("rounds left open").isLessThanOrEqualTo(openBefore);
    }
}
