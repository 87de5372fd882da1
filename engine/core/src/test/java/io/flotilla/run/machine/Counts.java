package io.flotilla.run.machine;

import java.util.Map;
import java.util.TreeMap;

/** How often what was seen. */
final class Counts {

    private final Map<String, Long> counts = new TreeMap<>();

    void add(String what) {
        counts.merge(what, 1L, Long::sum);
    }

    Map<String, Long> all() {
        return counts;
    }

    @Override
    public String toString() {
        StringBuilder lines = new StringBuilder();
        counts.forEach((what, count) -> lines.append(String.format("%n%,12d  %s", count, what)));
        return lines.toString();
    }
}
