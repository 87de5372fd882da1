package io.flotilla.tck;

import io.flotilla.step.StepResult;
import org.reactivestreams.Publisher;

/** A stream of results over a short list: fewer agents than places. */
public final class FewStepsVerification extends ResultsVerification<StepResult<String>> {

    /** For TestNG. */
    public FewStepsVerification() {
        super(3);
    }

    @Override
    public Publisher<StepResult<String>> createPublisher(long elements) {
        return ENGINE.stream(answering(elements), "go");
    }
}
