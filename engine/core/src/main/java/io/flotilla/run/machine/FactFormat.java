package io.flotilla.run.machine;

import io.flotilla.run.RunResult;
import io.flotilla.step.StepResult;

/**
 * The words of a run's journal: types of entries, keys and what stands for kinds of things. They are format: {@code
 * format.md} beside this file lists them all with their meaning. A word is never changed and never used for something else.
 */
final class FactFormat {

    /** Types of entries. None begins with {@code state-}: those are of the logs of states, which no list of runs has. */
    static final class EntryType {

        static final String RUN_STARTED = "run-started";
        static final String STEP_SETTLED = "step-settled";
        static final String DEADLINE_PASSED = "deadline-passed";
        static final String QUESTION_ANSWERED = "question-answered";
        static final String RUN_PAUSED = "run-paused";
        static final String RUN_RESUMED = "run-resumed";
        static final String RUN_CANCELLED = "run-cancelled";

        static final String SIGNAL_RECEIVED = "signal-received";
        static final String BRANCH_CANCEL_REQUESTED = "branch-cancel-requested";

        /** Not a fact: the note that the run is of another version from here on. */
        static final String RUN_MIGRATED = "run-migrated";

        /** Not a fact: the note that the run has ended, so that a list can tell without reading it. */
        static final String RUN_FINISHED = "run-finished";

        private EntryType() {}
    }

    /** Keys of a payload and of what is in it. */
    static final class FactKey {

        // of every fact
        static final String DIGEST_BEFORE = "digestBefore";
        static final String DIGEST_AFTER = "digestAfter";
        static final String TIME_SHIFTED = "timeShifted";

        // of the start
        static final String WORKFLOW = "workflow";
        static final String VERSION = "version";
        static final String LABELS = "labels";
        static final String DIGEST_VERSION = "digestVersion";
        static final String PLAN_HASH = "planHash";
        static final String PLAN = "plan";
        static final String PARENT = "parent";
        static final String OWN_LIMITS = "ownLimits";
        static final String PRIORITY = "priority";
        static final String TRACE = "trace";
        static final String TASK = "task";

        // of a plan
        static final String AGENTS = "agents";
        static final String EDGES = "edges";
        static final String RENDEZVOUS = "rendezvous";
        static final String JOINS = "joins";
        static final String LIMITS = "limits";

        // of a step
        static final String STEP = "step";
        static final String AGENT = "agent";
        static final String BRANCH = "branch";
        static final String DECISION = "decision";
        static final String FAILURE = "failure";
        static final String MESSAGE = "message";
        static final String CAUSE = "cause";
        static final String INPUT_TOKENS = "inputTokens";
        static final String OUTPUT_TOKENS = "outputTokens";
        static final String COST = "cost";
        static final String ATTEMPTS = "attempts";
        static final String DEGRADED = "degraded";
        static final String WRITES = "writes";
        static final String OWN_USAGE = "ownUsage";

        // of a write into the run's state
        static final String KEY = "key";
        static final String EXPECTED = "expected";
        static final String REMOVED = "removed";

        // of a decision
        static final String KIND = "kind";
        static final String VALUE = "value";
        static final String REQUEST = "request";
        static final String INVOCATIONS = "invocations";
        static final String TEXT = "text";
        static final String TIMEOUT = "timeout";
        static final String DEFAULT_ANSWER = "defaultAnswer";
        static final String ANSWER_TYPE = "answerType";
        static final String CHOICES = "choices";
        static final String REASON = "reason";
        static final String INPUT = "input";
        static final String DURATION = "duration";
        static final String SIGNAL = "signal";
        static final String DEFAULT_VALUE = "defaultValue";
        static final String CARRY = "carry";

        // of a deadline, an answer, the end
        static final String TIMER = "timer";
        static final String QUESTION = "question";
        static final String STATUS = "status";

        // of a signal
        static final String IF_AWAITED = "ifAwaited";

        private FactKey() {}
    }

    /** Kinds of decisions. */
    static final class DecisionKind {

        static final String ANSWER = "answer";
        static final String HAND_OFF = "hand-off";
        static final String FAN_OUT = "fan-out";
        static final String ASK = "ask";
        static final String FAIL = "fail";
        static final String REPEAT = "repeat";
        static final String COMPENSATE = "compensate";
        static final String SLEEP = "sleep";
        static final String AWAIT = "await";

        private DecisionKind() {}
    }

    private FactFormat() {}

    static String of(RunResult.Status status) {
        return switch (status) {
            case SUCCEEDED -> "succeeded";
            case FAILED -> "failed";
            case CANCELLED -> "cancelled";
        };
    }

    static String of(StepResult.Kind kind) {
        return switch (kind) {
            case SUCCEEDED -> "succeeded";
            case DEGRADED -> "degraded";
            case FAILED -> "failed";
            case TIMED_OUT -> "timed-out";
            case REJECTED -> "rejected";
            case CANCELLED -> "cancelled";
        };
    }
}
