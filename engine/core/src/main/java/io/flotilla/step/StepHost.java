package io.flotilla.step;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a {@link Step} is a part of: {@link Steps}, or a {@link SingleStep}. */
interface StepHost<I, O> {

    StepEngine engine();

    default EngineCore core() {
        return engine().core();
    }

    RoundScope scope();

    /** A reading of the timer. */
    long nanos();

    /** What time it is on the clock, at {@code nanos} of the timer. */
    Instant instant(long nanos);

    /** Results of bodies that are computed in one go wait for the thread that starts the step. */
    boolean keepsResults();

    /** A clock or timer of the user's throws: the step cannot be started. */
    void noTime(Step<I, O> step, Throwable thrown);

    /** The step has ended, on whatever thread. */
    void ended(Step<I, O> step, StepResult<O> result);

    /** The step has been cancelled: there is no result. */
    void cancelled(Step<I, O> step);

    /** The time limit of all steps of the round, once it has passed; null before that, and without one. */
    @Nullable Duration passedRoundTimeout();

    /** For the message of a time-out: why the step may have had to wait for another of its round. */
    String hintOfWaiting();
}
