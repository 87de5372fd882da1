package io.flotilla.run;

import java.util.function.LongSupplier;

/** What the gauges of a workflow ask one of its live runs for. Thread-safe. */
final class LiveRun {

    private final PendingQuestions questions;
    private final RunSteps steps;
    private final LongSupplier withoutPlace;

    /** {@code withoutPlace} is how many turns wait for a place. */
    LiveRun(PendingQuestions questions, RunSteps steps, LongSupplier withoutPlace) {
        this.questions = questions;
        this.steps = steps;
        this.withoutPlace = withoutPlace;
    }

    /** Whether a step waits for a place or a permit. */
    boolean isWaiting() {
        return withoutPlace.getAsLong() > 0 || steps.isWaiting();
    }

    /** How many questions wait for an answer. */
    int pendingQuestions() {
        return questions.list().size();
    }
}
