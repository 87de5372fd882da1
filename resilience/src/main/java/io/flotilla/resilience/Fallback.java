package io.flotilla.resilience;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.step.StepCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Stand-ins for a step of which all attempts have failed: other agents, in order; then the last known value; then a
 * constant. The result is {@link io.flotilla.step.StepResult.Degraded}, with the source and the first cause.
 *
 * <ul>
 *   <li>An agent that completes empty has no answer: the next fallback is tried. (A step whose own agent completes empty
 *       has not failed and needs no fallback.)
 *   <li>An agent that fails has no answer either. Its failure is logged once, counted in {@link
 *       ResilienceMeter#FALLBACK_FAILURES}, and suppressed in the cause of the step's result.
 *   <li>Agents are called directly, within the step's timeout and without retries and, unless {@link Builder#guardAgents}
 *       is set, without guards.
 *   <li>If no fallback has an answer, the step fails as it would without a fallback.
 * </ul>
 *
 * <p>A fallback keeps no state: the next step calls its own agent again. A circuit breaker prevents calls that would be
 * in vain. Immutable.
 *
 * @since 0.1
 */
public final class Fallback {

    private static final AgentId NAMELESS = AgentId.of("nameless");

    private final List<Agent<?, ?>> agents;
    private final boolean guarded;
    private final @Nullable LastKnownValue lastKnownValue;
    private final @Nullable Object constant;
    private final Predicate<? super Throwable> on;

    private Fallback(Builder builder) {
        agents = List.copyOf(builder.agents);
        guarded = builder.guarded;
        lastKnownValue = builder.lastKnownValue;
        constant = builder.constant;
        on = builder.fallbackOn;
    }

    /**
     * Starts a fallback.
     *
     * @return a builder without fallbacks
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Wraps the whole step. */
    <I, O> Mono<O> around(Resilience resilience, StepCall<I, O> call, Mono<O> step, String key) {
        LastKnownValue store = lastKnownValue;
        Mono<O> kept = store == null
                ? step
                : step.doOnNext(value -> store.keep(call.context(), call.input(), value, call.clock()));
        return kept.onErrorResume(cause -> resumed(resilience, call, cause, key));
    }

    /** Throws nothing: what is fatal would end on whichever thread the step failed on, and the step would hang. */
    private <I, O> Mono<O> resumed(Resilience resilience, StepCall<I, O> call, Throwable cause, String key) {
        try {
            return on.test(cause) ? next(resilience, call, cause, key, 0) : Retrying.failed(cause);
        } catch (Throwable thrown) {
            return Retrying.failed(thrown);
        }
    }

    /**
     * The fallback at that place, with the next behind it; there are few, so it may recur. Ends with a value or an error,
     * never empty: so the next is asked once, whether the one before has failed or has no answer.
     */
    private <I, O> Mono<O> next(Resilience resilience, StepCall<I, O> call, Throwable cause, String key, int at) {
        if (at >= agents.size()) {
            return last(resilience, call, cause, key);
        }
        Agent<I, O> other = typed(agents.get(at));
        AgentId id = idOf(other);
        return asked(resilience, call, other, id)
                .doOnNext(value -> stoodIn(resilience, call, cause, key, id.toString(), "agent"))
                .onErrorResume(failure -> {
                    call.fallbackFailed(id.toString(), failure);
                    resilience.meters().fallbackFailed(key, failure);
                    return next(resilience, call, cause, key, at + 1);
                })
                .switchIfEmpty(Mono.defer(() -> {
                    resilience.meters().fallbackEmpty(key);
                    return next(resilience, call, cause, key, at + 1);
                }));
    }

    private <I, O> Mono<O> asked(Resilience resilience, StepCall<I, O> call, Agent<I, O> other, AgentId id) {
        Mono<O> asked = call.invoke(other);
        if (!guarded) {
            return asked;
        }
        try {
            return resilience.guarded(call, new StandInContext(call.context(), id), asked);
        } catch (Throwable thrown) { // by the function that makes keys
            return Retrying.failed(thrown);
        }
    }

    /** Values need nobody's answer. */
    private <I, O> Mono<O> last(Resilience resilience, StepCall<I, O> call, Throwable cause, String key) {
        LastKnownValue.Found found = lastKnownValue == null ? null : lastKnownValue.find(call.context(), call.input());
        if (found != null) {
            stoodIn(resilience, call, cause, key, "last known value, " + found.age() + " old", "last known");
            return Mono.just(valueOf(found.value()));
        }
        if (constant != null) {
            stoodIn(resilience, call, cause, key, "constant", "constant");
            return Mono.just(valueOf(constant));
        }
        return Retrying.failed(cause);
    }

    /** An agent that has answered counts, even if its id cannot be had. */
    private static AgentId idOf(Agent<?, ?> agent) {
        try {
            return Objects.requireNonNull(agent.id(), "id");
        } catch (Throwable thrown) {
            return NAMELESS;
        }
    }

    private static void stoodIn(
            Resilience resilience, StepCall<?, ?> call, Throwable cause, String key, String source, String kind) {
        call.markDegraded(source, cause);
        resilience.meters().degraded(key, kind);
    }

    @SuppressWarnings("unchecked") // the user gives agents of the type they stand in for, see Builder.agent
    private static <I, O> Agent<I, O> typed(Agent<?, ?> agent) {
        return (Agent<I, O>) agent;
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // as for agents
    private static <O> O valueOf(Object value) {
        return (O) value;
    }

    /** The settings of a fallback. Not thread-safe. */
    public static final class Builder {

        private final List<Agent<?, ?>> agents = new ArrayList<>();
        private boolean guarded;
        private @Nullable LastKnownValue lastKnownValue;
        private @Nullable Object constant;
        private Predicate<? super Throwable> fallbackOn = cause -> true;

        private Builder() {}

        /**
         * Adds another agent, which is called with the same input. Agents are tried in the order in which they are added.
         * An agent is called directly, within the step's timeout only, unless {@link #guardAgents} is set. If it fails or
         * completes empty, the next fallback is tried.
         *
         * @param agent takes the inputs and returns the values of the agents it replaces; otherwise the step, or the user
         *     of the value, fails with a {@link ClassCastException}
         * @return this builder
         * @throws NullPointerException if {@code agent} is null
         */
        public Builder agent(Agent<?, ?> agent) {
            agents.add(Objects.requireNonNull(agent, "agent"));
            return this;
        }

        /**
         * Puts the guards of an attempt around each agent of this fallback: budget, bulkhead, rate limiter, circuit
         * breaker and attempt timeout, if the resilience has them, with the agent's own key. A refusal is a failure of
         * that agent, so the next fallback is tried. There is no retry. Default: no guards.
         *
         * @return this builder
         */
        public Builder guardAgents() {
            this.guarded = true;
            return this;
        }

        /**
         * Uses the last known value if no agent has an answer.
         *
         * @param lastKnownValue the store of values
         * @return this builder
         * @throws NullPointerException if {@code lastKnownValue} is null
         */
        public Builder lastKnownValue(LastKnownValue lastKnownValue) {
            this.lastKnownValue = Objects.requireNonNull(lastKnownValue, "lastKnownValue");
            return this;
        }

        /**
         * Uses a constant if nothing else has a value.
         *
         * @param constant a value of the type that the agents return
         * @return this builder
         * @throws NullPointerException if {@code constant} is null
         */
        public Builder constant(Object constant) {
            this.constant = Objects.requireNonNull(constant, "constant");
            return this;
        }

        /**
         * The failures that use the fallback.
         *
         * @param on whether a failure uses the fallback; default all
         * @return this builder
         * @throws NullPointerException if {@code on} is null
         */
        public Builder fallbackOn(Predicate<? super Throwable> on) {
            this.fallbackOn = Objects.requireNonNull(on, "on");
            return this;
        }

        /**
         * Creates the fallback.
         *
         * @return a fallback
         * @throws IllegalStateException if it has no fallback
         */
        public Fallback build() {
            if (agents.isEmpty() && lastKnownValue == null && constant == null) {
                throw new IllegalStateException("a fallback needs an agent, a last known value or a constant");
            }
            return new Fallback(this);
        }
    }
}
