package io.flotilla.run;

import io.flotilla.FlotillaException;
import io.flotilla.internal.JsonFields;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Why a branch or a run failed. It is a value like any other until somebody throws it, see {@link RunResult#orThrow()};
 * so it has no stack trace of its own. One subtype a cause.
 *
 * @since 0.1
 */
public abstract sealed class RunFailure extends FlotillaException
        permits AgentFailedException,
                InvalidDecisionException,
                JoinPredicateException,
                JoinShortfallException,
                LimitExceededException,
                NoAnswerException,
                QuestionExpiredException,
                RunCancelledException,
                SignalTimeoutException,
                StateMergeException,
                StateRejectedException {

    private static final long serialVersionUID = 1L;

    /** The kinds of failures, one a subtype. */
    public enum Kind {
        /** A step failed, or its agent decided to fail: {@link AgentFailedException}. */
        STEP_FAILED,
        /** An agent's decisions were not allowed: {@link InvalidDecisionException}. */
        INVALID_DECISION,
        /** Not enough branches answered: {@link JoinShortfallException}. */
        JOIN_SHORTFALL,
        /** A limit of the run was exceeded: {@link LimitExceededException}. */
        LIMIT_EXCEEDED,
        /** All branches ended, and none had an answer: {@link NoAnswerException}. */
        NO_ANSWER,
        /** Nobody answered a question in time: {@link QuestionExpiredException}. */
        QUESTION_EXPIRED,
        /** The run was cancelled: {@link RunCancelledException}. */
        CANCELLED,
        /** A signal did not come in time: {@link SignalTimeoutException}. */
        SIGNAL_TIMEOUT,
        /** The predicate of a join threw: {@link JoinPredicateException}. */
        JOIN_PREDICATE_FAILED,
        /** What an agent wrote into the run's state was not taken: {@link StateRejectedException}. */
        STATE_REJECTED,
        /** The merge of a key of the run's state threw: {@link StateMergeException}. */
        STATE_MERGE_FAILED
    }

    RunFailure(String message, @Nullable Throwable cause) {
        super(message, cause, false);
    }

    /**
     * Which of the kinds it is.
     *
     * @return the kind
     */
    public abstract Kind kind();

    /**
     * Why, in short, without saying where.
     *
     * @return what an agent said when it decided to fail, the message of what it threw, or else this failure's message
     */
    public String reason() {
        return String.valueOf(getMessage());
    }

    /**
     * What all of this began with.
     *
     * @return the failure behind a join that fell short, of several the first in lineage order; or this failure itself
     */
    public RunFailure first() {
        return this;
    }

    /**
     * The failure as JSON has it: {@code type}, which is its {@link #kind()} as in {@code step-failed}, {@code message}, {@code reason}, what
     * its own class knows, {@code first} of a join's shortfall, and the messages of those {@code suppressed}. Never a stack trace.
     *
     * @return texts, numbers, null, lists and maps of these; cannot be changed
     */
    public Map<String, @Nullable Object> toMap() {
        return FailureForm.of(this);
    }

    /** Adds what this class of failure knows. */
    void describe(JsonFields fields) {
        // its kind and message say all
    }
}
