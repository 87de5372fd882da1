package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The attempts at one step, where interceptors are: each subscription is one attempt, and so is each further call of the body
 * within one. Keeps count; what went wrong is in {@link Failures}.
 */
final class Attempts<I, O> extends Guarded<O> implements StepCall<I, O> {

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<Attempts> COUNT =
            AtomicIntegerFieldUpdater.newUpdater(Attempts.class, "count");

    private final Step<I, O> step;
    private final List<StepInterceptor> interceptors;
    private final OwnContext context;

    private volatile int count;

    /** Nothing of it exists before something has gone wrong. */
    private volatile @Nullable Failures failures;

    Attempts(Step<I, O> step, List<StepInterceptor> interceptors) {
        this.step = step;
        this.interceptors = interceptors;
        this.context = step.context();
    }

    /** The whole chain, to be subscribed to once. */
    Mono<O> intercepted() {
        Mono<O> chain = this;
        for (int at = interceptors.size() - 1; at >= 0; at--) {
            Mono<O> wrapped = guarded(chain);
            chain = notNull(interceptors.get(at).aroundStep(this, wrapped), interceptors.get(at));
        }
        return chain;
    }

    /** What the next interceptor's operators throw is caught beneath them, not beneath all. */
    private Mono<O> guarded(Mono<O> chain) {
        return chain instanceof Guarded ? chain : new Wrapped(chain);
    }

    private Mono<O> notNull(@Nullable Mono<O> wrapped, StepInterceptor interceptor) {
        return Objects.requireNonNull(
                wrapped, () -> interceptor + " returned null instead of a Mono for agent " + step.agentId);
    }

    /** One attempt. */
    @Override
    Mono<? extends O> body() {
        int number = COUNT.incrementAndGet(this);
        AttemptContext attempt = number == 1 ? context : context.attempt(number);
        Mono<O> chain = new Body(attempt);
        for (int at = interceptors.size() - 1; at >= 0; at--) {
            chain = attempt(interceptors.get(at), attempt, guarded(chain));
        }
        return ObservedAttempt.of(chain, step.telemetry(), step.agentId, number);
    }

    @Override
    void failed(Throwable cause) {
        step.attemptEnded();
        failures().record(cause);
    }

    @Override
    void broke(Throwable fatal) {
        step.threw(fatal);
    }

    /** What an interceptor throws is a signal to those around it, as what the body throws is. */
    private Mono<O> attempt(StepInterceptor interceptor, StepContext attempt, Mono<O> chain) {
        try {
            return notNull(interceptor.aroundAttempt(this, attempt, chain), interceptor);
        } catch (Throwable thrown) {
            return new Thrown(thrown);
        }
    }

    /** What is between two interceptors. */
    private final class Wrapped extends Guarded<O> {

        private final Mono<O> chain;

        Wrapped(Mono<O> chain) {
            this.chain = chain;
        }

        @Override
        Mono<? extends O> body() {
            return chain;
        }

        @Override
        void broke(Throwable fatal) {
            step.threw(fatal);
        }
    }

    /** The agent's body. An operator of an interceptor of attempts that subscribes once more makes another attempt. */
    private final class Body extends Guarded<O> {

        // Guarded by the body.
        private @Nullable AttemptContext first;
        private @Nullable Throwable failure;

        Body(AttemptContext first) {
            this.first = first;
        }

        @Override
        Mono<? extends O> body() {
            boolean isAgain = isAgain();
            AttemptContext attempt = next();
            step.attemptBegins(attempt, attempt.attempt(), step.agent);
            Mono<? extends O> called = step.call(step.agent, attempt);
            return isAgain ? ObservedAttempt.of(called, step.telemetry(), step.agentId, attempt.attempt()) : called;
        }

        private synchronized boolean isAgain() {
            return first == null;
        }

        private synchronized AttemptContext next() {
            AttemptContext called = first;
            if (called != null) {
                first = null;
                return called;
            }
            recordFailure();
            return context.attempt(COUNT.incrementAndGet(Attempts.this));
        }

        /** For one that nobody further out has seen. */
        private synchronized void recordFailure() {
            if (failure != null) {
                failures().record(failure);
                failure = null;
            }
        }

        @Override
        synchronized void failed(Throwable cause) {
            step.attemptEnded();
            failure = cause;
        }

        @Override
        void broke(Throwable fatal) {
            recordFailure();
            step.threw(fatal);
        }
    }

    /** An attempt that an interceptor has not let begin. */
    private final class Thrown extends Guarded<O> {

        private final Throwable thrown;

        Thrown(Throwable thrown) {
            this.thrown = thrown;
        }

        @Override
        Mono<? extends O> body() {
            return rethrow(thrown);
        }

        @Override
        void broke(Throwable fatal) {
            step.threw(fatal);
        }
    }

    /** A fallback's body. */
    private final class Invoked extends Guarded<O> {

        private final Agent<? super I, ? extends O> other;

        Invoked(Agent<? super I, ? extends O> other) {
            this.other = other;
        }

        @Override
        Mono<? extends O> body() {
            AttemptContext fallback = context.attempt(context.attempt()); // the first attempt's may have ended
            int number = Math.max(1, count());
            step.attemptBegins(fallback, number, other);
            return ObservedAttempt.of(step.call(other, fallback), step.telemetry(), CalledStep.idOf(other), number);
        }

        @Override
        void failed(Throwable cause) {
            step.attemptEnded();
        }

        @Override
        void broke(Throwable fatal) {
            step.threw(fatal);
        }
    }

    private Failures failures() {
        Failures found = failures;
        return found == null ? firstFailures() : found;
    }

    private synchronized Failures firstFailures() {
        Failures found = failures;
        if (found == null) {
            found = new Failures();
            failures = found;
        }
        return found;
    }

    int count() {
        return count;
    }

    /** The first cause there was; {@code last} is what the chain ended with. */
    Throwable firstCause(Throwable last) {
        return failures().firstCause(last);
    }

    /** The same with the later ones suppressed, once the step has ended. */
    Throwable suppressing(Throwable firstCause) {
        return failures().suppressing(firstCause);
    }

    StepResult<O> succeeded(Instant startedAt, long nanos, @Nullable O value) {
        Failures had = failures;
        Failures.Fallback fallback = had == null ? null : had.fallback();
        return fallback == null
                ? new StepResult.Succeeded<>(step.agentId, step.index, count, startedAt, nanos, value, context.used())
                : new StepResult.Degraded<>(
                        step.agentId,
                        step.index,
                        count,
                        startedAt,
                        nanos,
                        value,
                        fallback.source(),
                        fallback.cause(),
                        context.used());
    }

    @Override
    public Agent<? super I, ? extends O> agent() {
        return step.agent;
    }

    @Override
    public I input() {
        return step.input;
    }

    @Override
    public StepContext context() {
        return context;
    }

    @Override
    public @Nullable Duration timeRemaining() {
        return step.remaining();
    }

    @Override
    public Duration idleTime() {
        return Duration.ofNanos(step.idleTimeNanos());
    }

    @Override
    public EngineClock clock() {
        return step.time();
    }

    @Override
    public <T> T sharedState(Object owner, Supplier<? extends T> create) {
        return step.shared(owner, create);
    }

    @Override
    public Mono<O> invoke(Agent<? super I, ? extends O> other) {
        Objects.requireNonNull(other, "other");
        return new Invoked(other);
    }

    @Override
    public void markDegraded(String from, Throwable cause) {
        failures().degraded(Objects.requireNonNull(from, "source"), Objects.requireNonNull(cause, "cause"));
    }

    @Override
    public void fallbackFailed(String from, Throwable cause) {
        Objects.requireNonNull(from, "source");
        Objects.requireNonNull(cause, "cause");
        failures().fallbackFailed(cause);
        StepLog.fallbackFailed(step, from, cause);
    }
}
