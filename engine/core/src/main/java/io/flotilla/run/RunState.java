package io.flotilla.run;

import io.flotilla.agent.Usage;
import io.flotilla.internal.JsonFields;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a run is like after a number of its facts. Immutable.
 *
 * @param runId which run
 * @param facts how many facts have made it so: the sequence number of the next
 * @param status how it is
 * @param branches the live branches, in lineage order
 * @param ended how many branches have ended which way
 * @param questions the questions that are open, in the order they were asked
 * @param steps how many steps were started
 * @param usage what they have used, as of the last step that ended
 * @param waits the branches that sleep or wait for a signal, in lineage order
 * @param signals the signals that no branch has taken, in the order they came
 * @param values the run's own state: what its steps have written, by key, in alphabetical order; redacted as {@link
 *     io.flotilla.agent.StepContext#emit emitted} values are
 * @since 0.1
 */
public record RunState(
        String runId,
        long facts,
        Status status,
        List<BranchState> branches,
        RunResult.Branches ended,
        List<PendingQuestion> questions,
        long steps,
        Usage usage,
        List<PendingWait> waits,
        List<PendingSignal> signals,
        Map<String, StateValue> values) {

    /** How a run is. */
    public enum Status {
        /** It has branches that live, or has not started. */
        RUNNING,
        /** It starts no more steps until it is resumed. */
        PAUSED,
        /** It has not succeeded, and undoes what its steps have done. */
        COMPENSATING,
        /** It has ended with an answer. */
        SUCCEEDED,
        /** It has ended with a failure. */
        FAILED,
        /** It was cancelled. */
        CANCELLED
    }

    /** What a branch is doing. */
    public enum BranchStatus {
        /** Its agent's turn has come, and waits for a place. */
        READY,
        /** Its agent's turn has come, and waits until a step that excludes it has ended. */
        EXCLUDED,
        /** Its agent has been called. */
        RUNNING,
        /** It has forked, and waits for the join. */
        JOINING,
        /** It waits for an answer. */
        AWAITING_ANSWER,
        /** It waits for a signal. */
        AWAITING_SIGNAL,
        /** It sleeps. */
        SLEEPING
    }

    /**
     * A live branch. Immutable.
     *
     * @param path which
     * @param agent where it is
     * @param status what it is doing
     * @param steps how many steps it has started
     */
    public record BranchState(BranchPath path, String agent, BranchStatus status, long steps) {

        /**
         * The branch as JSON has it: the components under their names.
         *
         * @return texts and a number; cannot be changed
         */
        public Map<String, @Nullable Object> toMap() {
            return new JsonFields()
                    .text("path", path)
                    .text("agent", agent)
                    .constant("status", status)
                    .number("steps", steps)
                    .toMap();
        }
    }

    /**
     * Copies the lists and the map.
     *
     * @param runId which run
     * @param facts how many facts
     * @param status how it is
     * @param branches the live branches
     * @param ended how many have ended
     * @param questions what is open
     * @param steps how many steps were started
     * @param usage what they have used
     * @param waits who sleeps or waits for a signal
     * @param signals which signals are kept
     * @param values the run's own state
     */
    public RunState {
        branches = List.copyOf(branches);
        questions = List.copyOf(questions);
        waits = List.copyOf(waits);
        signals = List.copyOf(signals);
        values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
    }

    /** The same with other values. */
    RunState withValues(Map<String, StateValue> others) {
        return new RunState(runId, facts, status, branches, ended, questions, steps, usage, waits, signals, others);
    }

    /** As records print; who waits, which signals are kept and values only where there are any. */
    @Override
    public String toString() {
        return "RunState[runId=" + runId
                + ", facts=" + facts
                + ", status=" + status
                + ", branches=" + branches
                + ", ended=" + ended
                + ", questions=" + questions
                + ", steps=" + steps
                + ", usage=" + usage
                + (waits.isEmpty() ? "" : ", waits=" + waits)
                + (signals.isEmpty() ? "" : ", signals=" + signals)
                + (values.isEmpty() ? "" : ", values=" + values)
                + "]";
    }

    private Map<String, @Nullable Object> valuesToMap() {
        JsonFields fields = new JsonFields();
        values.forEach((key, value) -> fields.map(key, value.toMap()));
        return fields.toMap();
    }

    /**
     * The state as JSON has it: the components under their names, as in {@code status: awaiting-answer}.
     *
     * @return texts, numbers, null, lists and maps of these; cannot be changed
     */
    public Map<String, @Nullable Object> toMap() {
        return new JsonFields()
                .text("runId", runId)
                .number("facts", facts)
                .constant("status", status)
                .list("branches", branches.stream().map(BranchState::toMap).toList())
                .map("ended", ended.toMap())
                .list(
                        "questions",
                        questions.stream().map(PendingQuestion::toMap).toList())
                .number("steps", steps)
                .map("usage", usage.toMap())
                .list("waits", waits.stream().map(PendingWait::toMap).toList())
                .list("signals", signals.stream().map(PendingSignal::toMap).toList())
                .map("values", valuesToMap())
                .toMap();
    }
}
