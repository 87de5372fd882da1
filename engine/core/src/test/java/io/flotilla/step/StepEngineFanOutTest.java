package io.flotilla.step;

import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.List;
import reactor.core.publisher.Flux;

/** The engine over a list. */
class StepEngineFanOutTest extends FanOutContract {

    @Override
    Flux<StepResult<String>> stream(int concurrency, Duration stepTimeout, List<Agent<String, String>> agents) {
        return StepEngine.builder().concurrency(concurrency).stepTimeout(stepTimeout).build().stream(agents, "go");
    }
}
