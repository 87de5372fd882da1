package io.flotilla.internal;

import org.jspecify.annotations.Nullable;

/** How far one reader of an {@link OutputLog} has come. */
final class OutputCursor<S> {

    private final OutputLog<S> log;
    private final OutputFeed<S> feed;

    // Guarded by the log.
    /** The next entry to be read. */
    long at;

    /** The values before it: those it has read and those it has missed. */
    long passed;

    long dropped;

    /** Its last signal has been read. */
    boolean over;

    /** Whether the feed has it in its queue; written by the feed under its lock. */
    volatile boolean queued;

    OutputCursor(OutputLog<S> log, OutputFeed<S> feed) {
        this.log = log;
        this.feed = feed;
    }

    void wake() {
        if (!queued) {
            feed.ready(this);
        }
    }

    void ended() {
        feed.ended(this);
    }

    @Nullable S read() {
        return log.read(this);
    }

    boolean hasMore() {
        return log.hasMore(this);
    }

    long abandon() {
        return log.abandon(this);
    }

    @SuppressWarnings("ReferenceEquality") // a feed has no other identity
    boolean isOf(OutputFeed<S> other) {
        return feed == other;
    }

    void attach() {
        log.attach(this);
    }

    void detach() {
        log.detach(feed);
    }
}
