package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The attempts at one step, where interceptors are: each subscription is one attempt, and so is each further call of the body
 * within one. Keeps count, and the first cause.
 */
final class Attempts<I, O> extends Guarded<O> implements StepCall<I, O> {

    /** More causes than these are not kept. */
    private static final int MAX_SUPPRESSED = 16;

    private final Step<I, O> step;
    private final List<StepInterceptor> interceptors;
    private final RoundScope.AttemptContext context;

    /** Whose causes they are, for {@link SharedCauses}; holds on to nothing. */
    private final Object owner = new Object();

    // Guarded by this.
    private int count;
    private @Nullable Throwable first;
    private final List<Throwable> later = new ArrayList<>(0);
    private @Nullable String source;
    private @Nullable Throwable degradedBy;
    private @Nullable List<Throwable> fallbackFailures;

    Attempts(Step<I, O> step, Steps<I, O> steps) {
        this.step = step;
        this.interceptors = steps.interceptors;
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
        int number;
        synchronized (this) {
            number = ++count;
        }
        StepContext attempt = number == 1 ? context : context.attempt(number);
        Mono<O> chain = new Body(attempt);
        for (int at = interceptors.size() - 1; at >= 0; at--) {
            chain = attempt(interceptors.get(at), attempt, guarded(chain));
        }
        return chain;
    }

    @Override
    void failed(Throwable cause) {
        record(cause);
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

        // Guarded by the attempts.
        private final StepContext first;
        private boolean called;
        private @Nullable Throwable failure;

        Body(StepContext first) {
            this.first = first;
        }

        @Override
        Mono<? extends O> body() {
            return step.call(step.agent, next());
        }

        private StepContext next() {
            synchronized (Attempts.this) {
                if (!called) {
                    called = true;
                    return first;
                }
                recordFailure();
                return context.attempt(++count);
            }
        }

        /** For one that nobody further out has seen. */
        private void recordFailure() {
            if (failure != null) {
                record(failure);
                failure = null;
            }
        }

        @Override
        void failed(Throwable cause) {
            synchronized (Attempts.this) {
                failure = cause;
            }
        }

        @Override
        void broke(Throwable fatal) {
            synchronized (Attempts.this) {
                recordFailure();
            }
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
            return step.call(other, context);
        }

        @Override
        void broke(Throwable fatal) {
            step.threw(fatal);
        }
    }

    private synchronized void record(Throwable cause) {
        if (first == null) {
            first = cause;
            SharedCauses.claim(cause, owner);
        } else if (Refusal.is(first) && !Refusal.is(cause)) {
            Throwable refused = first;
            first = cause; // a guard's refusal never hides what an attempt really failed with
            SharedCauses.claim(cause, owner);
            later.removeIf(known -> isSame(known, cause));
            suppress(refused);
        } else {
            suppress(cause);
        }
    }

    private void suppress(Throwable cause) {
        if (later.size() < MAX_SUPPRESSED
                && !isSame(cause, Objects.requireNonNull(first))
                && later.stream().noneMatch(known -> isSame(known, cause))) {
            later.add(cause);
        }
    }

    @SuppressWarnings("ReferenceEquality") // an exception is not to suppress itself, nor another twice
    private static boolean isSame(Throwable one, Throwable other) {
        return one == other;
    }

    synchronized int count() {
        return count;
    }

    /** The first cause there was; {@code last} is what the chain ended with. */
    synchronized Throwable firstCause(Throwable last) {
        record(last);
        if (fallbackFailures != null) {
            fallbackFailures.forEach(this::suppress);
            fallbackFailures = null;
        }
        return Objects.requireNonNull(first);
    }

    /** The same with the later ones suppressed, once the step has ended. */
    synchronized Throwable suppressing(Throwable firstCause) {
        Throwable cause = SharedCauses.with(firstCause, later, owner);
        later.clear();
        return cause;
    }

    synchronized StepResult<O> succeeded(Instant startedAt, Duration duration, @Nullable O value) {
        String from = source;
        Throwable by = degradedBy;
        if (from == null || by == null) {
            return new StepResult.Succeeded<>(step.agentId, step.index, count, startedAt, duration, value);
        }
        return new StepResult.Degraded<>(
                step.agentId, step.index, count, startedAt, duration, value, from, suppressing(firstCause(by)));
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
    public synchronized void markDegraded(String from, Throwable cause) {
        source = Objects.requireNonNull(from, "source");
        degradedBy = Objects.requireNonNull(cause, "cause");
    }

    @Override
    public void fallbackFailed(String from, Throwable cause) {
        Objects.requireNonNull(from, "source");
        Objects.requireNonNull(cause, "cause");
        synchronized (this) {
            if (fallbackFailures == null) {
                fallbackFailures = new ArrayList<>(1);
            }
            if (fallbackFailures.size() < MAX_SUPPRESSED) {
                fallbackFailures.add(cause); // not recorded: the step's own failure stays the first cause
            }
        }
        step.fallbackFailed(from, cause);
    }
}
