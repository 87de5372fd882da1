package io.flotilla.samples.readingcrew.standin;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * Which request meets which fault: decided by the seed, by what is asked and by how often it has been asked before, not by
 * when, so that a run can be repeated however its requests arrive, and another attempt may fare better. Immutable.
 *
 * @param seed any number
 */
record FaultPlan(long seed) {

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    /** The fault of the request of that number for the question; the first is 1. */
    Fault faultFor(String question, int number) {
        long drawnFrom = seed ^ hash(question) ^ ((number - 1) * GOLDEN);
        int drawn = new SplittableRandom(drawnFrom).nextInt(100);
        for (Fault fault : Fault.values()) {
            drawn -= fault.percent();
            if (drawn < 0) {
                return fault;
            }
        }
        return Fault.NONE;
    }

    static long hash(String text) {
        long hash = FNV_OFFSET;
        for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ octet) * FNV_PRIME;
        }
        return hash;
    }

    /** The seed and how many of 100 requests meet which fault. */
    @Override
    public String toString() {
        return "seed " + seed + ": of 100 requests about "
                + Arrays.stream(Fault.values())
                        .filter(fault -> fault != Fault.NONE)
                        .map(fault -> fault.percent() + " get " + fault)
                        .collect(Collectors.joining(", "));
    }
}
