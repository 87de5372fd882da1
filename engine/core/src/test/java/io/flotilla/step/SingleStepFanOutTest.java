package io.flotilla.step;

import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import reactor.core.publisher.Flux;

/** {@code Flux.merge} over the engine's single steps: each a Mono, so anybody can compose them. */
class SingleStepFanOutTest extends FanOutContract {

    StepEngine.Builder engine() {
        return StepEngine.builder();
    }

    @Override
    Flux<StepResult<String>> stream(int concurrency, Duration stepTimeout, List<Agent<String, String>> agents) {
        StepEngine engine = engine().stepTimeout(stepTimeout).build();
        return Flux.merge(
                Flux.fromStream(() -> IntStream.range(0, agents.size())
                        .mapToObj(index -> engine.step(agents.get(index), "go").map(result -> at(index, result)))),
                concurrency,
                1);
    }

    /** A single step has index 0; the contract tells steps apart by theirs. */
    static <O> StepResult<O> at(long index, StepResult<O> result) {
        return result.fold(
                s -> new StepResult.Succeeded<>(
                        s.agentId(), index, s.attempts(), s.startedAt(), s.durationNanos(), s.value(), s.usage()),
                d -> new StepResult.Degraded<>(
                        d.agentId(),
                        index,
                        d.attempts(),
                        d.startedAt(),
                        d.durationNanos(),
                        d.value(),
                        d.source(),
                        d.cause(),
                        d.usage()),
                f -> new StepResult.Failed<>(
                        f.agentId(), index, f.attempts(), f.startedAt(), f.durationNanos(), f.cause(), f.usage()),
                t -> new StepResult.TimedOut<>(
                        t.agentId(),
                        index,
                        t.attempts(),
                        t.startedAt(),
                        t.durationNanos(),
                        t.limit(),
                        t.cause(),
                        t.usage()),
                r -> new StepResult.Rejected<>(
                        r.agentId(),
                        index,
                        r.attempts(),
                        r.startedAt(),
                        r.durationNanos(),
                        r.guard(),
                        r.retryAfter(),
                        r.cause(),
                        r.usage()),
                c -> new StepResult.Cancelled<>(
                        c.agentId(), index, c.attempts(), c.startedAt(), c.durationNanos(), c.cause(), c.usage()));
    }
}
