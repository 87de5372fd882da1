package io.flotilla.resilience;

import io.flotilla.step.StepCall;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/** An attempt behind the guards; each subscription is an {@link Attempt}. */
final class GuardedAttempt<O> extends Mono<O> {

    private final Resilience resilience;
    private final StepCall<?, O> call;
    private final Guards guards;
    private final Mono<O> body;

    GuardedAttempt(Resilience resilience, StepCall<?, O> call, Guards guards, Mono<O> body) {
        this.resilience = resilience;
        this.call = call;
        this.guards = guards;
        this.body = body;
    }

    @Override
    public void subscribe(CoreSubscriber<? super O> actual) {
        new Attempt<>(resilience, guards, resilience.budgetUse(call), body, actual).start();
    }
}
