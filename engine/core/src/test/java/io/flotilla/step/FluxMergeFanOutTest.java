package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The naive version: {@code Flux.merge} over deferred and guarded {@code Mono}s. What it does, the engine does. */
class FluxMergeFanOutTest extends FanOutContract {

    @Override
    Flux<StepResult<String>> stream(int concurrency, Duration stepTimeout, List<Agent<String, String>> agents) {
        Flux<Mono<StepResult<String>>> steps = Flux.fromStream(
                () -> IntStream.range(0, agents.size()).mapToObj(index -> step(agents.get(index), index, stepTimeout)));
        return Flux.merge(steps, concurrency, 1);
    }

    private static Mono<StepResult<String>> step(Agent<String, String> agent, long index, Duration limit) {
        AgentId id = agent.id();
        Mono<StepResult<String>> timedOut = Mono.fromSupplier(() -> new StepResult.TimedOut<>(
                id, index, 1, Instant.EPOCH, limit, limit, new StepTimeoutException("timed out", limit)));
        Mono<String> guarded = new Guarded<>() {
            @Override
            Mono<String> body() {
                return agent.step("go", StepContext.detached(id));
            }
        };
        return guarded.<StepResult<String>>map(
                        value -> new StepResult.Succeeded<>(id, index, 1, Instant.EPOCH, Duration.ZERO, value))
                .switchIfEmpty(Mono.fromSupplier(
                        () -> new StepResult.Succeeded<>(id, index, 1, Instant.EPOCH, Duration.ZERO, null)))
                .onErrorResume(
                        cause -> Mono.just(new StepResult.Failed<>(id, index, 1, Instant.EPOCH, Duration.ZERO, cause)))
                .timeout(limit, timedOut);
    }
}
