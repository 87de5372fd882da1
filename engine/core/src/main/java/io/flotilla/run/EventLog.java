package io.flotilla.run;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/**
 * The last events of a run, for any number of subscribers, who all read this one log: one that is slow or blocks costs no memory, misses
 * what is not kept any more, and the run does not notice. Written by the run's one worker; read by any thread.
 */
final class EventLog {

    private static final EventFeed[] NONE = {};

    private final int history;
    private final Executor threads;
    private final UnaryOperator<RunEvent> readable;

    private final Flux<RunEvent> events = new Flux<>() {
        @Override
        public void subscribe(CoreSubscriber<? super RunEvent> actual) {
            EventFeed feed = new EventFeed(EventLog.this, actual, threads);
            actual.onSubscribe(feed);
            add(feed);
            feed.added();
        }
    };

    // Guarded by this.
    /** In a circle; grows until it has room for the history. */
    private @Nullable RunEvent[] kept = new RunEvent[16];

    private int head;
    private int count;

    /** The number of the event at {@link #head}. */
    private long first;

    private EventFeed[] feeds = NONE; // never changed, but replaced
    private boolean over;
    private @Nullable Throwable failure;

    /** {@code virtual} is where subscribers are told in virtual time. */
    EventLog(RunSetup setup, Executor virtual, Redaction redaction) {
        this.history = setup.watching().eventHistory();
        this.threads = setup.watching().listeners().orVirtual(virtual);
        this.readable = redaction::readable;
    }

    Flux<RunEvent> events() {
        return events;
    }

    private void add(EventFeed feed) {
        synchronized (this) {
            feeds = Arrays.copyOf(feeds, feeds.length + 1);
            feeds[feeds.length - 1] = feed;
        }
    }

    @SuppressWarnings("ReferenceEquality") // a feed has no other identity
    void remove(EventFeed feed) {
        synchronized (this) {
            feeds = Arrays.stream(feeds).filter(other -> other != feed).toArray(EventFeed[]::new);
        }
    }

    void emit(RunEvent emitted) {
        RunEvent event = readable.apply(emitted);
        EventFeed[] told;
        synchronized (this) {
            if (count == 0) {
                first = event.sequence();
            }
            if (count == history) {
                kept[head] = null;
                head = (head + 1) % kept.length;
                first++;
                count--;
            } else if (count == kept.length) {
                grow();
            }
            kept[(head + count) % kept.length] = event;
            count++;
            told = feeds;
        }
        wake(told);
    }

    private void grow() {
        @Nullable RunEvent[] larger = new RunEvent[(int) Math.min(history, 2L * kept.length)];
        System.arraycopy(kept, head, larger, 0, kept.length - head);
        System.arraycopy(kept, 0, larger, kept.length - head, head);
        kept = larger;
        head = 0;
    }

    private static void wake(EventFeed[] told) {
        for (EventFeed feed : told) {
            feed.wake();
        }
    }

    /** The events from a number on that there are, {@code most} at most. Throws if the first is not kept any more. */
    synchronized List<RunEvent> read(long from, int most) {
        if (count > 0 && from < first) {
            throw new EventsLostException(from, history);
        }
        List<RunEvent> read = new ArrayList<>();
        for (long at = from - first; at < count && read.size() < most; at++) {
            RunEvent event = kept[(head + (int) at) % kept.length];
            if (event != null) {
                read.add(event);
            }
        }
        return read;
    }

    /** Whether the event of that number will never come. */
    synchronized boolean isOver(long number) {
        return over && (count == 0 || number >= first + count);
    }

    synchronized @Nullable Throwable failure() {
        return failure;
    }

    void complete() {
        end(null);
    }

    /** True if somebody has subscribed. */
    boolean fail(Throwable cause) {
        return end(cause);
    }

    private boolean end(@Nullable Throwable cause) {
        EventFeed[] told;
        synchronized (this) {
            if (over) {
                return false;
            }
            over = true;
            failure = cause;
            told = feeds;
        }
        wake(told);
        return told.length > 0;
    }
}
