package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.agent.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How a step ended. A step that failed is a value like any other: it has its place in the report and names its agent.
 *
 * <p>Six records, told apart by {@link #fold}, by {@link #kind()} or by {@code instanceof}. Immutable, as far as the
 * value and the cause are.
 *
 * @param <O> the value of a step
 * @since 0.1
 */
public sealed interface StepResult<O> {

    /** The kinds of results, one a record. */
    enum Kind {
        /** The agent's own answer. */
        SUCCEEDED,
        /** A fallback's value, since the agent failed. */
        DEGRADED,
        /** The agent threw, signalled an error or returned null. */
        FAILED,
        /** The step's time was up. */
        TIMED_OUT,
        /** A guard did not let the step through. */
        REJECTED,
        /** Something other than the engine cancelled the step's own work. */
        CANCELLED;

        /**
         * Whether results of this kind are failures.
         *
         * @return false for {@link #SUCCEEDED} and {@link #DEGRADED}, true for all others
         */
        public boolean isFailure() {
            return this != SUCCEEDED && this != DEGRADED;
        }
    }

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
     * The number of attempts: the calls of the agent, and those that a guard around the attempt refused.
     *
     * @return 1 where nothing retries; 0 if a guard refused the step before its first attempt
     */
    int attempts();

    /**
     * When the step started, on the engine's clock.
     *
     * @return the instant
     */
    Instant startedAt();

    /**
     * The duration of the step, waits between attempts included.
     *
     * @return never negative
     */
    default Duration duration() {
        return Duration.ofNanos(durationNanos());
    }

    /**
     * The same as {@link #duration()}, as the engine keeps it.
     *
     * @return nanoseconds; never negative
     */
    long durationNanos();

    /**
     * What the step wrote into {@link io.flotilla.agent.StepContext#usage()} until it ended, all attempts and fallbacks
     * together; a failed step has used what it has used. What a body writes after its step has ended, as one may that was
     * cancelled, counts only for the round or run.
     *
     * @return the step's own usage; {@link Usage#NONE} if nothing was written
     */
    Usage usage();

    /**
     * Which of the six it is.
     *
     * @return the kind
     */
    Kind kind();

    /**
     * The value of the step.
     *
     * @return the value of a {@link Succeeded} or {@link Degraded} step; null if its agent completed empty, and for all
     *     other kinds
     */
    default @Nullable O value() {
        return null;
    }

    /**
     * Why the step did not succeed: its first cause, with those of later attempts suppressed in it.
     *
     * @return null for a {@link Succeeded} step, the cause for all others
     */
    default @Nullable Throwable cause() {
        return null;
    }

    /**
     * Whether there is nothing to use.
     *
     * @return {@code kind().isFailure()}
     */
    default boolean isFailure() {
        return kind().isFailure();
    }

    /**
     * The result as JSON has it: {@code type} ({@code succeeded}, {@code timed-out} and so on, by {@link #kind()}), {@code agentId}, {@code index},
     * {@code attempts}, {@code startedAt}, {@code duration}, {@code usage}, {@code value}, of a cause the class and the message, never a stack trace, and
     * what only this kind has. Values that are no texts, numbers, flags, collections or maps are the text that {@code toString} gives, at
     * most 16,384 characters of it; nothing else of them is looked at. Nothing is redacted.
     *
     * @return texts, numbers, flags, null, lists and maps of these; cannot be changed
     */
    default Map<String, @Nullable Object> toMap() {
        return ResultForm.of(this);
    }

    /**
     * Calls the function that fits the kind; the compiler sees to it that none is forgotten.
     *
     * @param succeeded for {@link Succeeded}
     * @param degraded for {@link Degraded}
     * @param failed for {@link Failed}
     * @param timedOut for {@link TimedOut}
     * @param rejected for {@link Rejected}
     * @param cancelled for {@link Cancelled}
     * @param <R> what they return
     * @return what the function returned
     */
    default <R extends @Nullable Object> R fold(
            Function<? super Succeeded<O>, ? extends R> succeeded,
            Function<? super Degraded<O>, ? extends R> degraded,
            Function<? super Failed<O>, ? extends R> failed,
            Function<? super TimedOut<O>, ? extends R> timedOut,
            Function<? super Rejected<O>, ? extends R> rejected,
            Function<? super Cancelled<O>, ? extends R> cancelled) {
        return switch (kind()) {
            case SUCCEEDED -> succeeded.apply((Succeeded<O>) this);
            case DEGRADED -> degraded.apply((Degraded<O>) this);
            case FAILED -> failed.apply((Failed<O>) this);
            case TIMED_OUT -> timedOut.apply((TimedOut<O>) this);
            case REJECTED -> rejected.apply((Rejected<O>) this);
            case CANCELLED -> cancelled.apply((Cancelled<O>) this);
        };
    }

    /**
     * The agent answered.
     *
     * @param agentId whose step it was
     * @param index the step's place in the input
     * @param attempts how many times the agent was called
     * @param startedAt when the step started
     * @param durationNanos how long it took, in nanoseconds
     * @param value the answer; null if the agent completed empty
     * @param usage what it has used
     * @param <O> the value of a step
     */
    record Succeeded<O>(
            AgentId agentId,
            long index,
            int attempts,
            Instant startedAt,
            long durationNanos,
            @Nullable O value,
            Usage usage)
            implements StepResult<O> {

        /**
         * A result of a step that has written down no usage.
         *
         * @param agentId whose step it was
         * @param index the step's place in the input
         * @param attempts how many times the agent was called
         * @param startedAt when the step started
         * @param duration how long it took
         * @param value the answer; null if the agent completed empty
         * @throws ArithmeticException if {@code duration} is longer than 292 years
         */
        public Succeeded(
                AgentId agentId, long index, int attempts, Instant startedAt, Duration duration, @Nullable O value) {
            this(agentId, index, attempts, startedAt, duration.toNanos(), value, Usage.NONE);
        }

        @Override
        public Kind kind() {
            return Kind.SUCCEEDED;
        }
    }

    /**
     * The agent failed, and a fallback stood in for it.
     *
     * @param agentId whose step it was
     * @param index the step's place in the input
     * @param attempts how many times the agent was called
     * @param startedAt when the step started
     * @param durationNanos how long it took, in nanoseconds
     * @param value the fallback's value; null if it completed empty
     * @param source where the value is from, such as another agent's id
     * @param cause why the agent's own answer is missing
     * @param usage what it has used
     * @param <O> the value of a step
     */
    record Degraded<O>(
            AgentId agentId,
            long index,
            int attempts,
            Instant startedAt,
            long durationNanos,
            @Nullable O value,
            String source,
            Throwable cause,
            Usage usage)
            implements StepResult<O> {

        /**
         * A result of a step that has written down no usage.
         *
         * @param agentId whose step it was
         * @param index the step's place in the input
         * @param attempts how many times the agent was called
         * @param startedAt when the step started
         * @param duration how long it took
         * @param value the fallback's value; null if it completed empty
         * @param source where the value is from, such as another agent's id
         * @param cause why the agent's own answer is missing
         * @throws ArithmeticException if {@code duration} is longer than 292 years
         */
        public Degraded(
                AgentId agentId,
                long index,
                int attempts,
                Instant startedAt,
                Duration duration,
                @Nullable O value,
                String source,
                Throwable cause) {
            this(agentId, index, attempts, startedAt, duration.toNanos(), value, source, cause, Usage.NONE);
        }

        @Override
        public Kind kind() {
            return Kind.DEGRADED;
        }
    }

    /**
     * The agent threw, signalled an error, or returned null instead of a {@code Mono}.
     *
     * @param agentId whose step it was
     * @param index the step's place in the input
     * @param attempts how many times the agent was called
     * @param startedAt when the step started
     * @param durationNanos how long it took, in nanoseconds
     * @param cause the first cause, later ones suppressed in it
     * @param usage what it has used
     * @param <O> the value of a step
     */
    record Failed<O>(
            AgentId agentId,
            long index,
            int attempts,
            Instant startedAt,
            long durationNanos,
            Throwable cause,
            Usage usage)
            implements StepResult<O> {

        /**
         * A result of a step that has written down no usage.
         *
         * @param agentId whose step it was
         * @param index the step's place in the input
         * @param attempts how many times the agent was called
         * @param startedAt when the step started
         * @param duration how long it took
         * @param cause the first cause, later ones suppressed in it
         * @throws ArithmeticException if {@code duration} is longer than 292 years
         */
        public Failed(
                AgentId agentId, long index, int attempts, Instant startedAt, Duration duration, Throwable cause) {
            this(agentId, index, attempts, startedAt, duration.toNanos(), cause, Usage.NONE);
        }

        @Override
        public Kind kind() {
            return Kind.FAILED;
        }
    }

    /**
     * The step's time was up, or that of its first attempt was; the agent was sent a cancel.
     *
     * @param agentId whose step it was
     * @param index the step's place in the input
     * @param attempts how many times the agent was called
     * @param startedAt when the step started
     * @param durationNanos how long it took, in nanoseconds
     * @param limit the time it had
     * @param cause what an earlier attempt failed with, else a {@link StepTimeoutException}
     * @param usage what it has used
     * @param <O> the value of a step
     */
    record TimedOut<O>(
            AgentId agentId,
            long index,
            int attempts,
            Instant startedAt,
            long durationNanos,
            Duration limit,
            Throwable cause,
            Usage usage)
            implements StepResult<O> {

        /**
         * A result of a step that has written down no usage.
         *
         * @param agentId whose step it was
         * @param index the step's place in the input
         * @param attempts how many times the agent was called
         * @param startedAt when the step started
         * @param duration how long it took
         * @param limit the time it had
         * @param cause what an earlier attempt failed with, else a {@link StepTimeoutException}
         * @throws ArithmeticException if {@code duration} is longer than 292 years
         */
        public TimedOut(
                AgentId agentId,
                long index,
                int attempts,
                Instant startedAt,
                Duration duration,
                Duration limit,
                Throwable cause) {
            this(agentId, index, attempts, startedAt, duration.toNanos(), limit, cause, Usage.NONE);
        }

        @Override
        public Kind kind() {
            return Kind.TIMED_OUT;
        }
    }

    /**
     * A guard did not let the step through, and no attempt has failed before; else the step is {@link Failed} with what
     * it failed with.
     *
     * @param agentId whose step it was
     * @param index the step's place in the input
     * @param attempts how many times the agent was called
     * @param startedAt when the step started
     * @param durationNanos how long it took, in nanoseconds
     * @param guard which guard: {@code circuitbreaker}, {@code bulkhead}, {@code ratelimiter}, {@code budget}
     * @param retryAfter the time until a retry makes sense; null if the guard does not know
     * @param cause what the guard said
     * @param usage what it has used
     * @param <O> the value of a step
     */
    record Rejected<O>(
            AgentId agentId,
            long index,
            int attempts,
            Instant startedAt,
            long durationNanos,
            String guard,
            @Nullable Duration retryAfter,
            Throwable cause,
            Usage usage)
            implements StepResult<O> {

        /**
         * A result of a step that has written down no usage.
         *
         * @param agentId whose step it was
         * @param index the step's place in the input
         * @param attempts how many times the agent was called
         * @param startedAt when the step started
         * @param duration how long it took
         * @param guard which guard: {@code circuitbreaker}, {@code bulkhead}, {@code ratelimiter}, {@code budget}
         * @param retryAfter the time until a retry makes sense; null if the guard does not know
         * @param cause what the guard said
         * @throws ArithmeticException if {@code duration} is longer than 292 years
         */
        public Rejected(
                AgentId agentId,
                long index,
                int attempts,
                Instant startedAt,
                Duration duration,
                String guard,
                @Nullable Duration retryAfter,
                Throwable cause) {
            this(agentId, index, attempts, startedAt, duration.toNanos(), guard, retryAfter, cause, Usage.NONE);
        }

        @Override
        public Kind kind() {
            return Kind.REJECTED;
        }
    }

    /**
     * The agent's own work was cancelled: its {@code Mono} failed with a {@link
     * java.util.concurrent.CancellationException}, as that of a cancelled future does; of several attempts, the first.
     *
     * @param agentId whose step it was
     * @param index the step's place in the input
     * @param attempts how many times the agent was called
     * @param startedAt when the step started
     * @param durationNanos how long it took, in nanoseconds
     * @param cause what the agent signalled
     * @param usage what it has used
     * @param <O> the value of a step
     */
    record Cancelled<O>(
            AgentId agentId,
            long index,
            int attempts,
            Instant startedAt,
            long durationNanos,
            Throwable cause,
            Usage usage)
            implements StepResult<O> {

        /**
         * A result of a step that has written down no usage.
         *
         * @param agentId whose step it was
         * @param index the step's place in the input
         * @param attempts how many times the agent was called
         * @param startedAt when the step started
         * @param duration how long it took
         * @param cause what the agent signalled
         * @throws ArithmeticException if {@code duration} is longer than 292 years
         */
        public Cancelled(
                AgentId agentId, long index, int attempts, Instant startedAt, Duration duration, Throwable cause) {
            this(agentId, index, attempts, startedAt, duration.toNanos(), cause, Usage.NONE);
        }

        @Override
        public Kind kind() {
            return Kind.CANCELLED;
        }
    }
}
