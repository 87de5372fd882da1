package io.flotilla.team;

import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What happens to a worker when its step has failed, as in Erlang and Akka: it resumes, is restarted, is quarantined, or its
 * failure is escalated.
 *
 * <p>A failure is a step that is {@link StepResult.Failed}, {@link StepResult.TimedOut} or {@link StepResult.Cancelled}. A
 * {@link StepResult.Rejected} one says nothing about the worker.
 *
 * <p>Restarts have an intensity: at most so many in a period, {@value #DEFAULT_MAX_RESTARTS} in a minute by default. One
 * more is an escalation. Immutable.
 *
 * @since 0.1
 */
public final class Supervision {

    /** The default number of restarts of {@link #intensity}. */
    public static final int DEFAULT_MAX_RESTARTS = 5;

    /** The default period of {@link #intensity}: one minute. */
    public static final Duration DEFAULT_PERIOD = Duration.ofMinutes(1);

    /** The most restarts that {@link #intensity} takes: their times are kept. */
    public static final int MAX_RESTARTS = 10_000;

    private final Function<? super StepResult<?>, ? extends Directive> decider;

    /** Null if it depends on the failure. */
    final @Nullable Directive always;

    final int maxRestarts;
    final Duration period;

    private Supervision(
            Function<? super StepResult<?>, ? extends Directive> decider,
            @Nullable Directive always,
            int maxRestarts,
            Duration period) {
        this.decider = decider;
        this.always = always;
        this.maxRestarts = maxRestarts;
        this.period = period;
    }

    private static Supervision always(Directive directive) {
        return new Supervision(failure -> directive, directive, DEFAULT_MAX_RESTARTS, DEFAULT_PERIOD);
    }

    /**
     * The worker goes on as it is. The default of {@link Worker#of}.
     *
     * @return the supervision
     */
    public static Supervision resume() {
        return always(new Directive.Resume());
    }

    /**
     * The worker's agent is replaced by a new one. The default of {@link Worker#restartable}.
     *
     * @return the supervision
     */
    public static Supervision restart() {
        return always(new Directive.Restart());
    }

    /**
     * The worker gets no tasks for a time.
     *
     * @param time how long; more than zero
     * @return the supervision
     * @throws NullPointerException if {@code time} is null
     * @throws IllegalArgumentException if {@code time} is not more than zero, or over 292 years
     */
    public static Supervision quarantine(Duration time) {
        return always(new Directive.Quarantine(time));
    }

    /**
     * The worker is stopped, and its failure goes up.
     *
     * @return the supervision
     */
    public static Supervision escalate() {
        return always(new Directive.Escalate());
    }

    /**
     * Decides for each failure.
     *
     * @param decider called on the thread that ended the step, with its result; if it throws, returns null, or lasts longer than
     *     {@link Manager#PATIENCE}, the failure is escalated
     * @return the supervision
     * @throws NullPointerException if {@code decider} is null
     */
    public static Supervision by(Function<? super StepResult<?>, ? extends Directive> decider) {
        return new Supervision(Objects.requireNonNull(decider, "decider"), null, DEFAULT_MAX_RESTARTS, DEFAULT_PERIOD);
    }

    /**
     * How many restarts are allowed in a period that ends with the last of them. One more is an escalation.
     *
     * @param maxRestarts 0 to {@value #MAX_RESTARTS}; default {@value #DEFAULT_MAX_RESTARTS}
     * @param period more than zero; default one minute
     * @return changed supervision
     * @throws NullPointerException if {@code period} is null
     * @throws IllegalArgumentException if an argument is out of its bounds
     */
    public Supervision intensity(int maxRestarts, Duration period) {
        if (maxRestarts < 0 || maxRestarts > MAX_RESTARTS) {
            throw new IllegalArgumentException("maxRestarts must be 0 to " + MAX_RESTARTS + ", was " + maxRestarts);
        }
        return new Supervision(decider, always, maxRestarts, Bounds.positive("period", period));
    }

    /** Calls code of the user's. */
    Directive decide(StepResult<?> failure) {
        return Objects.requireNonNull(decider.apply(failure), "the supervision's function returned null");
    }
}
