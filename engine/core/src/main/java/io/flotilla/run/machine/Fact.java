package io.flotilla.run.machine;

import io.flotilla.agent.Usage;
import io.flotilla.run.BranchPath;
import io.flotilla.run.Decision;
import io.flotilla.step.StepResult;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link RunMachine} applies: something that has happened outside of it. The same facts in the same order make the
 * same run. Immutable, as far as values and causes are.
 *
 * @since 0.1
 */
public sealed interface Fact {

    /**
     * When it happened.
     *
     * @return the time, which goes into the events; no decision depends on it
     */
    Instant at();

    /**
     * The same fact at another time.
     *
     * @param other when
     * @return the fact
     */
    default Fact at(Instant other) {
        if (this instanceof Started started) {
            return new Started(other, started.task());
        }
        if (this instanceof StepSettled settled) {
            return new StepSettled(
                    other,
                    settled.step(),
                    settled.decision(),
                    settled.failed(),
                    settled.cause(),
                    settled.used(),
                    settled.attempts(),
                    settled.degraded(),
                    settled.writes(),
                    settled.ownUsage());
        }
        return this instanceof QuestionAnswered answer
                ? new QuestionAnswered(other, answer.question(), answer.value())
                : atOther(other);
    }

    private Fact atOther(Instant other) {
        if (this instanceof DeadlinePassed deadline) {
            return new DeadlinePassed(other, deadline.timer());
        }
        if (this instanceof Paused) {
            return new Paused(other);
        }
        if (this instanceof SignalReceived signal) {
            return new SignalReceived(other, signal.signal(), signal.value(), signal.ifAwaited());
        }
        if (this instanceof BranchCancelRequested cancel) {
            return new BranchCancelRequested(other, cancel.branch());
        }
        return this instanceof Resumed ? new Resumed(other) : new Cancelled(other);
    }

    /**
     * The run starts: the first fact.
     *
     * @param at when
     * @param task what the first agent is called with
     */
    record Started(Instant at, @Nullable Object task) implements Fact {}

    /**
     * A step has ended with a decision, or with none.
     *
     * @param at when
     * @param step its number, see {@link Effect.StartStep#step()}
     * @param decision what its agent decided; null if it decided nothing, or failed
     * @param failed how it failed; null if it did not
     * @param cause why it failed; null if it did not
     * @param used what the whole run has used by then
     * @param attempts how many times its agent was called; 0 if a guard refused it before the first
     * @param degraded whether a fallback made the decision
     * @param writes what it wants to write into the run's state, each key once; taken as a whole, if its decision is allowed and is not
     *     to fail
     * @param ownUsage what the step itself has used, all its attempts together, but for what it used before a crash, and what comes
     *     after its end; null in a journal written before usage was recorded for each step, unless the run had used nothing by then
     */
    record StepSettled(
            Instant at,
            long step,
            @Nullable Decision decision,
            StepResult.@Nullable Kind failed,
            @Nullable Throwable cause,
            Usage used,
            int attempts,
            boolean degraded,
            List<StateWrite> writes,
            @Nullable Usage ownUsage)
            implements Fact {

        /**
         * Copies the writes.
         *
         * @param at when
         * @param step its number
         * @param decision what its agent decided
         * @param failed how it failed
         * @param cause why it failed
         * @param used what the whole run has used by then
         * @param attempts how many times its agent was called
         * @param degraded whether a fallback made the decision
         * @param writes what it wants to write
         * @param ownUsage what the step itself has used
         */
        public StepSettled {
            writes = List.copyOf(writes);
        }

        /**
         * A step of one attempt, by the agent itself, that writes nothing into the run's state.
         *
         * @param at when
         * @param step its number
         * @param decision what its agent decided; null if it decided nothing, or failed
         * @param failed how it failed; null if it did not
         * @param cause why it failed; null if it did not
         * @param used what the whole run has used by then
         * @param ownUsage what the step itself has used; null if that is not known
         */
        public StepSettled(
                Instant at,
                long step,
                @Nullable Decision decision,
                StepResult.@Nullable Kind failed,
                @Nullable Throwable cause,
                Usage used,
                @Nullable Usage ownUsage) {
            this(at, step, decision, failed, cause, used, 1, false, List.of(), ownUsage);
        }
    }

    /**
     * A timer has fired.
     *
     * @param at when
     * @param timer which, see {@link Effect.StartTimer#timer()}
     */
    record DeadlinePassed(Instant at, long timer) implements Fact {}

    /**
     * Somebody has answered a question.
     *
     * @param at when
     * @param question the id of the question
     * @param value the answer
     */
    record QuestionAnswered(
            Instant at, String question, @Nullable Object value) implements Fact {}

    /**
     * The run is to start no more steps.
     *
     * @param at when
     */
    record Paused(Instant at) implements Fact {}

    /**
     * The run is to start steps again.
     *
     * @param at when
     */
    record Resumed(Instant at) implements Fact {}

    /**
     * The run is to end.
     *
     * @param at when
     */
    record Cancelled(Instant at) implements Fact {}

    /**
     * A signal has come from outside.
     *
     * @param at when
     * @param signal its name
     * @param value its value
     * @param ifAwaited whether it is lost if no branch waits for it
     */
    record SignalReceived(
            Instant at, String signal, @Nullable Object value, boolean ifAwaited) implements Fact {}

    /**
     * A branch is to end, with all that lives in the forks it has opened. Without effects if it is not live.
     *
     * @param at when
     * @param branch which
     */
    record BranchCancelRequested(Instant at, BranchPath branch) implements Fact {}
}
