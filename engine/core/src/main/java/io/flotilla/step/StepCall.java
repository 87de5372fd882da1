package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A step as an interceptor sees it: who is called, with what, and a place to say that a fallback has stood in.
 *
 * <p>Thread-safe.
 *
 * @param <I> the input of the step
 * @param <O> the value of the step
 */
public interface StepCall<I, O> {

    /**
     * The agent the engine was given.
     *
     * @return whose step it is
     */
    Agent<? super I, ? extends O> agent();

    /**
     * What the agent is called with.
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
     * How long the step may still take. Measured with the engine's timer, so a clock that is set forward or back changes
     * nothing; {@link StepContext#deadline()} is the same moment on the engine's clock.
     *
     * @return the time left, negative if it is over; null if the step has no limit
     */
    @Nullable Duration timeRemaining();

    /**
     * The engine's time.
     *
     * @return the same object for all steps of an engine
     */
    EngineClock clock();

    /**
     * Something that all steps of the round or run have in common, such as what is left of a budget. Made by whichever
     * step asks first, gone with the round.
     *
     * @param owner what it belongs to: usually the interceptor itself; compared by {@code equals}
     * @param create makes it; may be called by one thread at a time only, and must not ask for another
     * @param <T> its type, the same for every call with this owner
     * @return the same object for all steps of the round
     * @throws NullPointerException if an argument is null, or {@code create} returns null
     */
    <T> T sharedState(Object owner, Supplier<? extends T> create);

    /**
     * Asks another agent with the step's input and context, as a fallback does. Not an attempt: it is not counted.
     *
     * @param other whom to ask
     * @return cold; whatever the other's body throws, fatal errors too, is an {@code onError}
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
