package io.flotilla.tck;

import io.flotilla.agent.Agent;
import io.flotilla.step.StepResult;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** A stream of results whose steps end on other threads. */
public final class AsyncStepsVerification extends ResultsVerification<StepResult<String>> {

    /** No two rounds have the same: which of their rules compare rounds must not be left to chance. */
    private static final AtomicLong VALUES = new AtomicLong();

    /** For TestNG. */
    public AsyncStepsVerification() {
        super(2_000);
    }

    @Override
    public Publisher<StepResult<String>> createPublisher(long elements) {
        List<Agent<String, String>> agents = LongStream.range(0, elements)
                .mapToObj(at -> Agent.<String, String>of(
                        "a#" + at,
                        (input, context) -> Mono.fromCallable(() -> input + VALUES.incrementAndGet())
                                .subscribeOn(Schedulers.parallel())))
                .toList();
        return ENGINE.stream(agents, "go");
    }
}
