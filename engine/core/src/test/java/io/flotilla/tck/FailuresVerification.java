package io.flotilla.tck;

import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepFailure;
import java.util.Collections;
import java.util.List;
import org.reactivestreams.Publisher;

/** The hot stream of failures: as many steps fail as were asked for, once somebody listens. */
public final class FailuresVerification extends ResultsVerification<StepFailure> {

    private static final int MAX = 2_000;

    /** For TestNG. */
    public FailuresVerification() {
        super(MAX);
    }

    @Override
    public Publisher<StepFailure> createPublisher(long elements) {
        StepEngine engine = StepEngine.builder().failureBuffer(MAX).build();
        List<Agent<String, String>> agents = Collections.nCopies((int) elements, FAILING);
        return subscriber -> {
            engine.failures().take(elements).subscribe(subscriber);
            engine.run(agents, "go").subscribe();
        };
    }

    /** It never fails. */
    @Override
    public Publisher<StepFailure> createFailedPublisher() {
        return null;
    }
}
