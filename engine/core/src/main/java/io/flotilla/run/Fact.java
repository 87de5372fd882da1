package io.flotilla.run;

import io.flotilla.agent.Usage;
import io.flotilla.step.StepResult;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a {@link RunMachine} is told. The same facts in the same order make the same run. */
sealed interface Fact {

    /** When it happened. */
    Instant at();

    /** The same fact at another time. */
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
                    settled.degraded());
        }
        return this instanceof QuestionAnswered answer
                ? new QuestionAnswered(other, answer.question(), answer.value())
                : this;
    }

    /** The run starts with its task. */
    record Started(Instant at, @Nullable Object task) implements Fact {}

    /**
     * A step has ended with a decision, or with none.
     *
     * @param step its serial number in the run
     * @param decision what its agent decided; null if it decided nothing, or failed
     * @param failed how it failed; null if it did not
     * @param cause why it failed; null if it did not
     * @param used what the whole run has used by then
     * @param attempts how many times its agent was called; 0 if a guard refused it before the first
     * @param degraded whether a fallback made the decision
     */
    record StepSettled(
            Instant at,
            long step,
            @Nullable Decision decision,
            StepResult.@Nullable Kind failed,
            @Nullable Throwable cause,
            Usage used,
            int attempts,
            boolean degraded)
            implements Fact {

        /** Of one attempt, by the agent itself. */
        StepSettled(
                Instant at,
                long step,
                @Nullable Decision decision,
                StepResult.@Nullable Kind failed,
                @Nullable Throwable cause,
                Usage used) {
            this(at, step, decision, failed, cause, used, 1, false);
        }
    }

    /** A timer has fired. */
    record DeadlinePassed(Instant at, long timer) implements Fact {}

    /** Somebody has answered a question. */
    record QuestionAnswered(
            Instant at, String question, @Nullable Object value) implements Fact {}

    /** No more steps are to start. */
    record Paused(Instant at) implements Fact {}

    /** Steps are to start again. */
    record Resumed(Instant at) implements Fact {}

    /** Nobody wants the run any more. */
    record Cancelled(Instant at) implements Fact {}
}
