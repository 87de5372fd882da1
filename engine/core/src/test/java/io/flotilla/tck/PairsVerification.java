package io.flotilla.tck;

import io.flotilla.agent.Agent;
import io.flotilla.step.StepResult;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.function.Tuple2;
import reactor.util.function.Tuples;

/** A stream of results over a stream of pairs, as long as anybody likes. */
public final class PairsVerification extends ResultsVerification<StepResult<String>> {

    private static final Agent<String, String> AGENT = Agent.of("a", (input, context) -> Mono.just(input));

    /** For TestNG. */
    public PairsVerification() {
        super(Long.MAX_VALUE - 1);
    }

    @Override
    public Publisher<StepResult<String>> createPublisher(long elements) {
        Flux<Tuple2<Agent<String, String>, String>> pairs = Flux.generate(() -> 0L, (count, sink) -> {
            if (count == elements) {
                sink.complete();
            } else {
                sink.next(Tuples.of(AGENT, "go"));
            }
            return count + 1;
        });
        return ENGINE.stream(pairs);
    }

    @Override
    public Publisher<StepResult<String>> createFailedPublisher() {
        return ENGINE.<String, String>stream(
                Flux.<Tuple2<Agent<String, String>, String>>error(new IllegalStateException("source")));
    }
}
