package io.flotilla.samples.readingcrew.standin;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** The time in which a server is as good as dead: it begins after some requests, and is over some time later. Thread-safe. */
public final class Storm {

    private static final int REQUESTS_BEFORE = 40;
    private static final Duration LENGTH = Duration.ofSeconds(2);

    /** What it does to a request. */
    enum Gust {
        CALM,
        UNAVAILABLE,
        CUT
    }

    private final int requestsBefore;
    private final Duration length;
    private final LongSupplier nanoTime;
    private int requests;
    private long since;

    Storm(int requestsBefore, Duration length, LongSupplier nanoTime) {
        this.requestsBefore = requestsBefore;
        this.length = length;
        this.nanoTime = nanoTime;
    }

    /** One that never comes. */
    public static Storm none() {
        return new Storm(Integer.MAX_VALUE, Duration.ZERO, System::nanoTime);
    }

    /** One that comes soon and is short enough to wait for. */
    public static Storm brief() {
        return new Storm(REQUESTS_BEFORE, LENGTH, System::nanoTime);
    }

    /** What happens to the next request. */
    synchronized Gust next() {
        if (requests < requestsBefore) {
            requests++;
            since = nanoTime.getAsLong(); // of the last request before it
            return Gust.CALM;
        }
        if (nanoTime.getAsLong() - since >= TimeUnit.MILLISECONDS.toNanos(length.toMillis())) {
            return Gust.CALM;
        }
        return ++requests % 2 == 0 ? Gust.CUT : Gust.UNAVAILABLE;
    }

    /** When it comes and what it does. */
    @Override
    public String toString() {
        return "after " + requestsBefore + " requests nothing but 503 and cut connections for " + length.toMillis()
                + " ms";
    }
}
