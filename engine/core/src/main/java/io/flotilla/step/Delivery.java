package io.flotilla.step;

import java.util.Queue;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;
import reactor.util.concurrent.Queues;

/**
 * Brings the results of a round downstream: from one thread at a time, as they are asked for, and then the end.
 *
 * <p>The thread that ends a step delivers its result if no other is delivering ({@link #wip}); else it leaves the result in
 * {@link #ready} and the thread that is delivering takes it along. A place of the round is free again when its result has been delivered,
 * so {@code ready} never holds more than {@code concurrency} results. The methods return how many places came free: the
 * caller hands them on after {@code wip} has been given up, so that a body started in one holds no result back.
 *
 * <p>A result that meets neither company nor want of demand costs three atomic writes and is not queued.
 */
final class Delivery<O> {

    /** The number of steps is not known yet. */
    private static final long UNKNOWN = -1;

    private static final int RUNNING = 0;
    private static final int OVER = 1;

    private final Round<?, O> round;
    private final CoreSubscriber<? super StepResult<O>> downstream;

    /** Results that wait for demand, or for the thread that delivers. */
    private final Queue<StepResult<O>> ready =
            Queues.<StepResult<O>>unboundedMultiproducer().get();

    private volatile int wip;
    private volatile long requested;
    private volatile int phase;

    /** How many steps there are, once that is known. */
    private volatile long total = UNKNOWN;

    /** What ends the round at once, ahead of results that wait. */
    private volatile @Nullable Throwable failure;

    /** What ends the round after the last result. */
    private volatile @Nullable Throwable sourceFailure;

    /** The number of delivered steps still being reported to the log and to registries: the end comes after that. */
    private volatile int unreported;

    /** All is delivered, and the end waits for {@link #unreported}. */
    private volatile boolean awaitingReports;

    /** The watch's own note: how often it has seen that. */
    private int looks;

    /** A log or registry holds its thread: the end waits no longer. */
    private volatile boolean reportsOverdue;

    /** Only touched while holding {@link #wip}. */
    private long delivered;

    /** The number of results that went past here, into the report. */
    private volatile long taken;

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<Delivery> WIP =
            AtomicIntegerFieldUpdater.newUpdater(Delivery.class, "wip");

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<Delivery> UNREPORTED =
            AtomicIntegerFieldUpdater.newUpdater(Delivery.class, "unreported");

    @SuppressWarnings("rawtypes")
    private static final AtomicLongFieldUpdater<Delivery> TAKEN =
            AtomicLongFieldUpdater.newUpdater(Delivery.class, "taken");

    @SuppressWarnings("rawtypes")
    private static final AtomicLongFieldUpdater<Delivery> REQUESTED =
            AtomicLongFieldUpdater.newUpdater(Delivery.class, "requested");

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<Delivery> PHASE =
            AtomicIntegerFieldUpdater.newUpdater(Delivery.class, "phase");

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<Delivery, @Nullable Throwable> FAILURE =
            AtomicReferenceFieldUpdater.newUpdater(Delivery.class, Throwable.class, "failure");

    Delivery(Round<?, O> round, CoreSubscriber<? super StepResult<O>> downstream) {
        this.round = round;
        this.downstream = downstream;
    }

    /** The end has been signalled downstream, or downstream has cancelled. */
    boolean isOver() {
        return phase != RUNNING;
    }

    /** Nothing more is to be started: the round is over, or will be as soon as the end can be signalled. */
    boolean isStopped() {
        return phase != RUNNING || failure != null;
    }

    /** Whether a thread is downstream right now. */
    boolean isBusy() {
        return wip != 0;
    }

    /** True for the caller that ends the round. */
    boolean close() {
        return PHASE.compareAndSet(this, RUNNING, OVER);
    }

    /** True for the failure that ends the round; to be followed by {@link #drain()}. */
    boolean fail(Throwable cause) {
        return FAILURE.compareAndSet(this, null, cause);
    }

    int request(long n) {
        Operators.addCap(REQUESTED, this, n);
        return drain();
    }

    /** How many results there will be, and the failure that follows the last, if any. */
    int sourceEnded(long steps, @Nullable Throwable cause) {
        sourceFailure = cause;
        total = steps;
        return drain();
    }

    /** Before a result is delivered whose end is to be reported; {@link #reported()} follows. */
    void reporting() {
        UNREPORTED.getAndIncrement(this);
    }

    int reported() {
        return UNREPORTED.decrementAndGet(this) == 0 && total != UNKNOWN ? drain() : 0;
    }

    /** Whether the end has waited for reports for too long. Called by the watch. */
    boolean isReportOverdue() {
        looks = awaitingReports && unreported > 0 && !isOver() ? Math.min(looks + 1, Lane.PATIENCE) : 0;
        return looks == Lane.PATIENCE;
    }

    int endUnreported() {
        reportsOverdue = true;
        return drain();
    }

    /** A result went into the report: nobody but the end waits for it. */
    int taken() {
        TAKEN.getAndIncrement(this); // before the look: who says the number of steps looks the other way round
        return total == UNKNOWN ? 0 : drain();
    }

    int deliver(StepResult<O> result) {
        if (wip == 0 && WIP.compareAndSet(this, 0, 1)) {
            int freed = 0;
            if (requested != delivered && ready.isEmpty() && !isStopped()) {
                emit(result);
                freed = 1;
            } else {
                ready.offer(result);
            }
            return freed + drainLoop();
        }
        ready.offer(result);
        return drain();
    }

    int drain() {
        return WIP.getAndIncrement(this) == 0 ? drainLoop() : 0;
    }

    private int drainLoop() {
        int missed = 1;
        int freed = 0;
        do {
            if (!isOver()) {
                freed += deliverReady();
                Throwable cause = failure;
                if (cause != null) {
                    end(cause);
                } else if (delivered + taken == total) {
                    awaitingReports = true;
                    if (unreported == 0 || reportsOverdue) {
                        end(sourceFailure);
                    }
                }
            }
            if (isOver()) {
                discardReady();
            }
            missed = WIP.addAndGet(this, -missed);
        } while (missed != 0);
        return freed;
    }

    private int deliverReady() {
        int freed = 0;
        for (long demand = requested; delivered != demand && !isStopped(); freed++) {
            StepResult<O> result = ready.poll();
            if (result == null) {
                break;
            }
            emit(result);
        }
        return freed;
    }

    private void emit(StepResult<O> result) {
        delivered++;
        try {
            downstream.onNext(result);
        } catch (Throwable thrown) {
            // Reactor throws what it holds for fatal instead of signalling it. Without an end the round would hang.
            round.fail(thrown);
        }
    }

    private void end(@Nullable Throwable cause) {
        if (close()) {
            round.ending(cause, () -> {
                if (cause == null) {
                    downstream.onComplete();
                } else {
                    downstream.onError(cause);
                }
            });
        }
    }

    private void discardReady() {
        for (StepResult<O> result = ready.poll(); result != null; result = ready.poll()) {
            Operators.onDiscard(result, round.context());
            Operators.onDiscard(result.value(), round.context());
        }
    }
}
