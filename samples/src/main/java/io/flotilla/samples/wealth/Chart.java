package io.flotilla.samples.wealth;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** Bars of text, which every terminal can draw. */
final class Chart {

    private static final int WIDTH = 50;

    private Chart() {}

    /** How many of the numbers fall into each bucket, a line a bucket; the longest bar is {@value #WIDTH} wide. */
    static List<String> histogram(List<Integer> numbers, int bucketSize) {
        int largest = numbers.isEmpty() ? 0 : Collections.max(numbers);
        int[] buckets = new int[largest / bucketSize + 1];
        numbers.forEach(number -> buckets[number / bucketSize]++);
        int fullest = 1;
        for (int count : buckets) {
            fullest = Math.max(fullest, count);
        }
        List<String> lines = new ArrayList<>();
        for (int bucket = 0; bucket < buckets.length; bucket++) {
            lines.add(String.format(
                    Locale.ROOT,
                    "%4d - %-4d %6d %s",
                    bucket * bucketSize,
                    (bucket + 1) * bucketSize - 1,
                    buckets[bucket],
                    bar(buckets[bucket] / (double) fullest)));
        }
        return lines;
    }

    /** A bar for a share between 0 and 1; a share above 0 shows at least one mark. */
    static String bar(double share) {
        return "#".repeat((int) Math.ceil(share * WIDTH));
    }
}
