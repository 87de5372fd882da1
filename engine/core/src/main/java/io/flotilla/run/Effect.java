package io.flotilla.run;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a {@link RunMachine} wants done, in this order, before it is told the next fact. */
sealed interface Effect {

    /**
     * Call an agent; tell of its end with {@link Fact.StepSettled}.
     *
     * @param step the step's serial number in the run, from 1
     * @param node which agent
     * @param turn what it is told
     * @param branch on which branch
     * @param number which step of the branch, from 0
     * @param delegation who handed on to it
     */
    record StartStep(
            long step,
            int node,
            Turn turn,
            BranchPath branch,
            long number,
            @Nullable Delegation delegation) implements Effect {}

    /** Cancel a step that was started; its end is of no interest any more. */
    record CancelStep(long step) implements Effect {}

    /**
     * Tell with {@link Fact.DeadlinePassed} when the time is up.
     *
     * @param timer the timer's serial number in the run
     * @param delay how long it runs
     * @param question whose deadline it is: not to be told of any more once an answer has been taken; null for others
     */
    record StartTimer(long timer, Duration delay, @Nullable String question) implements Effect {}

    /** The timer is not needed any more. */
    record CancelTimer(long timer) implements Effect {}

    /** Put a question before people; tell of its answer with {@link Fact.QuestionAnswered}. */
    record Ask(PendingQuestion question) implements Effect {}

    /** The question has been answered, or is of no interest any more. */
    record CloseQuestion(String question) implements Effect {}

    /**
     * The run has ended; nothing comes after it.
     *
     * @param status how
     * @param answers in lineage order; empty unless it succeeded
     * @param failure why not
     */
    record Finish(
            RunResult.Status status,
            List<@Nullable Object> answers,
            @Nullable RunFailure failure,
            long steps,
            RunResult.Branches branches,
            long lateArrivals)
            implements Effect {}
}
