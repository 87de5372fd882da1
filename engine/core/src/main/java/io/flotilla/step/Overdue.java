package io.flotilla.step;

import org.jspecify.annotations.Nullable;

/** Which steps have passed a limit of time, for an {@link Expiry} to end. Thread-safe. */
interface Overdue {

    /** The next step whose time is up, or null. */
    @Nullable Step<?, ?> takeDue();

    /** Whether a step waits to be taken, or to be looked at. Called by the watch, with no effect. */
    boolean hasDue();

    /** Why no timer can be had any more, so that every step is due; null while there is one. */
    @Nullable Throwable timerFailure();

    /** Whether it is the idle timeout that they have passed. */
    boolean isOfIdle();
}
