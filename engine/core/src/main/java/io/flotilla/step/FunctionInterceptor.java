package io.flotilla.step;

import io.flotilla.agent.StepContext;
import java.util.function.BiFunction;
import reactor.core.publisher.Mono;

/**
 * An interceptor made of a function, which does not see the type of the value.
 *
 * @param scope what is wrapped
 * @param around what wraps it
 */
record FunctionInterceptor(
        Scope scope, BiFunction<? super StepContext, ? super Mono<Object>, ? extends Mono<Object>> around)
        implements StepInterceptor {

    enum Scope {
        STEP,
        ATTEMPT
    }

    @Override
    public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
        return scope == Scope.STEP ? wrapped(call.context(), attempts) : attempts;
    }

    @Override
    public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
        return scope == Scope.ATTEMPT ? wrapped(context, attempt) : attempt;
    }

    @SuppressWarnings("unchecked") // the function is documented to keep the type
    private <O> Mono<O> wrapped(StepContext context, Mono<O> chain) {
        return (Mono<O>) around.apply(context, (Mono<Object>) chain);
    }

    @Override
    public String toString() {
        return scope == Scope.STEP ? "StepInterceptor.ofStep" : "StepInterceptor.ofAttempt";
    }
}
