package io.flotilla.topology;

import java.util.Arrays;
import java.util.BitSet;

/** A list of ints that grows. Not thread-safe. */
final class IntList {

    private static final int FEW = 16;

    private int[] values = new int[4];
    private int size;

    void add(int value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, size * 2);
        }
        values[size++] = value;
    }

    int get(int at) {
        return values[at];
    }

    int size() {
        return size;
    }

    /** Each value once, where it stands first. */
    IntList distinct() {
        IntList once = new IntList();
        if (size <= FEW) {
            for (int at = 0; at < size; at++) {
                if (!once.contains(values[at])) {
                    once.add(values[at]);
                }
            }
            return once;
        }
        BitSet seen = new BitSet();
        for (int at = 0; at < size; at++) {
            if (!seen.get(values[at])) {
                seen.set(values[at]);
                once.add(values[at]);
            }
        }
        return once;
    }

    private boolean contains(int value) {
        for (int at = 0; at < size; at++) {
            if (values[at] == value) {
                return true;
            }
        }
        return false;
    }

    int[] toArray() {
        return Arrays.copyOf(values, size);
    }
}
