package io.flotilla.step;

import org.jspecify.annotations.Nullable;

/**
 * Ends the steps of a round whose time is up: each body is sent its cancel, then the step has its result. A cancel handler
 * that keeps the thread holds its own step's result back until the lane is overdue, and other steps no longer than that.
 */
final class Expiry extends Lane {

    private final Overdue overdue;

    /** The step that is being ended; its result is the one that is waited for. */
    private volatile @Nullable Step<?, ?> ending;

    Expiry(Overdue overdue) {
        this.overdue = overdue;
    }

    @Override
    boolean advance() {
        Step<?, ?> due = overdue.takeDue();
        if (due == null) {
            return false;
        }
        ending = due;
        try {
            due.timeOut(overdue.timerFailure(), overdue.isOfIdle());
        } catch (Throwable thrown) {
            Steps.reportFailed(thrown); // downstream's end: the others are due all the same
        }
        return true;
    }

    @Override
    boolean isAwaited() {
        Step<?, ?> step = ending;
        return (step != null && step.isTimingOut()) || overdue.hasDue();
    }

    @Override
    void overdue() {
        if (overdue.hasDue()) {
            Starter.rescue(new Expiry(overdue));
        }
        Step<?, ?> step = ending;
        if (step != null) {
            step.endTimeOut();
        }
    }
}
