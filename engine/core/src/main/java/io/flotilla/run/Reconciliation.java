package io.flotilla.run;

import org.jspecify.annotations.Nullable;

/**
 * What has become of a step that was in flight when its process died, see {@link Reconciler}. Immutable.
 *
 * @since 0.1
 */
public final class Reconciliation {

    enum Kind {
        HAPPENED,
        DID_NOT_HAPPEN,
        UNKNOWN
    }

    private static final Reconciliation DID_NOT_HAPPEN = new Reconciliation(Kind.DID_NOT_HAPPEN, null);
    private static final Reconciliation UNKNOWN = new Reconciliation(Kind.UNKNOWN, null);

    private final Kind kind;
    private final @Nullable Object value;

    private Reconciliation(Kind kind, @Nullable Object value) {
        this.kind = kind;
        this.value = value;
    }

    /**
     * The step has done its work: its agent is not called.
     *
     * @param value what the agent would have ended with: a {@link Decision}, or a value, which is handed to its only successor, or,
     *     where it has none or several, is the answer of its branch
     * @return the finding
     */
    public static Reconciliation happened(@Nullable Object value) {
        return new Reconciliation(Kind.HAPPENED, value);
    }

    /**
     * The step has done nothing: its agent is called.
     *
     * @return the finding
     */
    public static Reconciliation didNotHappen() {
        return DID_NOT_HAPPEN;
    }

    /**
     * Nobody knows; see {@link Reconciler.WhenUnknown}.
     *
     * @return the finding
     */
    public static Reconciliation unknown() {
        return UNKNOWN;
    }

    Kind kind() {
        return kind;
    }

    @Nullable Object value() {
        return value;
    }

    /** The finding, without the value. */
    @Override
    public String toString() {
        return "Reconciliation[" + kind + "]";
    }
}
