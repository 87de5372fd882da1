package io.flotilla.step;

import org.jspecify.annotations.Nullable;

/** The steps in flight, and their limits of time: how long a step may take, and how long it may be silent. Thread-safe. */
final class TimeLimits {

    private final InFlight inFlight;
    private final @Nullable IdleWatch idle;

    TimeLimits(EngineCore core, EngineSchedulers schedulers) {
        boolean own = core.hasOwnTimeouts();
        this.inFlight = new InFlight(new LimitTimer(schedulers, "step"), own ? new DueHeap() : null);
        long idleNanos = core.settings.idleTimeoutNanos();
        this.idle = idleNanos == 0 ? null : new IdleWatch(new LimitTimer(schedulers, "idle"), inFlight, idleNanos);
        if (idle != null && !own && core.settings.stepTimeoutNanos >= idleNanos) {
            inFlight.defer();
        }
    }

    /**
     * A step has been started and has not ended at once. False if it is to be cancelled, since all is over. One that no timer can
     * be had for has failed.
     */
    boolean enter(Step<?, ?> step) {
        try {
            if (!inFlight.enter(step)) {
                return false;
            }
            inFlight.expireIfDue();
            if (idle != null) {
                idle.entered(step);
            }
        } catch (Throwable noTimer) {
            step.threw(noTimer);
        }
        return true;
    }

    /** From now on the time of all of them is up: {@link #expire()} follows. */
    void timeUp() {
        inFlight.expire();
    }

    /** Ends them: on the worker. */
    void expire() {
        new Expiry(inFlight).run();
    }

    /** On a watch's thread: ends the steps that wait for a timer which has been disposed of. */
    void checkTimers() {
        if (inFlight.isTimerLost()) {
            Starter.rescue(new Expiry(inFlight));
        }
        if (idle != null && idle.isTimerLost()) {
            Starter.rescue(new Expiry(idle));
        }
    }

    /** Whether no timer can be had any more: a step that enters has failed. */
    boolean hasFailed() {
        return inFlight.timerFailure() != null || (idle != null && idle.timerFailure() != null);
    }

    boolean isEmpty() {
        return inFlight.isEmpty();
    }

    /** Takes no more. Returns the last step that was in it; the others hang on its {@code previous}. */
    @Nullable Step<?, ?> close() {
        if (idle != null) {
            idle.close();
        }
        return inFlight.close();
    }
}
