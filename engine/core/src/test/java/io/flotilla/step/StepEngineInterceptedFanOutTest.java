package io.flotilla.step;

import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.List;
import reactor.core.publisher.Flux;

/** The engine with an interceptor that does nothing: the guard then is a part of the chain. */
class StepEngineInterceptedFanOutTest extends FanOutContract {

    @Override
    Flux<StepResult<String>> stream(int concurrency, Duration stepTimeout, List<Agent<String, String>> agents) {
        return StepEngine.builder()
                .concurrency(concurrency)
                .stepTimeout(stepTimeout)
                .interceptor(new StepInterceptor() {})
                .build()
                .stream(agents, "go");
    }
}
