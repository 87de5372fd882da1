package io.flotilla.run;

import java.util.Objects;

/**
 * A question that waits for an answer, see {@link Runs#questions()}. Immutable.
 *
 * @param runId which run asks
 * @param isLive whether the run is live in this process: then {@link Runs#find} has it, to be answered; else {@link Runs#recover}
 *     makes it live first
 * @param question what is asked
 * @since 0.1
 */
public record RunQuestion(String runId, boolean isLive, PendingQuestion question) {

    /**
     * Checks for nulls.
     *
     * @param runId which run asks
     * @param isLive whether the run is live in this process
     * @param question what is asked
     * @throws NullPointerException if an argument is null
     */
    public RunQuestion {
        Objects.requireNonNull(runId, "runId");
        Objects.requireNonNull(question, "question");
    }
}
