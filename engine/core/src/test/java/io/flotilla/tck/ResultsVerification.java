package io.flotilla.tck;

import io.flotilla.agent.Agent;
import io.flotilla.step.FailureMode;
import io.flotilla.step.StepEngine;
import java.util.List;
import java.util.stream.LongStream;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.test.scheduler.VirtualTimeScheduler;

/** What all verifications share: an engine, its agents, and a stream of it that fails. */
abstract class ResultsVerification<T> extends PublisherVerification<T> {

    private static final long TIMEOUT_MILLIS = 500;
    private static final long NO_SIGNALS_MILLIS = 20;

    private static final Scheduler STOPPED = VirtualTimeScheduler.create();

    /** Its time stands still, so that two rounds over the same agents have equal results: some rules compare them. */
    static final StepEngine ENGINE =
            StepEngine.builder().concurrency(4).timeoutScheduler(() -> STOPPED).build();

    static final StepEngine FAIL_FAST = ENGINE.withFailureMode(FailureMode.FAIL_FAST);

    static final Agent<String, String> FAILING =
            Agent.of("failing", (input, context) -> Mono.error(new IllegalStateException("boom")));

    private final long most;

    ResultsVerification(long most) {
        super(new TestEnvironment(TIMEOUT_MILLIS, NO_SIGNALS_MILLIS));
        this.most = most;
    }

    @Override
    public long maxElementsFromPublisher() {
        return most;
    }

    static List<Agent<String, String>> answering(long count) {
        return LongStream.range(0, count)
                .mapToObj(at -> Agent.<String, String>of("a#" + at, (input, context) -> Mono.just(input)))
                .toList();
    }

    @Override
    @SuppressWarnings("unchecked") // it has no elements
    public Publisher<T> createFailedPublisher() {
        return (Publisher<T>) FAIL_FAST.stream(List.of(FAILING), "go");
    }
}
