package io.flotilla.step;

import io.flotilla.agent.StepContext;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/**
 * Wraps each step, or each attempt at it: retry, limits, caches, tracing of one's own.
 *
 * <p>Interceptors given to {@link StepEngine.Builder Builder.interceptor} first are outermost. From the outside in:
 *
 * <pre>
 * step timeout &gt; aroundStep(1) &gt; aroundStep(2) &gt; aroundAttempt(1) &gt; aroundAttempt(2) &gt; guard &gt; the agent's body
 * </pre>
 *
 * <p>The guard turns whatever the body throws, fatal errors too, into {@code onError}, so an interceptor sees every
 * failure as a signal. What an interceptor throws itself fails the step, not the round; so does what its operators throw
 * when a value comes from further in, fatal errors too. A step fails with the first
 * cause there was that is not a guard's refusal, and its kind says what that cause is: {@link StepResult.TimedOut} for a
 * {@link StepTimeoutException}, {@link StepResult.Cancelled} for a {@link java.util.concurrent.CancellationException},
 * {@link StepResult.Rejected} for a {@link StepRejectedException} if there was no other cause. The refusals of Resilience4j's
 * operators ({@code CallNotPermittedException}, {@code BulkheadFullException}, {@code RequestNotPermitted} and their
 * subclasses) count as refusals too. A step that ends with a {@link
 * StepTimeoutException} is {@link StepResult.TimedOut} whatever came before.
 *
 * <p>The later causes are suppressed in the first. If several steps fail with one and the same exception, it collects none of them:
 * a {@link SharedCauseException} stands in for it.
 *
 * <p>For operators there is no need of a class: see {@link #ofStep(Function)} and {@link #ofAttempt(Function)}.
 *
 * <p>Implementations are thread-safe. {@code aroundStep} is called once, at the start of the step, on the thread that starts it;
 * {@code aroundAttempt} at the start of every attempt, on the thread that subscribes to it: that of the step for the first, for
 * later ones where the retry is.
 *
 * @since 0.1
 */
public interface StepInterceptor {

    /**
     * Wraps the whole step.
     *
     * @param call the step
     * @param attempts the rest of the chain; every subscription to it is one attempt, which calls the agent again with
     *     the next number
     * @param <I> the input of the step
     * @param <O> the value of the step
     * @return what is subscribed to instead; {@code attempts} itself, the default, leaves the step as it is
     */
    default <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
        return attempts;
    }

    /**
     * Wraps one attempt.
     *
     * @param call the step
     * @param context the attempt's own context
     * @param attempt the rest of the chain, with the agent's body innermost
     * @param <I> the input of the step
     * @param <O> the value of the step
     * @return what is subscribed to instead; {@code attempt} itself, the default, leaves the attempt as it is
     */
    default <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
        return attempt;
    }

    /**
     * Puts operators around each step, such as a retry:
     *
     * <pre>{@code
     * StepInterceptor.ofStep(steps -> steps.transformDeferred(RetryOperator.of(retry)))
     * }</pre>
     *
     * <p>Each subscription to what the function is given is an attempt, with the next number. {@link
     * StepResult#attempts()} counts them; the step's cause is that of the first.
     *
     * @param around returns what is subscribed to instead of what it is given; called once a step. Its values are those
     *     of the step, or of the same type. If it throws or returns null, the step is {@link StepResult.Failed} with that
     *     error or a {@link NullPointerException}
     * @return the interceptor
     * @throws NullPointerException if {@code around} is null
     */
    static StepInterceptor ofStep(Function<? super Mono<Object>, ? extends Mono<Object>> around) {
        Objects.requireNonNull(around, "around");
        return new FunctionInterceptor(FunctionInterceptor.Scope.STEP, (context, steps) -> around.apply(steps));
    }

    /**
     * The same for operators that depend on the step, such as a retry for each kind of agent.
     *
     * @param around as for {@link #ofStep(Function)}; is given the context of the step's first attempt, too
     * @return the interceptor
     * @throws NullPointerException if {@code around} is null
     */
    static StepInterceptor ofStep(
            BiFunction<? super StepContext, ? super Mono<Object>, ? extends Mono<Object>> around) {
        return new FunctionInterceptor(FunctionInterceptor.Scope.STEP, Objects.requireNonNull(around, "around"));
    }

    /**
     * Puts operators around each attempt, such as a circuit breaker:
     *
     * <pre>{@code
     * StepInterceptor.ofAttempt(attempt -> attempt.transformDeferred(CircuitBreakerOperator.of(breaker)))
     * }</pre>
     *
     * <p>An operator here that subscribes more than once makes further attempts, which are counted and numbered as those of
     * a retry around the step are.
     *
     * @param around returns what is subscribed to instead of what it is given; called once an attempt. Its values are those
     *     of the attempt, or of the same type. If it throws or returns null, the attempt fails with that error or a {@link
     *     NullPointerException}
     * @return the interceptor
     * @throws NullPointerException if {@code around} is null
     */
    static StepInterceptor ofAttempt(Function<? super Mono<Object>, ? extends Mono<Object>> around) {
        Objects.requireNonNull(around, "around");
        return new FunctionInterceptor(FunctionInterceptor.Scope.ATTEMPT, (context, attempt) -> around.apply(attempt));
    }

    /**
     * The same for operators that depend on the attempt, such as a circuit breaker for each kind of agent:
     *
     * <pre>{@code
     * StepInterceptor.ofAttempt((context, attempt) -> attempt.transformDeferred(
     *         CircuitBreakerOperator.of(breakers.circuitBreaker(context.agentId().kind()))))
     * }</pre>
     *
     * @param around as for {@link #ofAttempt(Function)}; is given the context of the attempt, too
     * @return the interceptor
     * @throws NullPointerException if {@code around} is null
     */
    static StepInterceptor ofAttempt(
            BiFunction<? super StepContext, ? super Mono<Object>, ? extends Mono<Object>> around) {
        return new FunctionInterceptor(FunctionInterceptor.Scope.ATTEMPT, Objects.requireNonNull(around, "around"));
    }
}
