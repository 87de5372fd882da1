package io.flotilla.samples.readingcrew;

import io.flotilla.run.AgentFailedException;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunFailure;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the readers of a run had done when its process died, by the number of the file: the planner forks a reader for each,
 * in their order. Immutable.
 */
final class PreviousRun {

    private final Map<Integer, Instant> begun = new HashMap<>();
    private final Map<Integer, Ended> ended = new HashMap<>();
    private final Map<Integer, RunFailure> failures = new HashMap<>();

    private record Ended(Instant at, boolean failed) {}

    private PreviousRun(List<RunEvent> events) {
        for (RunEvent event : events) {
            if (event instanceof RunEvent.StepStarted start && start.agent().equals(Crew.READER)) {
                begun.put(start.branch().index(), start.at());
            } else if (event instanceof RunEvent.StepSettled end && end.agent().equals(Crew.READER)) {
                ended.put(end.branch().index(), new Ended(end.at(), end.failed()));
            } else if (event instanceof RunEvent.BranchFailed lost
                    && lost.agent().equals(Crew.READER)) {
                failures.put(lost.branch().index(), lost.failure());
            }
        }
    }

    /** Of a run that starts now. */
    static PreviousRun none() {
        return new PreviousRun(List.of());
    }

    /** Of a run that is gone on with. */
    static PreviousRun of(List<RunEvent> events) {
        return new PreviousRun(events);
    }

    /** How many readers had ended: they are not asked again, also those that failed. */
    int settled() {
        return ended.size();
    }

    /** How many of so many files were read. */
    String words(int files) {
        long failed = ended.values().stream().filter(Ended::failed).count();
        return (settled() - failed) + " of " + files + " files were read before"
                + (failed == 0 ? "" : ", " + failed + " failed");
    }

    /** As a result, of a reader that ended and brought nothing in time; null if it had not ended. */
    @Nullable StepResult<Digest> withoutDigest(SourceFile file, int at) {
        Ended end = ended.get(at);
        if (end == null) {
            return null;
        }
        Instant start = begun.getOrDefault(at, end.at());
        Duration took = Duration.between(start, end.at());
        if (!end.failed()) {
            LateException late = new LateException("too late for the writer");
            return new StepResult.Cancelled<>(Reader.idOf(file), at, 1, start, took, late);
        }
        // A run's events do not say how many attempts a step took, so it is one; nor what its limit or guard was.
        RunFailure failure = failures.get(at);
        StepResult.Kind kind = failure instanceof AgentFailedException agent ? agent.stepKind() : null;
        Lost why = why(failure);
        if (kind == StepResult.Kind.TIMED_OUT) {
            return new StepResult.TimedOut<>(Reader.idOf(file), at, 1, start, took, took, why);
        }
        if (kind == StepResult.Kind.REJECTED) {
            return new StepResult.Rejected<>(Reader.idOf(file), at, 1, start, took, "unknown", null, why);
        }
        return new StepResult.Failed<>(Reader.idOf(file), at, 1, start, took, why);
    }

    /** The cause behind a failure; read from a journal it is not of its class any more, but says the same. */
    private static Lost why(@Nullable RunFailure failure) {
        if (failure == null) {
            return new Lost("Failure", "was not told");
        }
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        String type = cause.toString().split(":", 2)[0];
        return new Lost(type.substring(type.lastIndexOf('.') + 1), failure.reason());
    }
}
