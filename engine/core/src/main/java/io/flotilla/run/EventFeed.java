package io.flotilla.run;

import io.flotilla.step.SimulationThread;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;

/**
 * One subscriber of the events of a run. It reads the log at its own pace, and has no buffer and no thread of its own: when there is
 * something for it, and no task of its own is under way ({@link #wip}), a task of the executor delivers at most {@value #TURN} events, for
 * about {@value #TURN_MILLIS} ms; then it is another's turn. So order is kept, and a subscriber that keeps its thread keeps one.
 */
final class EventFeed implements Subscription {

    static final int TURN = 64;
    static final long TURN_MILLIS = 10;

    private static final Logger LOG = LoggerFactory.getLogger(Run.class);

    private final EventLog log;
    private final CoreSubscriber<? super RunEvent> actual;
    private final Executor threads;
    private final AtomicInteger wip = new AtomicInteger();
    private final AtomicLong requested = new AtomicLong();
    private volatile boolean cancelled;

    /** The number of the next event. Touched by the one who delivers. */
    private long next;

    EventFeed(EventLog log, CoreSubscriber<? super RunEvent> actual, Executor threads) {
        this.log = log;
        this.actual = actual;
        this.threads = threads;
    }

    /** It is in the log; may have cancelled before. */
    void added() {
        if (cancelled) {
            log.remove(this);
        } else {
            wake();
        }
    }

    /** There may be something to tell. */
    void wake() {
        if (wip.getAndIncrement() == 0) {
            threads.execute(this::deliver);
        }
    }

    @Override
    public void request(long n) {
        if (Operators.validate(n)) {
            requested.accumulateAndGet(n, Operators::addCap);
            wake();
        }
    }

    @Override
    public void cancel() {
        if (!cancelled) {
            cancelled = true;
            log.remove(this);
        }
    }

    private void deliver() {
        // Without an end where real time must not decide anything; the number of events ends the turn there.
        long endNanos = System.nanoTime()
                + (SimulationThread.isCurrent() ? Long.MAX_VALUE : TimeUnit.MILLISECONDS.toNanos(TURN_MILLIS));
        int left = TURN;
        int missed = wip.get();
        while (!cancelled) {
            int told = tell((int) Math.min(requested.get(), left), endNanos);
            left -= told;
            if (endIfOver()) {
                return;
            }
            if (left == 0 || (told > 0 && System.nanoTime() - endNanos >= 0)) {
                threads.execute(this::deliver); // behind the others; nobody else delivers meanwhile
                return;
            }
            if (told == 0) {
                missed = wip.addAndGet(-missed);
                if (missed == 0) {
                    return;
                }
            }
        }
    }

    /** Tells as many events as there are, {@code most} at most; returns how many. */
    private int tell(int most, long endNanos) {
        if (most == 0) {
            return 0;
        }
        List<RunEvent> events;
        try {
            events = log.read(next, most);
        } catch (EventsLostException lost) {
            end();
            tellFailure(lost);
            return 0;
        }
        int told = 0;
        for (RunEvent event : events) {
            if (cancelled || (told > 0 && System.nanoTime() - endNanos >= 0)) {
                break;
            }
            next++;
            told++;
            try {
                actual.onNext(event);
            } catch (Throwable thrown) { // fatal errors too: the subscriber's own
                end();
                tellFailure(thrown);
            }
        }
        if (requested.get() != Long.MAX_VALUE) {
            requested.addAndGet(-told);
        }
        return told;
    }

    /** True if nothing more is to be told. */
    private boolean endIfOver() {
        if (cancelled) {
            return true;
        }
        if (!log.isOver(next)) {
            return false;
        }
        end();
        Throwable failure = log.failure();
        if (failure != null) {
            tellFailure(failure);
            return true;
        }
        try {
            actual.onComplete();
        } catch (Throwable thrown) {
            LOG.debug("a subscriber of events throws", thrown);
        }
        return true;
    }

    private void end() {
        cancel(); // nothing more, from either side
    }

    private void tellFailure(Throwable cause) {
        try {
            actual.onError(cause);
        } catch (Throwable thrown) {
            LOG.debug("a subscriber of events throws", thrown);
        }
    }
}
