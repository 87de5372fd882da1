package io.flotilla.step;

/**
 * What a failed step does to its round.
 *
 * @since 0.1
 */
public enum FailureMode {
    /** Nothing: the failure is a result among the others. The default. */
    ISOLATE,

    /**
     * The first failure cancels the steps in flight, starts no more, and is signalled as {@link StepFailedException}.
     * For debugging: the exception comes up where the round was subscribed to.
     */
    FAIL_FAST,

    /**
     * All steps run to their end; if any has failed, or the pairs of a stream, a {@link RoundFailedException} with the whole
     * report follows.
     */
    FAIL_AT_END
}
