package io.flotilla.resilience;

import io.flotilla.agent.Agent;
import io.flotilla.step.StepCall;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * What stands in when all attempts at a step have failed: other agents, in order; then the last good value; then a constant.
 * The result is {@link io.flotilla.step.StepResult.Degraded}, with the source and the first cause.
 *
 * <p>Nothing is remembered of a failure: the next step asks its own agent again, and it is the breaker that keeps it from
 * asking in vain. If no fallback has a value either, the step fails as it would have without. Immutable.
 */
public final class Fallback {

    private final List<Agent<?, ?>> agents;
    private final @Nullable LastGood lastGood;
    private final @Nullable Object constant;
    private final Predicate<? super Throwable> on;

    private Fallback(Builder builder) {
        agents = List.copyOf(builder.agents);
        lastGood = builder.lastGood;
        constant = builder.constant;
        on = builder.on;
    }

    /**
     * Starts a fallback.
     *
     * @return a builder with nothing to fall back on
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Wraps the whole step. */
    <I, O> Mono<O> around(Resilience resilience, StepCall<I, O> call, Mono<O> step, String key) {
        LastGood store = lastGood;
        Mono<O> kept = store == null
                ? step
                : step.doOnNext(value -> store.keep(
                        call.context(), call.input(), value, call.time().now()));
        return kept.onErrorResume(cause -> resumed(resilience, call, cause, key));
    }

    /** Throws nothing: what is fatal would end on whichever thread the step failed on, and the step would hang. */
    private <I, O> Mono<O> resumed(Resilience resilience, StepCall<I, O> call, Throwable cause, String key) {
        try {
            return on.test(cause) ? first(resilience, call, cause, key, 0) : Mono.error(cause);
        } catch (Throwable thrown) {
            return Mono.error(thrown);
        }
    }

    private <I, O> Mono<O> next(Resilience resilience, StepCall<I, O> call, Throwable cause, String key, int at) {
        try {
            return first(resilience, call, cause, key, at);
        } catch (Throwable thrown) {
            return Mono.error(thrown);
        }
    }

    /** An agent that has answered counts, even if its id cannot be had. */
    private static String nameOf(Agent<?, ?> agent) {
        try {
            return agent.id().toString();
        } catch (Throwable thrown) {
            return "nameless";
        }
    }

    /** The fallback at that place, with the next behind it; there are few, so it may recur. */
    private <I, O> Mono<O> first(Resilience resilience, StepCall<I, O> call, Throwable cause, String key, int at) {
        if (at < agents.size()) {
            Agent<I, O> other = typed(agents.get(at));
            return call.ask(other)
                    .doOnSuccess(value -> stoodIn(resilience, call, cause, key, nameOf(other), "agent"))
                    .onErrorResume(failed -> next(resilience, call, cause, key, at + 1));
        }
        Instant now = call.time().now();
        LastGood.Kept found = lastGood == null ? null : lastGood.find(call.context(), call.input(), now);
        if (found != null) {
            stoodIn(
                    resilience,
                    call,
                    cause,
                    key,
                    "last good value, " + Duration.between(found.at(), now) + " old",
                    "last good");
            return Mono.just(valueOf(found.value()));
        }
        if (constant != null) {
            stoodIn(resilience, call, cause, key, "constant", "constant");
            return Mono.just(valueOf(constant));
        }
        return Mono.error(cause);
    }

    private static void stoodIn(
            Resilience resilience, StepCall<?, ?> call, Throwable cause, String key, String source, String kind) {
        call.degraded(source, cause);
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
        private @Nullable LastGood lastGood;
        private @Nullable Object constant;
        private Predicate<? super Throwable> on = cause -> true;

        private Builder() {}

        /**
         * Another agent, asked with the same input; may be called several times, the first is asked first. It is asked
         * directly: no guard of this resilience is around it, only the step's timeout.
         *
         * @param agent takes the inputs and answers the values of the agents it stands in for; else the step fails with a
         *     {@link ClassCastException}, or whoever uses the value does
         * @return this builder
         * @throws NullPointerException if {@code agent} is null
         */
        public Builder agent(Agent<?, ?> agent) {
            agents.add(Objects.requireNonNull(agent, "agent"));
            return this;
        }

        /**
         * The last good value, if no agent has answered.
         *
         * @param lastGood where values are kept
         * @return this builder
         * @throws NullPointerException if {@code lastGood} is null
         */
        public Builder lastGood(LastGood lastGood) {
            this.lastGood = Objects.requireNonNull(lastGood, "lastGood");
            return this;
        }

        /**
         * A constant, if nothing else has a value.
         *
         * @param constant a value of the type the agents answer with
         * @return this builder
         * @throws NullPointerException if {@code constant} is null
         */
        public Builder constant(Object constant) {
            this.constant = Objects.requireNonNull(constant, "constant");
            return this;
        }

        /**
         * After which failures to fall back.
         *
         * @param on says so; default all
         * @return this builder
         * @throws NullPointerException if {@code on} is null
         */
        public Builder on(Predicate<? super Throwable> on) {
            this.on = Objects.requireNonNull(on, "on");
            return this;
        }

        /**
         * Makes the fallback.
         *
         * @return a fallback
         * @throws IllegalStateException if there is nothing to fall back on
         */
        public Fallback build() {
            if (agents.isEmpty() && lastGood == null && constant == null) {
                throw new IllegalStateException("a fallback needs an agent, a last good value or a constant");
            }
            return new Fallback(this);
        }
    }
}
