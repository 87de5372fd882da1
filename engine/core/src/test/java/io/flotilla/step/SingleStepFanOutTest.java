package io.flotilla.step;

import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import reactor.core.publisher.Flux;

/** {@code Flux.merge} over the engine's single steps: each a Mono, so anybody can compose them. */
class SingleStepFanOutTest extends FanOutContract {

    @Override
    Flux<StepResult<String>> stream(int concurrency, Duration stepTimeout, List<Agent<String, String>> agents) {
        StepEngine engine = StepEngine.builder().stepTimeout(stepTimeout).build();
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
                        s.agentId(), index, s.attempts(), s.startedAt(), s.duration(), s.value()),
                d -> new StepResult.Degraded<>(
                        d.agentId(),
                        index,
                        d.attempts(),
                        d.startedAt(),
                        d.duration(),
                        d.value(),
                        d.source(),
                        d.cause()),
                f -> new StepResult.Failed<>(f.agentId(), index, f.attempts(), f.startedAt(), f.duration(), f.cause()),
                t -> new StepResult.TimedOut<>(
                        t.agentId(), index, t.attempts(), t.startedAt(), t.duration(), t.limit(), t.cause()),
                r -> new StepResult.Rejected<>(
                        r.agentId(),
                        index,
                        r.attempts(),
                        r.startedAt(),
                        r.duration(),
                        r.guard(),
                        r.retryAfter(),
                        r.cause()),
                c -> new StepResult.Cancelled<>(
                        c.agentId(), index, c.attempts(), c.startedAt(), c.duration(), c.cause()));
    }
}
