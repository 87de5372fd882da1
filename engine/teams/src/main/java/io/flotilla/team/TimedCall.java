package io.flotilla.team;

import io.flotilla.step.EngineClock;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A call of a function of the user's that decides something, and may throw or keep its thread. Then another answer takes the
 * place of its own, and in the latter case another thread continues.
 */
final class TimedCall<T> implements EngineClock.Watched {

    private final AtomicBoolean decided = new AtomicBoolean();
    private final Function<@Nullable Throwable, ? extends T> otherwise;
    private final Consumer<? super T> then;

    // The watch's own note: when it looked first.
    private volatile @Nullable Long seenNanos;

    private TimedCall(Function<@Nullable Throwable, ? extends T> otherwise, Consumer<? super T> then) {
        this.otherwise = otherwise;
        this.then = then;
    }

    /** {@code then} is called once; {@code otherwise} makes its argument of what was thrown, or of null if it took too long. */
    static <T> void decide(
            EngineClock clock,
            Supplier<? extends T> function,
            Function<@Nullable Throwable, ? extends T> otherwise,
            Consumer<? super T> then) {
        TimedCall<T> call = new TimedCall<>(otherwise, then);
        T decision;
        clock.watch(call);
        try {
            decision = function.get();
        } catch (Throwable thrown) {
            decision = otherwise.apply(thrown);
        } finally {
            clock.forget(call);
        }
        call.decided(decision);
    }

    private void decided(T decision) {
        if (decided.compareAndSet(false, true)) {
            then.accept(decision);
        }
    }

    @Override
    public boolean isOverdue(long nanos) {
        Long seen = seenNanos;
        if (seen == null) {
            seenNanos = nanos;
            return false;
        }
        return nanos - seen >= Manager.PATIENCE.toNanos();
    }

    @Override
    public void overdue() {
        decided(otherwise.apply(null));
    }
}
