package io.flotilla.agent;

import io.flotilla.AgentId;
import java.util.function.BiFunction;
import reactor.core.publisher.Mono;

/** The agent behind {@link Agent#of(AgentId, BiFunction)}. */
record FunctionAgent<I, O>(AgentId id, BiFunction<? super I, ? super StepContext, ? extends Mono<O>> body)
        implements Agent<I, O> {

    @Override
    public Mono<O> step(I input, StepContext context) {
        return body.apply(input, context);
    }

    @Override
    public String toString() {
        return id.toString();
    }
}
