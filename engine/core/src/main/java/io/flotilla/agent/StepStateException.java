package io.flotilla.agent;

import io.flotilla.FlotillaException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A step could not read or write the state of its run, see {@link StepState}. An agent that does not catch it has failed.
 *
 * @since 0.1
 */
public final class StepStateException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String key;
    private final Reason reason;

    /** Why not. */
    public enum Reason {
        /** There is no run whose state it could be. */
        NOT_IN_A_RUN,
        /** The attempt has ended: nobody would take what it writes. */
        STEP_OVER,
        /** The value is of another type than it is read as, or than the workflow has declared. */
        WRONG_TYPE,
        /** The journal's codec cannot write the value. */
        UNWRITABLE,
        /** The value, or all that the step writes, has too many bytes. */
        TOO_LARGE,
        /** The state would have more keys than the workflow allows. */
        TOO_MANY_KEYS,
        /** The workflow has no merge for the key. */
        NO_MERGE,
        /** The merge of the key threw, or returned null or something of another type. */
        MERGE_FAILED
    }

    /**
     * Describes what could not be done.
     *
     * @param reason why not
     * @param key with which key
     * @param message what is wrong
     * @param cause what was thrown; null for nothing
     * @throws NullPointerException if {@code reason} or {@code key} is null
     */
    public StepStateException(Reason reason, String key, String message, @Nullable Throwable cause) {
        super("state \"" + key + "\": " + message, cause);
        this.reason = Objects.requireNonNull(reason, "reason");
        this.key = Objects.requireNonNull(key, "key");
    }

    /**
     * Why not.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }

    /**
     * With which key.
     *
     * @return the key
     */
    public String key() {
        return key;
    }
}
