package io.flotilla.run.machine;

import io.flotilla.run.BranchPath;
import io.flotilla.run.PendingQuestion;
import io.flotilla.run.RunFailure;
import io.flotilla.run.RunResult;
import io.flotilla.run.StateValue;
import io.flotilla.run.Turn;
import io.flotilla.run.Uncompensated;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link RunMachine} wants done. The effects of one fact are carried out in their order, and all of them before the
 * next fact is applied. Immutable, as far as values and causes are.
 *
 * @since 0.1
 */
public sealed interface Effect {

    /**
     * Call an agent, or, if it {@linkplain #isCompensation() is one}, its compensation. Its end is the fact {@link
     * Fact.StepSettled}.
     *
     * @param step the step's serial number in the run, from 1
     * @param agent the name of the agent
     * @param turn what it is called with
     * @param branch on which branch
     * @param number which step of the branch, from 0
     * @param delegation the agents that handed the work on to this one; null for none
     * @param state the run's own state as it is now; cannot be changed
     */
    record StartStep(
            long step,
            String agent,
            Turn turn,
            BranchPath branch,
            long number,
            @Nullable Delegation delegation,
            Map<String, StateValue> state)
            implements Effect {

        /**
         * Whether the agent is not to be called, but what undoes its steps. The turn has what to undo; branch and number are those
         * of the step that is undone.
         *
         * @return true for a turn with {@link Turn.Reason#COMPENSATING}
         */
        public boolean isCompensation() {
            return turn.reason() == Turn.Reason.COMPENSATING;
        }

        /**
         * The agents that handed the work on to this one.
         *
         * @return their names, the first one first; empty for none
         */
        public List<String> delegationPath() {
            return delegation == null ? List.of() : delegation.agents();
        }
    }

    /**
     * Cancel a step that was started. Its end has no effects any more.
     *
     * @param step its number
     */
    record CancelStep(long step) implements Effect {}

    /**
     * Start a timer. When the time is up, the fact is {@link Fact.DeadlinePassed}.
     *
     * @param timer the timer's serial number in the run
     * @param delay how long it runs
     * @param question the id of the question whose deadline it is; null for others
     */
    record StartTimer(long timer, Duration delay, @Nullable String question) implements Effect {}

    /**
     * Stop a timer.
     *
     * @param timer its number
     */
    record CancelTimer(long timer) implements Effect {}

    /**
     * Put a question before people. Its answer is the fact {@link Fact.QuestionAnswered}.
     *
     * @param question what is asked
     */
    record Ask(PendingQuestion question) implements Effect {}

    /**
     * Take a question back: it has been answered, or no branch waits for it any more.
     *
     * @param question its id
     */
    record CloseQuestion(String question) implements Effect {}

    /**
     * The run has ended: the last effect.
     *
     * @param status how
     * @param answers in lineage order; empty unless it succeeded
     * @param failure why not; null if it succeeded
     * @param steps how many steps were started
     * @param branches how the branches ended
     * @param lateArrivals how many answers and arrivals came too late
     * @param uncompensated the settled steps that could not be undone, in the order in which that was tried
     */
    record Finish(
            RunResult.Status status,
            List<@Nullable Object> answers,
            @Nullable RunFailure failure,
            long steps,
            RunResult.Branches branches,
            long lateArrivals,
            List<Uncompensated> uncompensated)
            implements Effect {}
}
