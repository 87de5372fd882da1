package io.flotilla.internal;

/**
 * Tells a thread that user code keeps from one that the machine has no time for, for a watch that looks at it every 20 ms. What counts are
 * the looks, not the time: where the whole process stands still, the watch does too.
 *
 * <p>A thread that sleeps, waits, or is blocked at {@value #PATIENCE} looks is kept. One that is runnable may just be slow, as when
 * classes are loaded on a busy machine, so it is given {@value #LONG_PATIENCE} looks.
 *
 * @since 0.1
 */
public final class KeptThread {

    /** The looks at a thread that waits, 80 to 100 ms. */
    static final int PATIENCE = 5;

    /** The looks at one that does not, about a second. */
    static final int LONG_PATIENCE = 50;

    private final Thread thread = Thread.currentThread();

    // The watch's own.
    private int looks;
    private int waits;

    /** For this thread, which is about to call user code. */
    public KeptThread() {}

    /**
     * Looks at the thread. To be called by the watch, at every look.
     *
     * @return true if nobody should wait for it any longer
     */
    public boolean isKept() {
        looks++;
        Thread.State state = thread.getState();
        if (state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING || state == Thread.State.BLOCKED) {
            waits++;
        }
        return waits >= PATIENCE || looks >= LONG_PATIENCE;
    }
}
