package io.flotilla.step;

/**
 * A thread that calls user code piece by piece: cancel handlers, observation handlers, log appenders. Any piece may keep
 * the thread, so no thread waits for a lane for long.
 *
 * <p>{@link StallWatch} looks at every lane that is running. One that is still there at the {@value #PATIENCE}th look, 80 to 100
 * ms after it has started, is overdue: a rescue thread then does what others wait for, and
 * works on what is left beside the lane. While pieces are left this repeats at every look, and the helpers are lanes
 * themselves, so the number of threads doubles until no piece waits behind one that does not return. A lane that comes
 * back late continues with the rest, or ends.
 *
 * <p>A lane costs an entry in a set, not a timer.
 */
abstract class Lane implements Runnable {

    /** The number of looks after which no thread waits for user code any longer. Long enough for a busy machine. */
    static final int PATIENCE = 5;

    /** How often the watch has seen this lane; written by the watch only. */
    volatile int looks;

    @Override
    public final void run() {
        StallWatch.enter(this);
        try {
            while (advance()) {
                clearInterrupt();
            }
        } finally {
            StallWatch.leave(this);
        }
    }

    /** A piece that leaves its interrupt flag behind does not interrupt the next. */
    @SuppressWarnings("ResultOfMethodCallIgnored")
    private static void clearInterrupt() {
        Thread.interrupted();
    }

    /** Calls one piece; false when none is left. Throws nothing. */
    abstract boolean advance();

    /** Whether a thread waits for this lane. Called on the watch's thread: no user code runs here. */
    abstract boolean isAwaited();

    /** Does what others wait for. On a rescue thread, once for each look that finds the lane awaited. */
    abstract void overdue();
}
