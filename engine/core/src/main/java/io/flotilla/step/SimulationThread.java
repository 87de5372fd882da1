package io.flotilla.step;

import io.flotilla.Experimental;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The one thread of a simulated system: everything in it runs here, one thing after another, on virtual time.
 *
 * <p>So on it the library leaves out what makes two runs differ. It watches no call in real time, since nothing could continue
 * elsewhere while a call keeps this thread; it hands nothing to threads of its own; ids are counted instead of drawn; and what it
 * draws follows from a seed.
 *
 * <p>For the library's own modules, as {@link EngineAccess} is. Systems are simulated with {@code Simulation} of the test kit.
 *
 * @since 0.1
 */
@Experimental
public final class SimulationThread extends Thread {

    private static final int ID_DIGITS = 24;

    /** Of this thread. */
    private long ids;

    private final SplittableRandom random;

    /**
     * A thread that is not started.
     *
     * @param name its name
     * @param seed what {@link #nextDouble} draws follows from it
     * @param world what it runs, from begin to end
     */
    public SimulationThread(String name, long seed, Runnable world) {
        super(world, name);
        this.random = new SplittableRandom(seed);
        setDaemon(true);
    }

    /**
     * Whether the caller is part of a simulated system.
     *
     * @return true on such a thread
     */
    public static boolean isCurrent() {
        return Thread.currentThread() instanceof SimulationThread;
    }

    /**
     * The next id of the simulated system, in place of random bits.
     *
     * @return 24 hexadecimal digits, the same in every run of the same system; null on other threads
     */
    public static @Nullable String nextId() {
        if (!(Thread.currentThread() instanceof SimulationThread simulated)) {
            return null;
        }
        String count = Long.toHexString(++simulated.ids);
        return "0".repeat(ID_DIGITS - count.length()) + count;
    }

    /**
     * A random number for what the library spreads, as the delays of retries.
     *
     * @return between 0, inclusive, and 1, exclusive: the same in every run of the same system on such a thread, any on others
     */
    public static double nextDouble() {
        return Thread.currentThread() instanceof SimulationThread simulated
                ? simulated.random.nextDouble()
                : ThreadLocalRandom.current().nextDouble();
    }
}
