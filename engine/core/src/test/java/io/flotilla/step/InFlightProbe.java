package io.flotilla.step;

import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** An agent that counts how many of its bodies are at work. */
final class InFlightProbe {

    private final AtomicInteger now = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private final AtomicInteger started = new AtomicInteger();
    private final List<Sinks.One<String>> open = Collections.synchronizedList(new ArrayList<>());
    private final List<String> inputs = Collections.synchronizedList(new ArrayList<>());

    /** Each body lasts until {@link #endFirst()}. */
    Agent<String, String> held() {
        return Agent.of(
                "held",
                (input, context) -> counted(input, Mono.defer(() -> {
                    Sinks.One<String> end = Sinks.one();
                    open.add(end);
                    return end.asMono();
                })));
    }

    /** Each body lasts for a while, off the thread that starts it. */
    Agent<String, String> brief() {
        return Agent.of(
                "brief",
                (input, context) ->
                        counted(input, Mono.delay(Duration.ofNanos(1)).thenReturn(input)));
    }

    /** Each body ends at once. */
    Agent<String, String> instant() {
        return Agent.of("instant", (input, context) -> counted(input, Mono.just(input)));
    }

    Mono<String> counted(String input, Mono<String> body) {
        return Mono.using(
                () -> {
                    started.incrementAndGet();
                    inputs.add(input);
                    int count = now.incrementAndGet();
                    most.accumulateAndGet(count, Math::max);
                    return count;
                },
                any -> body,
                any -> now.decrementAndGet(),
                true);
    }

    /** Ends the body that was started first; one that has just been started may not be there yet. */
    void endFirst() {
        FairPermitsTest.await(() -> !open.isEmpty());
        open.remove(0).tryEmitValue("done");
    }

    int now() {
        return now.get();
    }

    int most() {
        return most.get();
    }

    int started() {
        return started.get();
    }

    List<String> inputs() {
        return List.copyOf(inputs);
    }
}
