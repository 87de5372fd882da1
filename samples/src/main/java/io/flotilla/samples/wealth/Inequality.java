package io.flotilla.samples.wealth;

import java.util.List;

/** How unequally something is spread, as one number. */
final class Inequality {

    private Inequality() {}

    /** The Gini coefficient: 0 if all have the same, close to 1 if one has it all; 0 if there is nothing to have. */
    static double gini(List<Integer> holdings) {
        long[] sorted = holdings.stream().mapToLong(Integer::longValue).sorted().toArray();
        double weighted = 0;
        double total = 0;
        for (int rank = 0; rank < sorted.length; rank++) {
            weighted += (double) (rank + 1) * sorted[rank];
            total += sorted[rank];
        }
        return total == 0 ? 0 : 2 * weighted / (sorted.length * total) - (sorted.length + 1.0) / sorted.length;
    }
}
