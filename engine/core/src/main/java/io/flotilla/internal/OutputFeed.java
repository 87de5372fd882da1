package io.flotilla.internal;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;

/**
 * One subscriber of the output of many steps. It reads the logs of the steps at its own pace, each a few signals at a time, so
 * that one step that emits a lot does not hold up the others.
 *
 * <p>It has no thread of its own: when there is something for it, and nobody is at it ({@link #wip}), a task of the executor
 * delivers until nothing is left or wanted. So who emits never runs the subscriber's code, and a subscriber that keeps its
 * thread keeps that task only.
 *
 * <p>What waits is in the logs, which are bounded; here is only which of them have something. Steps that have ended and still
 * have something are bounded too: beyond {@link Policy#maxEnded} the one that ended first is given up, and the subscriber is told how
 * much it lost.
 *
 * @param <S> the signals
 * @since 0.1
 */
public final class OutputFeed<S> implements Subscription {

    private static final Logger LOG = LoggerFactory.getLogger(OutputFeed.class);

    /** The signals of one step before it is another's turn. */
    private static final int TURN = 16;

    /**
     * What a kind of output wants.
     *
     * @param <S> the signals
     */
    public interface Policy<S> {

        /**
         * How many steps that have ended may wait.
         *
         * @return 1 or more
         */
        int maxEnded();

        /**
         * What a subscriber is told when steps were given up.
         *
         * @param steps how many
         * @param values their values that it has not got
         * @return the signal
         */
        S lost(long steps, long values);

        /** The subscriber has cancelled, or thrown. */
        void cancelled();

        /** The subscriber wants signals. Called for every request, before anything is delivered for it. */
        void requested();

        /**
         * The subscriber has got a signal. Called where it was told.
         *
         * @param signal what it was told
         */
        void delivered(S signal);

        /**
         * A signal that is not delivered any more.
         *
         * @param signal what was to be told
         */
        void discarded(S signal);
    }

    private final CoreSubscriber<? super S> actual;
    private final Policy<S> policy;
    private final Executor threads;
    private final AtomicInteger wip = new AtomicInteger();
    private final AtomicLong requested = new AtomicLong();

    // Guarded by this.
    private final Set<OutputCursor<S>> ready = new LinkedHashSet<>();
    private final Set<OutputCursor<S>> ended = new LinkedHashSet<>();
    private long lostSteps;
    private long lostValues;

    private volatile boolean cancelled;
    private volatile boolean completed;
    private volatile @Nullable Throwable failure;

    /** The failure does not wait for what comes before it. */
    private volatile boolean atOnce;

    // Touched by the one who delivers only.
    private @Nullable OutputCursor<S> turn;
    private int taken;

    /**
     * A feed, to be given to {@code actual} as its subscription.
     *
     * @param actual the subscriber
     * @param policy what this kind of output wants
     * @param threads where it is told; takes every task
     */
    public OutputFeed(CoreSubscriber<? super S> actual, Policy<S> policy, Executor threads) {
        this.actual = actual;
        this.policy = policy;
        this.threads = threads;
    }

    /**
     * Lets it read a log, which is empty now.
     *
     * @param log the output of a step
     */
    public void read(OutputLog<S> log) {
        if (!cancelled) {
            cursor(log).attach();
        }
    }

    /** To be attached, and woken if there may be something to read. */
    OutputCursor<S> cursor(OutputLog<S> log) {
        return new OutputCursor<>(log, this);
    }

    /** Nothing more comes: the subscriber is completed when it has read all. */
    public void complete() {
        completed = true;
        deliverSoon();
    }

    /**
     * Nothing more comes, but this.
     *
     * @param cause what the subscriber is told
     * @param now ahead of what it has not read
     */
    public void fail(Throwable cause, boolean now) {
        atOnce = now;
        failure = cause;
        completed = true;
        deliverSoon();
    }

    // --- for cursors

    void ready(OutputCursor<S> cursor) {
        synchronized (this) {
            if (cursor.queued || cancelled) {
                return;
            }
            cursor.queued = true;
            ready.add(cursor);
        }
        deliverSoon();
    }

    void ended(OutputCursor<S> cursor) {
        OutputCursor<S> oldest = null;
        synchronized (this) {
            if (cancelled) {
                return;
            }
            ended.add(cursor);
            if (ended.size() > policy.maxEnded()) {
                oldest = ended.iterator().next();
                ended.remove(oldest);
                ready.remove(oldest);
                oldest.queued = true; // for good: it is not woken any more
            }
        }
        if (oldest != null) {
            giveUp(oldest);
        }
        ready(cursor);
    }

    private void giveUp(OutputCursor<S> oldest) {
        long values = oldest.abandon();
        if (values >= 0) {
            synchronized (this) {
                lostSteps++;
                lostValues += values;
            }
        }
        oldest.detach();
    }

    // --- the subscription

    @Override
    public void request(long n) {
        if (Operators.validate(n)) {
            policy.requested();
            requested.accumulateAndGet(n, Operators::addCap);
            deliverSoon();
        }
    }

    @Override
    public void cancel() {
        if (!cancelled) {
            cancelled = true;
            policy.cancelled();
            deliverSoon(); // whoever is at it clears away
        }
    }

    // --- delivery

    private void deliverSoon() {
        if (wip.getAndIncrement() == 0) {
            threads.execute(this::deliver);
        }
    }

    private void deliver() {
        int missed = wip.get();
        do {
            long demand = requested.get();
            long delivered = 0;
            while (!isOver()) {
                S signal = delivered == demand ? null : next();
                if (signal == null) {
                    endIfAllRead();
                    break;
                }
                delivered++;
                tell(signal);
            }
            if (cancelled) {
                discardAll();
            }
            if (demand != Long.MAX_VALUE && delivered > 0) {
                requested.addAndGet(-delivered);
            }
            missed = wip.addAndGet(-missed);
        } while (missed != 0);
        clearInterrupt();
    }

    @SuppressWarnings("ResultOfMethodCallIgnored") // what a subscriber leaves behind is not for the next task
    private static void clearInterrupt() {
        Thread.interrupted();
    }

    /** Whether nothing more is to be told; tells a failure that does not wait. */
    private boolean isOver() {
        if (!cancelled && atOnce && failure != null) {
            end();
        }
        return cancelled;
    }

    private @Nullable S next() {
        while (true) {
            OutputCursor<S> cursor = turn;
            if (cursor == null || taken == TURN) {
                S lost = lost();
                if (lost != null) {
                    return lost;
                }
                cursor = nextTurn(cursor);
                if (cursor == null) {
                    return null;
                }
            }
            S signal = cursor.read();
            if (signal != null) {
                taken++;
                return signal;
            }
            turn = null;
            synchronized (this) {
                ready.remove(cursor);
                cursor.queued = false;
            }
            if (cursor.hasMore()) {
                ready(cursor); // came while it was taken out
            } else {
                forgetIfOver(cursor);
            }
        }
    }

    private synchronized @Nullable S lost() {
        if (lostSteps == 0) {
            return null;
        }
        S lost = policy.lost(lostSteps, lostValues);
        lostSteps = 0;
        lostValues = 0;
        return lost;
    }

    private @Nullable OutputCursor<S> nextTurn(@Nullable OutputCursor<S> before) {
        synchronized (this) {
            if (before != null && ready.remove(before)) {
                ready.add(before);
            }
            Iterator<OutputCursor<S>> first = ready.iterator();
            turn = first.hasNext() ? first.next() : null;
            taken = 0;
            return turn;
        }
    }

    private void forgetIfOver(OutputCursor<S> cursor) {
        synchronized (this) {
            if (!ended.remove(cursor)) {
                return;
            }
            cursor.queued = true; // for good
        }
        cursor.detach();
    }

    private void tell(S signal) {
        try {
            actual.onNext(signal);
            policy.delivered(signal);
        } catch (Throwable thrown) { // fatal errors too: the subscriber's own
            cancel();
            tellFailure(thrown);
        }
    }

    private void tellFailure(Throwable cause) {
        try {
            actual.onError(cause);
        } catch (Throwable thrown) {
            LOG.debug("a subscriber of output throws", thrown);
        }
    }

    private void endIfAllRead() {
        if (!completed || cancelled) {
            return;
        }
        synchronized (this) {
            if (lostSteps > 0 || ready.stream().anyMatch(OutputCursor::hasMore)) {
                return; // without demand, a log that has been read to its end is still among them
            }
        }
        end();
    }

    private void end() {
        cancelled = true; // nothing more, from either side
        Throwable cause = failure;
        if (cause != null) {
            tellFailure(cause);
            return;
        }
        try {
            actual.onComplete();
        } catch (Throwable thrown) {
            LOG.debug("a subscriber of output throws", thrown);
        }
    }

    private void discardAll() {
        Set<OutputCursor<S>> left;
        synchronized (this) {
            left = new LinkedHashSet<>(ready);
            ready.clear();
            ended.clear();
        }
        turn = null;
        for (OutputCursor<S> cursor : left) {
            cursor.queued = true; // for good
            for (S signal = cursor.read(); signal != null; signal = cursor.read()) {
                policy.discarded(Objects.requireNonNull(signal));
            }
            cursor.detach();
        }
    }
}
