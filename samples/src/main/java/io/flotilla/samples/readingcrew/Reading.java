package io.flotilla.samples.readingcrew;

import io.flotilla.AgentId;
import io.flotilla.step.EngineClock;
import io.flotilla.step.StepRejectedException;
import io.flotilla.step.StepResult;
import io.flotilla.step.StepTimeoutException;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What is known of one reader's step. Thread-safe. */
final class Reading {

    private final EngineClock clock;
    private final Instant startedAt;
    private @Nullable Instant endedAt;
    private int attempts;
    private boolean failed;
    private @Nullable Throwable cause;

    Reading(EngineClock clock) {
        this.clock = clock;
        this.startedAt = clock.now();
    }

    synchronized void attempt() {
        attempts++;
    }

    /** Keeps the first cause that is not a guard's refusal, as the engine does. */
    synchronized void attemptFailed(Throwable failure) {
        if (cause == null || (cause instanceof StepRejectedException && !(failure instanceof StepRejectedException))) {
            cause = failure;
        }
    }

    synchronized void ended() {
        endedAt = clock.now();
    }

    synchronized void failed(Throwable failure) {
        ended();
        failed = true;
        attemptFailed(failure);
    }

    /** What goes to the writer: the digest, and how it came about. */
    synchronized Read read(Digest digest, boolean local) {
        Throwable why = local ? cause : null;
        return new Read(
                digest,
                attempts,
                startedAt,
                Duration.between(startedAt, clock.now()),
                why == null ? null : Lost.kindOf(why),
                why == null ? null : ReportText.cause(why));
    }

    /** As the result of a step that brought nothing to the writer in time. */
    synchronized StepResult<Digest> withoutDigest(AgentId id, int index) {
        Duration took = Duration.between(startedAt, endedAt == null ? clock.now() : endedAt);
        Throwable first = cause;
        if (!failed || first == null) {
            String how = endedAt == null ? "not done when the writer began" : "too late for the writer";
            return new StepResult.Cancelled<>(id, index, attempts, startedAt, took, new LateException(how));
        }
        if (first instanceof StepTimeoutException late) {
            return new StepResult.TimedOut<>(id, index, attempts, startedAt, took, late.limit(), first);
        }
        if (first instanceof StepRejectedException refused) {
            return new StepResult.Rejected<>(
                    id, index, attempts, startedAt, took, refused.guard(), refused.retryAfter(), first);
        }
        return new StepResult.Failed<>(id, index, attempts, startedAt, took, first);
    }
}
