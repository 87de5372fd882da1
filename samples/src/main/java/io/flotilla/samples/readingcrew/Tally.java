package io.flotilla.samples.readingcrew;

import io.flotilla.agent.StepContext;
import io.flotilla.resilience.CircuitBreakerTransition;
import io.flotilla.step.StepCall;
import io.flotilla.step.StepInterceptor;
import io.flotilla.step.StepRejectedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import reactor.core.publisher.Mono;

/** Keeps what results do not tell: how many attempts each guard refused, and what the breaker did. Thread-safe. */
final class Tally implements StepInterceptor {

    private final Map<String, Long> refusals = new TreeMap<>();
    private final List<CircuitBreakerTransition> changes = new ArrayList<>();

    @Override
    public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
        return attempt.doOnError(StepRejectedException.class, this::refused);
    }

    private synchronized void refused(StepRejectedException refusal) {
        refusals.merge(refusal.guard(), 1L, Long::sum);
    }

    synchronized void changed(CircuitBreakerTransition change) {
        changes.add(change);
    }

    /** How many attempts were refused, by guard. */
    synchronized Map<String, Long> refusals() {
        return new TreeMap<>(refusals);
    }

    /** The breaker's changes, in their order. */
    synchronized List<CircuitBreakerTransition> changes() {
        return List.copyOf(changes);
    }
}
