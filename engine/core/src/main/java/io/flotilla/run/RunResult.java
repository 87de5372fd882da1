package io.flotilla.run;

import io.flotilla.agent.Usage;
import io.flotilla.internal.JsonFields;
import io.flotilla.run.machine.Effect;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What came of a run. A run that failed is a value like any other; {@link #orThrow()} makes an exception of it.
 *
 * <p>Immutable, as far as the answers are.
 *
 * @param <O> the answers of the run
 * @since 0.1
 */
public final class RunResult<O> {

    /** How a run ended. */
    public enum Status {
        /** With an answer. */
        SUCCEEDED,
        /** With a failure, see {@link RunResult#failure()}. */
        FAILED,
        /** It was cancelled. */
        CANCELLED
    }

    /**
     * How many branches ended which way; each ends once.
     *
     * @param answered with an answer: for the fork they belong to or one further out, or, outside every fork, for the run,
     *     be it by {@code answer} or by handing off to {@code end}
     * @param failed with a failure
     * @param movedOn out of their fork: to a rendezvous, or to {@code end}; or because all those they had forked did. So a
     *     run may succeed without a branch that has answered
     * @param cancelled because nobody needed them any more
     */
    public record Branches(long answered, long failed, long movedOn, long cancelled) {

        /**
         * The counts as JSON has them: the components under their names.
         *
         * @return numbers; cannot be changed
         */
        public Map<String, @Nullable Object> toMap() {
            return new JsonFields()
                    .number("answered", answered)
                    .number("failed", failed)
                    .number("movedOn", movedOn)
                    .number("cancelled", cancelled)
                    .toMap();
        }
    }

    private final String runId;
    private final Status status;
    private final List<O> answers;
    private final @Nullable RunFailure failure;
    private final long steps;
    private final Branches branches;
    private final long lateArrivals;
    private final List<Uncompensated> uncompensated;
    private final Usage usage;
    private final Instant startedAt;
    private final Duration duration;

    RunResult(String runId, Effect.Finish finish, List<O> answers, Usage usage, Instant startedAt, Duration duration) {
        this.runId = runId;
        this.status = finish.status();
        this.answers = Collections.unmodifiableList(new ArrayList<>(answers));
        this.failure = finish.failure();
        this.steps = finish.steps();
        this.branches = finish.branches();
        this.lateArrivals = finish.lateArrivals();
        this.uncompensated = finish.uncompensated();
        this.usage = usage;
        this.startedAt = startedAt;
        this.duration = duration;
    }

    /**
     * Which run it was.
     *
     * @return its id
     */
    public String runId() {
        return runId;
    }

    /**
     * How it ended.
     *
     * @return the status
     */
    public Status status() {
        return status;
    }

    /**
     * Whether there is an answer.
     *
     * @return {@code status() == SUCCEEDED}
     */
    public boolean isSucceeded() {
        return status == Status.SUCCEEDED;
    }

    /**
     * The answers of the run.
     *
     * @return one, or several in lineage order, of which some may be null; empty unless it succeeded
     */
    public List<O> answers() {
        return answers;
    }

    /**
     * The answer of the run, of several the first.
     *
     * @return the answer; null if it is null, and unless the run succeeded
     */
    public @Nullable O answer() {
        return answers.isEmpty() ? null : answers.get(0);
    }

    /**
     * Why there is none.
     *
     * @return the failure that reached the run, {@link RunCancelledException} if it was cancelled; null if it succeeded
     */
    public @Nullable RunFailure failure() {
        return failure;
    }

    /**
     * This result, if it is a success.
     *
     * @return this
     * @throws RunFailure {@link #failure()}, otherwise
     */
    public RunResult<O> orThrow() {
        if (failure != null) {
            throw failure;
        }
        return this;
    }

    /**
     * How many steps were started.
     *
     * @return the number, corrections and repeated turns included
     */
    public long steps() {
        return steps;
    }

    /**
     * How the branches ended.
     *
     * @return the numbers
     */
    public Branches branches() {
        return branches;
    }

    /**
     * How many answers and arrivals came too late, and went nowhere.
     *
     * @return the number
     */
    public long lateArrivals() {
        return lateArrivals;
    }

    /**
     * The settled steps that could not be undone, see {@link Workflow.Builder#compensate}. All others that have a compensation are
     * undone, if the run has not succeeded.
     *
     * @return in the order in which that was tried; cannot be changed
     */
    public List<Uncompensated> uncompensated() {
        return uncompensated;
    }

    /**
     * What the steps have used.
     *
     * @return the total of the run's ledger
     */
    public Usage usage() {
        return usage;
    }

    /**
     * When it started.
     *
     * @return the instant on the engine's clock
     */
    public Instant startedAt() {
        return startedAt;
    }

    /**
     * How long it took.
     *
     * @return from the start to the end; never negative
     */
    public Duration duration() {
        return duration;
    }

    /**
     * The result as JSON has it: what the other methods return, under their names, {@code failure} as {@link RunFailure#toMap()}. Answers
     * that are no texts, numbers, flags, collections or maps are the text that {@code toString} gives, at most 16,384 characters of it;
     * nothing else of them is looked at. They are not redacted, since they are what the run was for.
     *
     * @return texts, numbers, flags, null, lists and maps of these; cannot be changed
     */
    public Map<String, @Nullable Object> toMap() {
        return new JsonFields()
                .text("runId", runId)
                .constant("status", status)
                .value("answers", answers)
                .map("failure", failure == null ? null : failure.toMap())
                .number("steps", steps)
                .map("branches", branches.toMap())
                .number("lateArrivals", lateArrivals)
                .list(
                        "uncompensated",
                        uncompensated.stream().map(Uncompensated::toMap).toList())
                .map("usage", usage.toMap())
                .instant("startedAt", startedAt)
                .duration("duration", duration)
                .toMap();
    }

    /** Status, answers or failure, steps and duration, in one line. */
    @Override
    public String toString() {
        return "RunResult[" + runId + " " + status
                + (failure == null ? " answers=" + answers : " failure=" + Objects.toString(failure.getMessage()))
                + (uncompensated.isEmpty() ? "" : " uncompensated=" + uncompensated)
                + " steps=" + steps + " duration=" + duration + "]";
    }
}
