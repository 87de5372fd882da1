package io.flotilla.security;

/** A set of 128-bit values in one array, probed linearly, at most three quarters full. Not thread-safe. */
final class NonceSet {

    private static final int FIRST_SLOTS = 16;

    /** Two longs a slot; a slot of zeros is free. */
    private long[] table = new long[2 * FIRST_SLOTS];

    private int size;

    int size() {
        return size;
    }

    long memoryBytes() {
        return (long) Long.BYTES * table.length;
    }

    boolean contains(long high, long low) {
        long first = notZero(high, low);
        int at = slot(table, first, low);
        return table[at] == first && table[at + 1] == low;
    }

    /** It must not be there yet. */
    void add(long high, long low) {
        if (4L * (size + 1) > 3L * (table.length / 2)) {
            grow();
        }
        put(table, notZero(high, low), low);
        size++;
    }

    private static long notZero(long high, long low) {
        return high == 0 && low == 0 ? 1 : high;
    }

    private void grow() {
        long[] larger = new long[2 * table.length];
        for (int at = 0; at < table.length; at += 2) {
            if (table[at] != 0 || table[at + 1] != 0) {
                put(larger, table[at], table[at + 1]);
            }
        }
        table = larger;
    }

    private static void put(long[] into, long high, long low) {
        int at = slot(into, high, low);
        into[at] = high;
        into[at + 1] = low;
    }

    /**
     * Where the value is, or the free slot where it belongs. Which values share a slot depends on a product of their halves: the
     * {@link ReplayGuard} has put bits into both that nobody knows, so nobody can choose nonces that all do.
     */
    private static int slot(long[] in, long high, long low) {
        int mask = in.length / 2 - 1;
        long mixed = high * low ^ Math.multiplyHigh(high, low);
        int slot = (int) (mixed ^ mixed >>> 32) & mask;
        for (; ; ) {
            int at = 2 * slot;
            boolean isFree = in[at] == 0 && in[at + 1] == 0;
            if (isFree || (in[at] == high && in[at + 1] == low)) {
                return at;
            }
            slot = slot + 1 & mask;
        }
    }
}
