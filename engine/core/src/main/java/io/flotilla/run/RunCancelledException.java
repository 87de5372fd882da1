package io.flotilla.run;

/**
 * The run was cancelled before it had a result.
 *
 * @since 0.1
 */
public final class RunCancelledException extends RunFailure {

    private static final long serialVersionUID = 1L;

    /** The failure of a run that was cancelled. */
    public RunCancelledException() {
        super("the run was cancelled", null);
    }

    @Override
    public Kind kind() {
        return Kind.CANCELLED;
    }
}
