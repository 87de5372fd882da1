package io.flotilla.samples.complete;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What has happened since the phase began, with the time; of the same happening the first time and how often. Thread-safe. */
final class Happenings {

    private static final int NANOS_A_MILLI = 1_000_000;

    private final Map<String, long[]> firstAndCount = new LinkedHashMap<>();
    private long begun = System.nanoTime();

    synchronized void begin() {
        firstAndCount.clear();
        begun = System.nanoTime();
    }

    synchronized void add(String what) {
        firstAndCount.computeIfAbsent(what, any -> new long[] {sinceBegin(), 0})[1]++;
    }

    private long sinceBegin() {
        return (System.nanoTime() - begun) / NANOS_A_MILLI;
    }

    synchronized long elapsedMs() {
        return sinceBegin();
    }

    /** When the first one came that begins so, in ms since the beginning; -1 if none has. */
    synchronized long firstMs(String beginning) {
        return firstAndCount.entrySet().stream()
                .filter(each -> each.getKey().startsWith(beginning))
                .mapToLong(each -> each.getValue()[0])
                .findFirst()
                .orElse(-1);
    }

    synchronized List<String> lines() {
        List<String> lines = new ArrayList<>();
        firstAndCount.forEach((what, when) -> lines.add(String.format(
                Locale.ROOT, "+%5d ms  %s%s", when[0], what, when[1] > 1 ? ", " + when[1] + " times" : "")));
        return lines;
    }
}
