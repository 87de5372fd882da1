package io.flotilla;

import java.util.function.Supplier;
import org.reactivestreams.Publisher;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

/**
 * Virtual time that ends with its test and not before: that of the test kit, which knows this module and not the other way round.
 * Reactor disposes of a shared scheduler that two threads make at the same time, and in virtual time all of them are one: a thread
 * that an earlier test has left behind is enough.
 */
public final class UndisturbedTime extends VirtualTimeScheduler implements AutoCloseable {

    private UndisturbedTime(boolean defer) {
        super(defer);
    }

    /** Begins, until it is closed. */
    public static UndisturbedTime begin() {
        UndisturbedTime time = new UndisturbedTime(false);
        VirtualTimeScheduler.set(time);
        return time;
    }

    /** {@code StepVerifier.withVirtualTime} in such a time, or in the one that has begun. */
    public static <T> StepVerifier.FirstStep<T> verifier(Supplier<? extends Publisher<? extends T>> scenario) {
        return StepVerifier.withVirtualTime(
                scenario, () -> VirtualTimeScheduler.getOrSet(new UndisturbedTime(true)), Long.MAX_VALUE);
    }

    private boolean isCurrent() {
        try {
            return VirtualTimeScheduler.get() == this;
        } catch (IllegalStateException none) {
            return false;
        }
    }

    @Override
    public void dispose() {
        if (!isCurrent()) {
            super.dispose();
        }
    }

    @Override
    public void close() {
        if (isCurrent()) {
            VirtualTimeScheduler.reset();
        }
        dispose();
    }
}
