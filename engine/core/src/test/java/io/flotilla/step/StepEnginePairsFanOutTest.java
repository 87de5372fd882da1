package io.flotilla.step;

import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.util.function.Tuples;

/** The engine over a stream of pairs. */
class StepEnginePairsFanOutTest extends FanOutContract {

    @Override
    Flux<StepResult<String>> stream(int concurrency, Duration stepTimeout, List<Agent<String, String>> agents) {
        return StepEngine.builder().concurrency(concurrency).stepTimeout(stepTimeout).build().stream(
                Flux.fromIterable(agents).map(agent -> Tuples.of(agent, "go")));
    }
}
