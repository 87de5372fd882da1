package io.flotilla.run;

import io.flotilla.agent.Usage;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened in a run: enough to draw it. Every event has a number, from 0 and without gaps, and the time of
 * what caused it. Inputs, requests and answers are not in it; of values, only what is written into the run's state. Immutable.
 *
 * <p>Every branch starts once, and ends once: it is {@link BranchAnswered}, {@link BranchFailed}, {@link BranchMovedOn} or {@link
 * BranchCancelled}.
 *
 * @since 0.1
 */
public sealed interface RunEvent {

    /**
     * Its place among the run's events.
     *
     * @return a number from 0
     */
    long sequence();

    /**
     * When it happened.
     *
     * @return the instant on the engine's clock
     */
    Instant at();

    /**
     * Which branch it happened on.
     *
     * @return its path; null for what concerns the whole run
     */
    default @Nullable BranchPath branch() {
        return null;
    }

    /**
     * What kind of event it is, in a word that does not change: {@code branch-started}, {@code step-settled} and so on.
     *
     * @return the {@code type} of {@link #toMap()}
     */
    default String type() {
        return String.valueOf(toMap().get("type"));
    }

    /**
     * The event as JSON has it: {@code type}, {@code sequence}, {@code at}, {@code branch} and {@code agent} if it has them, then the
     * record's own components under their names. Any JSON library writes it. The README has all types and fields.
     *
     * @return texts, numbers, flags, null, lists and maps of these; cannot be changed
     */
    default Map<String, @Nullable Object> toMap() {
        return EventForm.of(this);
    }

    /** How a join ended. */
    enum Verdict {
        /** Enough have answered, or have come. */
        MET,
        /** Not enough have, and no more can. */
        UNMET,
        /** Everybody has moved on, so there is nothing to join. */
        VACATED
    }

    /** What became of a signal that came. */
    enum Delivery {
        /** A branch waited for it, and has it. */
        DELIVERED,
        /** It is kept until a branch takes it. */
        KEPT,
        /** It was for those who wait, and nobody waited. */
        LOST,
        /** As many are kept already as may be. */
        REFUSED
    }

    /**
     * The run has started.
     *
     * @param sequence its number
     * @param at when
     */
    record RunStarted(long sequence, Instant at) implements RunEvent {}

    /**
     * A branch has started.
     *
     * @param sequence its number
     * @param at when
     * @param branch which
     * @param agent where
     */
    record BranchStarted(long sequence, Instant at, BranchPath branch, String agent) implements RunEvent {}

    /**
     * A step has started.
     *
     * @param sequence its number
     * @param at when
     * @param branch on which branch
     * @param agent whose
     * @param step which of its branch, from 0
     */
    record StepStarted(long sequence, Instant at, BranchPath branch, String agent, long step) implements RunEvent {}

    /**
     * A step has ended. One that was cancelled has no such event, its branch is {@link BranchCancelled}.
     *
     * @param sequence its number
     * @param at when
     * @param branch on which branch
     * @param agent whose
     * @param step which of its branch, from 0
     * @param failed whether it failed
     * @param attempts how many times its agent was called; 0 if a guard refused it before the first
     * @param degraded whether a fallback made its decision
     * @param usage what the step itself has used, all its attempts together, but for what it used before a crash, and what comes after
     *     its end; null in a journal written before usage was recorded for each step, unless the run had used nothing by then. Steps
     *     that were cancelled have no such event, so the sum over events can be below {@link RunResult#usage()}
     */
    record StepSettled(
            long sequence,
            Instant at,
            BranchPath branch,
            String agent,
            long step,
            boolean failed,
            int attempts,
            boolean degraded,
            @Nullable Usage usage)
            implements RunEvent {}

    /**
     * A step has written into the run's own state: what it wrote was taken. Comes right after its {@link StepSettled}, or before the
     * {@link CompensationSettled} of a compensation.
     *
     * @param sequence its number
     * @param at when
     * @param branch on which branch
     * @param agent whose
     * @param step which of its branch, from 0
     * @param changes what is otherwise now, one for each key; not empty
     */
    record StateWritten(
            long sequence, Instant at, BranchPath branch, String agent, long step, List<StateChange> changes)
            implements RunEvent {

        /**
         * Copies the list.
         *
         * @param sequence its number
         * @param at when
         * @param branch on which branch
         * @param agent whose
         * @param step which of its branch
         * @param changes what is otherwise now
         */
        public StateWritten {
            changes = List.copyOf(changes);
        }
    }

    /**
     * A decision was not allowed, or what its step wrote into the run's state was not taken, and the agent gets a {@link Correction}.
     *
     * @param sequence its number
     * @param at when
     * @param branch on which branch
     * @param agent whose
     * @param problem what was wrong
     */
    record DecisionRejected(long sequence, Instant at, BranchPath branch, String agent, String problem)
            implements RunEvent {}

    /**
     * A branch has handed over to another agent, and continues there.
     *
     * @param sequence its number
     * @param at when
     * @param branch which
     * @param agent from where
     * @param to where to
     */
    record HandedOff(long sequence, Instant at, BranchPath branch, String agent, String to) implements RunEvent {}

    /**
     * A branch has forked, and waits.
     *
     * @param sequence its number
     * @param at when
     * @param branch which
     * @param agent where
     * @param fork which fork of the branch, from 0
     * @param branches how many branches it has
     */
    record Forked(long sequence, Instant at, BranchPath branch, String agent, int fork, int branches)
            implements RunEvent {}

    /**
     * The join of a fork has decided.
     *
     * @param sequence its number
     * @param at when
     * @param branch which branch had forked
     * @param agent where
     * @param fork which fork of the branch, from 0
     * @param verdict how it decided
     * @param answered how many had answered
     * @param failed how many had failed, or not ended in time
     * @param stragglers how many were still live
     */
    record Joined(
            long sequence,
            Instant at,
            BranchPath branch,
            String agent,
            int fork,
            Verdict verdict,
            int answered,
            int failed,
            int stragglers)
            implements RunEvent {}

    /**
     * A rendezvous fires: its own branch has just started, and fails at once if too few have come.
     *
     * @param sequence its number
     * @param at when
     * @param branch its own branch
     * @param agent where
     * @param verdict how its join decided
     * @param arrivals how many have come
     */
    record RendezvousFired(long sequence, Instant at, BranchPath branch, String agent, Verdict verdict, int arrivals)
            implements RunEvent {}

    /**
     * A branch has ended with an answer.
     *
     * @param sequence its number
     * @param at when
     * @param branch which
     * @param agent where
     * @param late whether its join had decided without it, so that the answer goes nowhere
     */
    record BranchAnswered(long sequence, Instant at, BranchPath branch, String agent, boolean late)
            implements RunEvent {}

    /**
     * A branch has ended with a failure.
     *
     * @param sequence its number
     * @param at when
     * @param branch which
     * @param agent where
     * @param failure why
     */
    record BranchFailed(long sequence, Instant at, BranchPath branch, String agent, RunFailure failure)
            implements RunEvent {}

    /**
     * A branch has ended by going out of its fork: to a rendezvous, or to the end of the run; or because all those it
     * forked have.
     *
     * @param sequence its number
     * @param at when
     * @param branch which
     * @param agent from where
     * @param to where to; null if it is those it forked who went
     * @param late whether the rendezvous had fired without it, or the run was decided, so that what it brought goes
     *     nowhere
     */
    record BranchMovedOn(
            long sequence,
            Instant at,
            BranchPath branch,
            String agent,
            @Nullable String to,
            boolean late) implements RunEvent {}

    /**
     * A branch has been cancelled.
     *
     * @param sequence its number
     * @param at when
     * @param branch which
     * @param agent where it was
     */
    record BranchCancelled(long sequence, Instant at, BranchPath branch, String agent) implements RunEvent {}

    /**
     * A question waits for its answer.
     *
     * @param sequence its number
     * @param at when
     * @param question what is asked; its id is what to answer with
     */
    record QuestionAsked(long sequence, Instant at, PendingQuestion question) implements RunEvent {

        @Override
        public BranchPath branch() {
            return question.branch();
        }
    }

    /**
     * A question has its answer.
     *
     * @param sequence its number
     * @param at when
     * @param branch on which branch
     * @param agent who asked
     * @param question the question's id
     * @param byDefault whether the default was taken because nobody answered in time
     */
    record QuestionAnswered(
            long sequence, Instant at, BranchPath branch, String agent, String question, boolean byDefault)
            implements RunEvent {}

    /**
     * A branch sleeps.
     *
     * @param sequence its number
     * @param at when
     * @param branch which
     * @param agent where
     * @param until when it wakes
     */
    record SleepStarted(long sequence, Instant at, BranchPath branch, String agent, Instant until)
            implements RunEvent {}

    /**
     * A branch has slept.
     *
     * @param sequence its number
     * @param at when
     * @param branch which
     * @param agent where
     */
    record SleepEnded(long sequence, Instant at, BranchPath branch, String agent) implements RunEvent {}

    /**
     * A branch waits for a signal.
     *
     * @param sequence its number
     * @param at when
     * @param branch which
     * @param agent where
     * @param signal the name of the signal
     * @param deadline until when; null for as long as the run lives
     */
    record SignalAwaited(
            long sequence,
            Instant at,
            BranchPath branch,
            String agent,
            String signal,
            @Nullable Instant deadline) implements RunEvent {}

    /**
     * A signal has come.
     *
     * @param sequence its number
     * @param at when
     * @param signal its name
     * @param delivery what became of it
     */
    record SignalReceived(long sequence, Instant at, String signal, Delivery delivery) implements RunEvent {}

    /**
     * A branch goes on with a signal.
     *
     * @param sequence its number
     * @param at when
     * @param branch which
     * @param agent where
     * @param signal the name of the signal
     * @param byDefault whether the default was taken because no signal came in time
     */
    record SignalTaken(long sequence, Instant at, BranchPath branch, String agent, String signal, boolean byDefault)
            implements RunEvent {}

    /**
     * A settled step is being undone.
     *
     * @param sequence its number
     * @param at when
     * @param branch on which branch it was
     * @param agent whose
     * @param step which of its branch, from 0
     */
    record CompensationStarted(long sequence, Instant at, BranchPath branch, String agent, long step)
            implements RunEvent {}

    /**
     * The compensation of a step has ended.
     *
     * @param sequence its number
     * @param at when
     * @param branch on which branch the step was
     * @param agent whose
     * @param step which of its branch, from 0
     * @param failed whether the step could not be undone
     * @param usage what undoing it has used; null if the run was recorded before that was
     */
    record CompensationSettled(
            long sequence,
            Instant at,
            BranchPath branch,
            String agent,
            long step,
            boolean failed,
            @Nullable Usage usage)
            implements RunEvent {}

    /**
     * No more steps start.
     *
     * @param sequence its number
     * @param at when
     */
    record RunPaused(long sequence, Instant at) implements RunEvent {}

    /**
     * Steps start again.
     *
     * @param sequence its number
     * @param at when
     */
    record RunResumed(long sequence, Instant at) implements RunEvent {}

    /**
     * The run has ended; the last event.
     *
     * @param sequence its number
     * @param at when
     * @param status how
     */
    record RunFinished(long sequence, Instant at, RunResult.Status status) implements RunEvent {}
}
