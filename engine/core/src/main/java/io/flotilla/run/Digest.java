package io.flotilla.run;

import java.util.List;

/** A hash over all events a run has told, so that a replay notices when it tells others. Guards against change, not malice. */
final class Digest {

    private static final long PRIME = 0x100000001b3L;

    private long sum;

    void add(List<RunEvent> events) {
        for (RunEvent event : events) {
            sum = sum * PRIME + event.toString().hashCode();
        }
    }

    String value() {
        return Long.toHexString(sum);
    }
}
