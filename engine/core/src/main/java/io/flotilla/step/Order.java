package io.flotilla.step;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * In which order, and whether side by side, the steps of a round start. Results keep their index in the input whatever
 * the order. Immutable.
 *
 * @since 0.1
 */
public final class Order {

    /** In input order, side by side up to the engine's concurrency. The default. */
    public static final Order PARALLEL = new Order("PARALLEL", false, 0, false);

    /** In input order, one after another: a step starts when the result before it has been delivered. */
    public static final Order SEQUENTIAL = new Order("SEQUENTIAL", true, 0, false);

    private final String name;
    private final boolean oneByOne;
    private final long seed;
    private final boolean shuffled;

    private Order(String name, boolean oneByOne, long seed, boolean shuffled) {
        this.name = name;
        this.oneByOne = oneByOne;
        this.seed = seed;
        this.shuffled = shuffled;
    }

    /**
     * In a random order, one after another, as simulations activate their agents. The same seed and number of steps give
     * the same order on every machine: {@link Collections#shuffle(List, Random)} with a {@link Random} of that seed.
     *
     * @param seed any number
     * @return the order
     */
    public static Order shuffled(long seed) {
        return new Order("SHUFFLED(" + seed + ")", true, seed, true);
    }

    boolean oneByOne() {
        return oneByOne;
    }

    boolean isShuffled() {
        return shuffled;
    }

    /** The indices 0 to size - 1 as they are to be started. */
    int[] indices(int size) {
        List<Integer> indices = new ArrayList<>(size);
        for (int index = 0; index < size; index++) {
            indices.add(index);
        }
        if (shuffled) {
            Collections.shuffle(indices, new Random(seed));
        }
        return indices.stream().mapToInt(Integer::intValue).toArray();
    }

    /** {@code PARALLEL}, {@code SEQUENTIAL} or {@code SHUFFLED(seed)}. */
    @Override
    public String toString() {
        return name;
    }
}
