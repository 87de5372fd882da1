package io.flotilla.samples.readingcrew.standin;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * Which question meets which fault: decided by the seed and by what is asked, not by when, so that a run can be repeated
 * however its requests arrive. Immutable.
 *
 * @param seed any number
 */
record FaultPlan(long seed) {

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    Fault faultFor(String question) {
        int drawn = new SplittableRandom(seed ^ hash(question)).nextInt(100);
        for (Fault fault : Fault.values()) {
            drawn -= fault.percent();
            if (drawn < 0) {
                return fault;
            }
        }
        return Fault.NONE;
    }

    private static long hash(String text) {
        long hash = FNV_OFFSET;
        for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ octet) * FNV_PRIME;
        }
        return hash;
    }

    /** The seed and how many of 100 questions meet which fault. */
    @Override
    public String toString() {
        return "seed " + seed + ": of 100 files about "
                + Arrays.stream(Fault.values())
                        .filter(fault -> fault != Fault.NONE)
                        .map(fault -> fault.percent() + " get " + fault)
                        .collect(Collectors.joining(", "));
    }
}
