package io.flotilla.step;

import io.flotilla.AgentId;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The time of a step: when it started, how long it may take and be silent, and what is said when that has passed. */
abstract class TimedStep<I, O> {

    static final AgentId NAMELESS = AgentId.of("nameless");

    final StepHost<I, O> host;

    // Written once, by the starter, before the body is called; the values here are those of a step that never comes so
    // far.
    AgentId agentId = NAMELESS;
    private @Nullable Instant startedAt;
    long startedNanos;
    private boolean nanosKnown;

    /** Null where all steps have the same; written by the starter, read by the stall watch as well. */
    private volatile @Nullable StepLimit limit;

    TimedStep(StepHost<I, O> host) {
        this.host = host;
    }

    /** When the step last showed that it is alive: it started, an attempt began, or emitted something. */
    abstract long lastSignNanos();

    // --- start

    /** The step starts now: called before {@link Step#start()} by one who wants to know whether clock and timer answer. */
    void takeTime() {
        if (!nanosKnown) {
            startedNanos = host.nanos();
        }
        startedAt = host.instant(startedNanos);
    }

    boolean hasTime() {
        return startedAt != null;
    }

    /** Its start is still to come. {@code known}: it starts at {@link #startedNanos}, which needs no other reading of the timer. */
    void forgetTime(boolean known) {
        startedAt = null;
        nanosKnown = known;
    }

    Instant startedAt() {
        Instant started = startedAt;
        return started == null ? Instant.now() : started; // a clock that did not answer
    }

    // --- limits

    /** Asks for the agent's own timeout. Returns why there is none to be had, or null. */
    @Nullable Throwable takeLimit() {
        if (!host.core().hasOwnTimeouts()) {
            return null;
        }
        try {
            limit = host.core().limitOf(agentId);
            return null;
        } catch (Throwable thrown) {
            return thrown;
        }
    }

    /** How long the step may take; 0 for as long as it likes. */
    long limitNanos() {
        StepLimit taken = limit;
        return taken == null ? host.core().settings.stepTimeoutNanos : taken.nanos;
    }

    @Nullable Duration timeout() {
        StepLimit taken = limit;
        return taken == null ? host.engine().stepTimeout() : taken.timeout;
    }

    /** Where steps have limits of their own, for one that has begun. */
    StepLimit ownLimit() {
        return Objects.requireNonNull(limit);
    }

    /** How long it may be silent; 0 for as long as it likes. */
    long idleNanos() {
        return mayBeSilent() ? 0 : host.core().settings.idleTimeoutNanos();
    }

    /** Whether it may be silent for the whole of a timeout of its own. */
    boolean mayBeSilent() {
        StepLimit taken = limit;
        EngineSettings settings = host.core().settings;
        return taken != null && taken.isOwn && settings.isIdleTimeoutByDefault();
    }

    // --- what has passed

    /** Time since the last sign of life; a timer that throws is no reason to end the step. */
    long idleTimeNanos() {
        try {
            return Math.max(0, host.nanos() - lastSignNanos());
        } catch (Throwable noTime) {
            Steps.reportFailed(noTime);
            return 0;
        }
    }

    /** Time since the step started; neither a clock that was set back nor one that throws takes the result with it. */
    long elapsedNanos() {
        try {
            return Math.max(0, host.nanos() - startedNanos);
        } catch (Throwable noTime) {
            Steps.reportFailed(noTime);
            return 0;
        }
    }

    /** Its own limit has passed, or before that its round's. */
    StepTimeoutException timedOut() {
        Duration round = host.passedRoundTimeout();
        long own = limitNanos();
        if (round != null && (own == 0 || elapsedNanos() < own)) {
            return new StepTimeoutException(
                    "agent " + agentId + " was still at work when the round timeout of " + round + " passed", round);
        }
        Duration passed = timeout();
        return new StepTimeoutException(
                "agent " + agentId + " passed the step timeout of " + passed + host.hintOfWaiting(),
                passed == null ? Duration.ZERO : passed);
    }

    StepTimeoutException idledOut() {
        Duration passed = host.engine().idleTimeout();
        return new StepTimeoutException(
                "agent " + agentId + " passed the idle timeout of " + passed + ": it neither emitted nor ended"
                        + host.hintOfWaiting(),
                passed == null ? Duration.ZERO : passed);
    }

    /** The round's time was up before the step's turn. */
    StepTimeoutException notStarted() {
        Duration round = Objects.requireNonNull(host.passedRoundTimeout());
        return new StepTimeoutException(
                "agent " + agentId + " had not been started when the round timeout of " + round + " passed", round);
    }
}
