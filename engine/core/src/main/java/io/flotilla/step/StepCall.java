package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A step as an interceptor sees it: the agent, its input, and a way to say that a fallback has replaced the value.
 *
 * <p>Thread-safe.
 *
 * @param <I> the input of the step
 * @param <O> the value of the step
 * @since 0.1
 */
public interface StepCall<I, O> {

    /**
     * The agent the engine was given.
     *
     * @return whose step it is
     */
    Agent<? super I, ? extends O> agent();

    /**
     * The input the agent is called with.
     *
     * @return the input of the step
     */
    I input();

    /**
     * The step's context, as its first attempt has it.
     *
     * @return the context
     */
    StepContext context();

    /**
     * The time the step has left. Measured with the engine's timer, so setting a clock forward or back changes
     * nothing; {@link StepContext#deadline()} is the same moment on the engine's clock.
     *
     * @return the time left, negative if it is over; null if the step has no limit
     */
    @Nullable Duration timeRemaining();

    /**
     * How long the step has been silent: since its last attempt began or last {@linkplain StepContext#emit emitted} something;
     * before the first attempt since the step started. Measured with the engine's timer.
     *
     * @return never negative
     */
    Duration idleTime();

    /**
     * The engine's time.
     *
     * @return the same object for all steps of an engine
     */
    EngineClock clock();

    /**
     * An object that all steps of the round or run share, such as the rest of a budget. The first step that asks
     * creates it; it ends with the round.
     *
     * @param owner the key of the object, usually the interceptor itself; compared by {@code equals}
     * @param create makes it; may be called by one thread at a time only, and must not ask for another
     * @param <T> its type, the same for every call with this owner
     * @return the same object for all steps of the round
     * @throws NullPointerException if an argument is null, or {@code create} returns null
     */
    <T> T sharedState(Object owner, Supplier<? extends T> create);

    /**
     * Calls another agent with the step's input and context, as a fallback does. It does not count as an attempt.
     *
     * @param other the agent to call
     * @return cold; everything the other's body throws, fatal errors too, is an {@code onError}
     * @throws NullPointerException if {@code other} is null
     */
    Mono<O> invoke(Agent<? super I, ? extends O> other);

    /**
     * Says that the value about to be emitted is not the agent's own: if the step now succeeds, its result is {@link
     * StepResult.Degraded}. The last call counts; after the step has ended, none does.
     *
     * @param source where the value is from, such as another agent's id
     * @param cause why the agent's own answer is missing; if an attempt has failed, the result has that first cause
     *     instead
     * @throws NullPointerException if an argument is null
     */
    void markDegraded(String source, Throwable cause);

    /**
     * Says that a fallback has failed as well: logged once, at WARN, and suppressed in the cause the step ends with.
     *
     * @param source what has failed, such as another agent's id
     * @param cause why
     * @throws NullPointerException if an argument is null
     */
    void fallbackFailed(String source, Throwable cause);
}
