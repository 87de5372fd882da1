package io.flotilla.step;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What all single steps of an engine share under one set of schedulers: lists of those in flight, each with its timers for all
 * of them, and the last reading of the clock. So a single step that ends at once enters no list and arms no timer, and
 * one that does not costs an entry in a list.
 *
 * <p>Several lists, each with a lock of its own, since steps are started and end on any thread.
 */
final class Singles {

    private static final int LISTS = 4;

    final EngineSchedulers schedulers;
    private final EngineCore core;
    private final Group[] groups = new Group[LISTS];
    private volatile @Nullable Moment moment;

    Singles(EngineCore core, EngineSchedulers schedulers) {
        this.core = core;
        this.schedulers = schedulers;
        for (int at = 0; at < LISTS; at++) {
            groups[at] = new Group();
        }
    }

    /** A step has been started on this thread and has not ended at once. */
    void enter(Step<?, ?> step) {
        groups[(int) Thread.currentThread().getId() & (LISTS - 1)].enter(step);
    }

    /** See {@link Moment#at}. */
    @SuppressWarnings("ReferenceEquality") // whether it is another
    Instant instant(long nanos) {
        Moment last = moment;
        Moment now = Moment.at(nanos, last, core.settings, schedulers);
        if (now != last) {
            moment = now;
        }
        return now.instant();
    }

    /** A list of steps, and its timers. While steps are in it the watch sees to it that the timers live. */
    private final class Group implements EngineClock.Watched {

        private volatile TimeLimits limits = new TimeLimits(core, schedulers);

        /** Raised and lowered under the lock. */
        private volatile boolean watched;

        void enter(Step<?, ?> step) {
            limits.enter(step);
            if (!watched) {
                watch();
            }
        }

        private synchronized void watch() {
            if (!watched) {
                watched = true;
                CallWatch.watchLong(this);
            }
        }

        /** On the call watch's thread. What has lost its timer, or a clock that threw, serves no later step. */
        @Override
        public synchronized boolean isOverdue(long nanos) {
            TimeLimits looked = limits;
            looked.checkTimers();
            if (looked.hasFailed()) {
                limits = new TimeLimits(core, schedulers);
            }
            watched = false; // before the look: a step that enters after it sees the flag down
            if (limits.isEmpty()) {
                CallWatch.forgetLong(this);
            } else {
                watched = true;
            }
            return false;
        }

        @Override
        public void overdue() {}
    }
}
