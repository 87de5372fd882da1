package io.flotilla.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The log of a simulated world: bounded, and what is beyond the bound still counts. Thread-safe: who gives up a world reads it. */
final class EventLines {

    /** How many lines are kept. */
    static final int MOST = 100_000;

    private static final long NANOS = TimeUnit.SECONDS.toNanos(1);

    private final List<String> lines = new ArrayList<>();
    private long beyond;
    private long hash;

    synchronized void add(long nanos, String event) {
        String line = time(nanos) + " " + event.replace("\n", "\\n").replace("\r", "\\r");
        if (lines.size() < MOST) {
            lines.add(line);
        } else {
            beyond++;
            hash = hash * 31 + line.hashCode();
        }
    }

    private static String time(long nanos) {
        String fraction = String.valueOf(NANOS + nanos % NANOS).substring(1);
        return nanos / NANOS + "." + (fraction.endsWith("000000") ? fraction.substring(0, 3) : fraction);
    }

    synchronized List<String> all() {
        List<String> all = new ArrayList<>(lines);
        if (beyond > 0) {
            all.add(beyond + " more lines, " + Long.toHexString(hash));
        }
        return all;
    }
}
