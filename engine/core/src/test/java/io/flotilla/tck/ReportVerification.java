package io.flotilla.tck;

import io.flotilla.step.StepReport;
import java.util.List;
import org.reactivestreams.Publisher;

/** The report of a round: one element, whatever the number of steps. */
public final class ReportVerification extends ResultsVerification<StepReport<String>> {

    /** For TestNG. */
    public ReportVerification() {
        super(1);
    }

    @Override
    public Publisher<StepReport<String>> createPublisher(long elements) {
        return ENGINE.run(answering(10), "go");
    }

    @Override
    public Publisher<StepReport<String>> createFailedPublisher() {
        return FAIL_FAST.run(List.of(FAILING), "go");
    }
}
