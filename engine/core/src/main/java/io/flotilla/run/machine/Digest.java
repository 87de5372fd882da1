package io.flotilla.run.machine;

/**
 * A 64-bit digest of numbers in their order. Guards against change, not against malice.
 *
 * <p>The function is the output function of SplitMix64, over the digest so far combined with the next number: G. L. Steele,
 * D. Lea, C. H. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014; its constants are D. Stafford's
 * "variant 13" of the MurmurHash3 finalizer. {@code format.md} beside this file says what goes into it.
 *
 * @since 0.1
 */
public final class Digest {

    /** What every digest begins with. */
    public static final long EMPTY = 0;

    private static final long GAMMA = 0x9e3779b97f4a7c15L;

    private Digest() {}

    /**
     * Adds a number.
     *
     * @param digest the digest so far
     * @param number what comes next
     * @return {@code digest} with {@code number} behind it
     */
    public static long add(long digest, long number) {
        long mixed = (digest ^ number) + GAMMA;
        mixed = (mixed ^ (mixed >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return mixed ^ (mixed >>> 31);
    }

    static long add(long digest, boolean flag) {
        return add(digest, flag ? 1 : 0);
    }

    /** The digest of a name: its length and its UTF-16 units. */
    static long of(String name) {
        long digest = add(EMPTY, name.length());
        for (int at = 0; at < name.length(); at++) {
            digest = add(digest, name.charAt(at));
        }
        return digest;
    }
}
