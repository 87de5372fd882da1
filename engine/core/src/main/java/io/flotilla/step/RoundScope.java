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
    private final UsageLedger usage;
    private volatile @Nullable Instant roundDeadline;
    private final Emissions emissions;
    private final @Nullable RoundOutput output;

    /** What the idle time is measured with. */
    private final Scheduler idleTimer;

    private final Map<Object, Object> sharedState = new ConcurrentHashMap<>(2);

    RoundScope(
            String engineId,
            long round,
            UsageLedger usage,
            Emissions emissions,
            @Nullable RoundOutput output,
            Scheduler idleTimer) {
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
        Object found = sharedState.get(owner);
        return (T)
                (found != null
                        ? found
                        : sharedState.computeIfAbsent(
                                owner, any -> Objects.requireNonNull(create.get(), "create returned null")));
    }

    String runId() {
        return engineId + '-' + round;
    }

    UsageLedger usage() {
        return usage;
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
