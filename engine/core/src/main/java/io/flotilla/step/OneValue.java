package io.flotilla.step;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;

/**
 * The subscription to one value: it is signalled when it is there and has been asked for, by whichever comes last.
 *
 * <pre>
 * state    becomes  by                   then
 * IDLE     ASKED    request
 * IDLE     READY    emit: the value      it waits
 * ASKED    OVER     emit: the value      it is signalled
 * READY    OVER     request              the value is signalled
 * any but  OVER     cancel               cancelled(); a value that waits is discarded
 * OVER
 * any but  OVER     fail, instead of     the error is signalled
 * OVER              emit
 * </pre>
 */
abstract class OneValue<T> implements Subscription {

    private static final int IDLE = 0;
    private static final int ASKED = 1;
    private static final int READY = 2;
    private static final int OVER = 3;

    final CoreSubscriber<? super T> downstream;
    private volatile int state;
    private @Nullable T value;

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<OneValue> STATE =
            AtomicIntegerFieldUpdater.newUpdater(OneValue.class, "state");

    OneValue(CoreSubscriber<? super T> downstream) {
        this.downstream = downstream;
    }

    /** Downstream has cancelled, before the value was signalled. */
    abstract void cancelled();

    /** The value is to be signalled, on the thread that brought it or asked for it, with the end if that is due. */
    abstract void signal(T present);

    /** Nothing will be signalled any more, or the value is being signalled. */
    final boolean isOver() {
        return state == OVER;
    }

    /** The value is there; called once. */
    final void emit(T present) {
        if (state == ASKED && STATE.compareAndSet(this, ASKED, OVER)) {
            signal(present);
            return;
        }
        value = present;
        if (STATE.compareAndSet(this, IDLE, READY)) {
            return;
        }
        if (STATE.compareAndSet(this, ASKED, OVER)) {
            signal(present);
        } else {
            discard(present);
        }
    }

    /** Ends instead of the value; after a cancel nobody is told. */
    final void fail(Throwable cause) {
        if (STATE.getAndSet(this, OVER) != OVER) {
            downstream.onError(cause);
        }
    }

    @Override
    public final void request(long n) {
        if (!Operators.validate(n)) {
            return;
        }
        if (!STATE.compareAndSet(this, IDLE, ASKED) && STATE.compareAndSet(this, READY, OVER)) {
            T present = value;
            if (present != null) {
                signal(present);
            }
        }
    }

    @Override
    public final void cancel() {
        int before = STATE.getAndSet(this, OVER);
        if (before != OVER) {
            cancelled();
            T present = value;
            if (before == READY && present != null) {
                discard(present);
            }
        }
    }

    /** The value is of no use to anybody. */
    void discard(T unused) {
        Operators.onDiscard(unused, downstream.currentContext());
    }
}
