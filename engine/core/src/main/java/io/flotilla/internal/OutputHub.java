package io.flotilla.internal;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/**
 * The output of all steps that are in flight, for any number of subscribers, also late ones: they get what is kept of those
 * steps, then all that follows. Thread-safe.
 *
 * @param <S> the signals
 * @since 0.1
 */
public abstract class OutputHub<S> {

    private final Executor threads;
    private final int maxEnded;

    // Guarded by this.
    private final Set<OutputLog<S>> inFlight = new LinkedHashSet<>();
    private final List<OutputFeed<S>> feeds = new ArrayList<>();
    private boolean over;
    private @Nullable Throwable failure;

    /**
     * A hub without steps and subscribers.
     *
     * @param threads where subscribers are told; takes every task
     * @param maxEnded how many steps that have ended wait for a slow subscriber
     */
    protected OutputHub(Executor threads, int maxEnded) {
        this.threads = threads;
        this.maxEnded = maxEnded;
    }

    /**
     * What a subscriber is told when steps were given up.
     *
     * @param steps how many
     * @param values their values that it has not got
     * @return the signal
     */
    protected abstract S lost(long steps, long values);

    /**
     * A subscriber has got a signal. Called where it was told.
     *
     * @param signal what it was told
     */
    protected abstract void delivered(S signal);

    /**
     * A step is about to tell something for the first time.
     *
     * @param log its output, empty
     */
    public final void open(OutputLog<S> log) {
        synchronized (this) {
            if (!over) {
                inFlight.add(log);
                feeds.forEach(feed -> feed.read(log));
            }
        }
    }

    /**
     * A step has ended: no later subscriber gets anything of it.
     *
     * @param log its output
     * @param last see {@link OutputLog#end}
     */
    public final void close(OutputLog<S> log, LongFunction<S> last) {
        synchronized (this) {
            inFlight.remove(log);
        }
        log.end(last);
    }

    /**
     * The last signal of a step that was in flight when everything ended.
     *
     * @param log its output
     * @param dropped the number of its values that the subscriber has not got
     * @return the signal
     */
    protected abstract S cancelled(OutputLog<S> log, long dropped);

    /** Nothing more comes. */
    public final void complete() {
        ended(null).forEach(OutputFeed::complete);
    }

    /**
     * Nothing more comes, since something broke.
     *
     * @param cause what subscribers are told when they have read what there is
     */
    public final void fail(Throwable cause) {
        ended(cause).forEach(feed -> feed.fail(cause, false));
    }

    private List<OutputFeed<S>> ended(@Nullable Throwable cause) {
        List<OutputFeed<S>> told;
        List<OutputLog<S>> cut;
        synchronized (this) {
            over = true;
            failure = cause;
            told = List.copyOf(feeds);
            cut = List.copyOf(inFlight);
            feeds.clear();
            inFlight.clear();
        }
        cut.forEach(log -> log.end(dropped -> cancelled(log, dropped)));
        return told;
    }

    /**
     * The output from now on, and what is kept of the steps in flight.
     *
     * @return hot; each subscriber is told on threads of the executor
     */
    public final Flux<S> flux() {
        return new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super S> actual) {
                Subscriber subscriber = new Subscriber();
                OutputFeed<S> feed = new OutputFeed<>(actual, subscriber, threads);
                subscriber.feed = feed;
                actual.onSubscribe(feed);
                add(feed);
            }
        };
    }

    private void add(OutputFeed<S> feed) {
        Throwable cause;
        boolean late;
        List<OutputCursor<S>> cursors = new ArrayList<>();
        synchronized (this) {
            cause = failure;
            late = over;
            if (!late) {
                feeds.add(feed);
                inFlight.forEach(log -> cursors.add(feed.cursor(log)));
                cursors.forEach(OutputCursor::attach);
            }
        }
        cursors.forEach(OutputCursor::wake); // outside of the lock: the executor may be this thread
        if (cause != null) {
            feed.fail(cause, false);
        } else if (late) {
            feed.complete();
        }
    }

    private synchronized void remove(@Nullable OutputFeed<S> feed) {
        if (feed != null && feeds.remove(feed)) {
            inFlight.forEach(log -> log.detach(feed));
        }
    }

    private final class Subscriber implements OutputFeed.Policy<S> {

        private @Nullable OutputFeed<S> feed;

        @Override
        public int maxEnded() {
            return maxEnded;
        }

        @Override
        public S lost(long steps, long values) {
            return OutputHub.this.lost(steps, values);
        }

        @Override
        public void cancelled() {
            remove(feed);
        }

        @Override
        public void requested() {}

        @Override
        public void delivered(S signal) {
            OutputHub.this.delivered(signal);
        }

        @Override
        public void discarded(S signal) {}
    }
}
