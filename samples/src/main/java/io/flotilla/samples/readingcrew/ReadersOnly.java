package io.flotilla.samples.readingcrew;

import io.flotilla.agent.StepContext;
import io.flotilla.step.StepCall;
import io.flotilla.step.StepInterceptor;
import reactor.core.publisher.Mono;

/**
 * An interceptor around the steps of readers: whoever plans, checks or writes asks no endpoint.
 *
 * @param inner the interceptor
 */
record ReadersOnly(StepInterceptor inner) implements StepInterceptor {

    @Override
    public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
        return isReader(call) ? inner.aroundStep(call, attempts) : attempts;
    }

    @Override
    public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
        return isReader(call) ? inner.aroundAttempt(call, context, attempt) : attempt;
    }

    private static boolean isReader(StepCall<?, ?> call) {
        return call.context().agentId().kind().equals(Crew.READER);
    }
}
