package io.flotilla.team;

import java.time.Duration;

/**
 * What a {@link Supervision} does with a worker that has failed. What becomes of the task is another matter: it is given to
 * another worker as long as it has attempts left, unless the failure is escalated. Immutable.
 *
 * @since 0.1
 */
public sealed interface Directive {

    /** The worker goes on as it is. */
    record Resume() implements Directive {}

    /** The worker's agent is replaced by a new one of its factory. A worker without a factory is escalated instead. */
    record Restart() implements Directive {}

    /**
     * The worker gets no tasks for a time. It counts as unhealthy.
     *
     * @param time how long; more than zero
     */
    record Quarantine(Duration time) implements Directive {

        /**
         * Checks the time.
         *
         * @param time how long
         * @throws NullPointerException if {@code time} is null
         * @throws IllegalArgumentException if {@code time} is not more than zero, or over 292 years
         */
        public Quarantine {
            Bounds.positive("time", time);
        }
    }

    /**
     * The worker is stopped for good, and the failure goes up instead of sideways: the task is not given to another worker,
     * but fails with {@link WorkerEscalatedException}. To a manager above, that is a failure of the whole manager below.
     */
    record Escalate() implements Directive {}
}
