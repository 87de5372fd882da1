package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.internal.Shown;
import java.util.Objects;
import java.util.function.Function;

/**
 * What a step of a round signals while it runs, see {@link StepEngine#signals(Iterable, Object)}: its attempts begin, they emit values,
 * the step settles.
 *
 * <p>The signals of one step come in order: {@link AttemptStarted}, the {@link Emitted} values of that attempt, for each further
 * attempt the same again, then {@link Settled}, which is the last and never missing. What was emitted counts if the attempt
 * does: the next {@link AttemptStarted}, or a result that is a failure, says that it is void. Signals of different steps are
 * interleaved, told apart by {@link #index()}.
 *
 * <p>Three records, told apart by {@link #fold} or by {@code instanceof}. Immutable, as far as values are.
 *
 * @param <O> the value of a step
 * @since 0.1
 */
public sealed interface StepSignal<O> {

    /**
     * The agent of the step.
     *
     * @return the agent's id
     */
    AgentId agentId();

    /**
     * The step's place in the input, which tells two steps of one agent apart.
     *
     * @return a number from 0
     */
    long index();

    /**
     * Calls the function that fits; the compiler sees to it that none is forgotten.
     *
     * @param attemptStarted for {@link AttemptStarted}
     * @param emitted for {@link Emitted}
     * @param settled for {@link Settled}
     * @param <R> what they return
     * @return what the function returned
     */
    default <R> R fold(
            Function<? super AttemptStarted<O>, ? extends R> attemptStarted,
            Function<? super Emitted<O>, ? extends R> emitted,
            Function<? super Settled<O>, ? extends R> settled) {
        if (this instanceof AttemptStarted<O> started) {
            return attemptStarted.apply(started);
        }
        return this instanceof Emitted<O> value ? emitted.apply(value) : settled.apply((Settled<O>) this);
    }

    /**
     * An attempt has begun: what the step has emitted before is void. Of attempts that were over before a slow subscriber came to
     * them, only the last may be told.
     *
     * @param agentId the agent of the step
     * @param index the step's place in the input
     * @param attempt the number of the attempt, from 1; a fallback has that of the last attempt before it
     * @param called the agent that is called: the step's own, or a fallback of an interceptor
     * @param <O> the value of a step
     */
    record AttemptStarted<O>(AgentId agentId, long index, int attempt, AgentId called) implements StepSignal<O> {

        /**
         * Checks that nothing is null.
         *
         * @param agentId the agent of the step
         * @param index the step's place in the input
         * @param attempt the number of the attempt
         * @param called the agent that is called
         * @throws NullPointerException if an argument is null
         */
        public AttemptStarted {
            Objects.requireNonNull(agentId, "agentId");
            Objects.requireNonNull(called, "called");
        }
    }

    /**
     * A step has emitted something, see {@link io.flotilla.agent.StepContext#emit}.
     *
     * @param agentId the agent of the step
     * @param index the step's place in the input
     * @param attempt the number of the attempt, from 1
     * @param position which value of the attempt it is, from 0; a gap is what this subscriber was too slow for
     * @param value what was emitted, redacted
     * @param <O> the value of a step
     */
    record Emitted<O>(AgentId agentId, long index, int attempt, long position, Object value) implements StepSignal<O> {

        /**
         * Checks that nothing is null.
         *
         * @param agentId the agent of the step
         * @param index the step's place in the input
         * @param attempt the number of the attempt
         * @param position which value of the attempt it is
         * @param value what was emitted
         * @throws NullPointerException if an argument is null
         */
        public Emitted {
            Objects.requireNonNull(agentId, "agentId");
            Objects.requireNonNull(value, "value");
        }

        /** Texts and numbers in short, of other values the type: their {@code toString} is not called. */
        @Override
        public String toString() {
            return "Emitted[agentId=" + agentId + ", index=" + index + ", attempt=" + attempt + ", position=" + position
                    + ", value=" + Shown.of(value) + "]";
        }
    }

    /**
     * A step has ended; its last signal.
     *
     * @param result how
     * @param dropped how many of the values it has emitted, in all attempts, this subscriber was too slow for
     * @param <O> the value of a step
     */
    record Settled<O>(StepResult<O> result, long dropped) implements StepSignal<O> {

        /**
         * Checks that nothing is null.
         *
         * @param result how it ended
         * @param dropped the number of values this subscriber was too slow for
         * @throws NullPointerException if {@code result} is null
         */
        public Settled {
            Objects.requireNonNull(result, "result");
        }

        @Override
        public AgentId agentId() {
            return result.agentId();
        }

        @Override
        public long index() {
            return result.index();
        }
    }
}
