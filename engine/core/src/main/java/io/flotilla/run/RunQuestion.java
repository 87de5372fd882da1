package io.flotilla.run;

import java.util.Objects;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;

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

    /** Those of a run; none of one that cannot be replayed. */
    static Flux<RunQuestion> of(Runs<?> runs, String runId) {
        return Flux.defer(() -> {
            Run<?> live = runs.find(runId).orElse(null);
            if (live != null) {
                return Flux.fromIterable(live.questions()).map(question -> new RunQuestion(runId, true, question));
            }
            return runs.replay(runId)
                    .flatMapIterable(RunState::questions)
                    .map(question -> new RunQuestion(runId, false, question))
                    .onErrorResume(cause -> {
                        LoggerFactory.getLogger(Runs.class)
                                .warn(
                                        "questions of a run cannot be read: run={} cause={}",
                                        runId,
                                        Recovery.text(cause));
                        return Flux.empty();
                    });
        });
    }
}
