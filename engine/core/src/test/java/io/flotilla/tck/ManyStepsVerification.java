package io.flotilla.tck;

import io.flotilla.step.StepResult;
import org.reactivestreams.Publisher;

/** A stream of results over a long list: many more agents than places. */
public final class ManyStepsVerification extends ResultsVerification<StepResult<String>> {

    /** For TestNG. */
    public ManyStepsVerification() {
        super(20_000);
    }

    @Override
    public Publisher<StepResult<String>> createPublisher(long elements) {
        return ENGINE.stream(answering(elements), "go");
    }
}
