package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.agent.UsageLedger;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;

/** What the contexts of all steps of a round share; kept apart from the round, which a kept context must not hold on to. */
final class RoundScope {

    private final String engineId;
    private final long round;
    private final @Nullable Duration stepTimeout;
    private volatile @Nullable Instant roundDeadline;
    private final Emissions emissions;
    private final @Nullable RoundOutput output;

    /** What the idle time is measured with. */
    private final Scheduler idleTimer;

    /** Made when it is first asked for. */
    private volatile @Nullable String runId;

    // Made when they are first asked for; written under the lock.
    private volatile @Nullable UsageLedger usage;
    private volatile @Nullable Map<Object, Object> sharedState;

    RoundScope(
            String engineId,
            long round,
            @Nullable Duration stepTimeout,
            @Nullable UsageLedger usage,
            Emissions emissions,
            @Nullable RoundOutput output,
            Scheduler idleTimer) {
        this.stepTimeout = stepTimeout;
        this.idleTimer = idleTimer;
        this.usage = usage;
        this.emissions = emissions;
        this.output = output;
        this.engineId = engineId;
        this.round = round;
    }

    @SuppressWarnings("unchecked") // put there by the same owner
    <T> T sharedState(Object owner, Supplier<? extends T> create) {
        Objects.requireNonNull(create, "create");
        Map<Object, Object> states = sharedState();
        Object found = states.get(owner);
        return (T)
                (found != null
                        ? found
                        : states.computeIfAbsent(
                                owner, any -> Objects.requireNonNull(create.get(), "create returned null")));
    }

    private Map<Object, Object> sharedState() {
        Map<Object, Object> made = sharedState;
        if (made == null) {
            synchronized (this) {
                made = sharedState;
                if (made == null) {
                    made = new ConcurrentHashMap<>(2);
                    sharedState = made;
                }
            }
        }
        return made;
    }

    String runId() {
        String made = runId;
        if (made == null) {
            made = engineId + '-' + round; // the same whoever makes it
            runId = made;
        }
        return made;
    }

    /** Of all steps but those that have one of their own. */
    @Nullable Duration stepTimeout() {
        return stepTimeout;
    }

    UsageLedger usage() {
        UsageLedger made = usage;
        if (made == null) {
            synchronized (this) {
                made = usage;
                if (made == null) {
                    made = new UsageLedger();
                    usage = made;
                }
            }
        }
        return made;
    }

    /** The attempt has emitted something. */
    void alive(AttemptContext attempt) {
        try {
            attempt.sign(idleTimer.now(TimeUnit.NANOSECONDS));
        } catch (Throwable noTime) {
            Steps.reportFailed(noTime); // a timer of the user's: emitting fails no step
        }
    }

    Emissions emissions() {
        return emissions;
    }

    /** Where the attempts of a step emit to; null if nobody listens. */
    @Nullable StepOutput output(AgentId agentId, long index, @Nullable StepIdentity identity) {
        if (identity != null) {
            return identity.output();
        }
        return output == null ? null : output.of(agentId, index);
    }

    /** The time of the whole round is up then. */
    void until(Instant end) {
        roundDeadline = end;
    }

    /** When the time of a step is up, its own or the round's; null without a limit. */
    @Nullable Instant deadline(Instant startedAt, @Nullable Duration stepTimeout) {
        Instant round = roundDeadline;
        Instant own = stepTimeout == null ? null : startedAt.plus(stepTimeout);
        return own == null || (round != null && round.isBefore(own)) ? round : own;
    }
}
