package io.flotilla.step;

import io.flotilla.agent.Usage;
import io.flotilla.internal.TelemetryFaults;
import io.flotilla.observe.FlotillaKey;
import io.flotilla.observe.FlotillaMeter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The meters of the steps of one kind of agent: looking one up by its tags costs several times as much as it does. Made when they are
 * needed, so that agents that use no tokens have no meters of any. Two threads may make the same one; the registry gives both the same.
 */
final class KindMeters {

    private static final StepResult.Kind[] KINDS = StepResult.Kind.values();
    private static final String[] OUTCOMES = outcomes();

    private final MeterRegistry registry;
    private final String agentKind;
    private final @Nullable Timer[] durations = new Timer[KINDS.length];
    private @Nullable Counter inputTokens;
    private @Nullable Counter outputTokens;
    private @Nullable Counter cost;

    KindMeters(MeterRegistry registry, String agentKind) {
        this.registry = registry;
        this.agentKind = agentKind;
    }

    private static String[] outcomes() {
        String[] outcomes = new String[KINDS.length];
        for (StepResult.Kind kind : KINDS) {
            outcomes[kind.ordinal()] = kind.name().toLowerCase(Locale.ROOT);
        }
        return outcomes;
    }

    static String outcome(StepResult.Kind kind) {
        return OUTCOMES[kind.ordinal()];
    }

    /** Throws nothing: a meter that throws costs its own record, and no other's. */
    void ended(StepResult.Kind kind, long nanos, Usage used) {
        time(kind, nanos);
        if (!used.equals(Usage.NONE)) {
            count(used);
        }
    }

    private void time(StepResult.Kind kind, long nanos) {
        try { // as TelemetryFaults.guard, without an object for each step
            Timer duration = durations[kind.ordinal()];
            if (duration == null) {
                duration = duration(outcome(kind));
                durations[kind.ordinal()] = duration;
            }
            duration.record(nanos, TimeUnit.NANOSECONDS);
        } catch (Throwable thrown) {
            TelemetryFaults.log(registry, thrown);
        }
    }

    private void count(Usage used) {
        if (used.inputTokens() > 0) {
            TelemetryFaults.guard(
                    registry,
                    () -> inputTokens =
                            counted(inputTokens, FlotillaMeter.TOKENS, "input", (double) used.inputTokens()));
        }
        if (used.outputTokens() > 0) {
            TelemetryFaults.guard(
                    registry,
                    () -> outputTokens =
                            counted(outputTokens, FlotillaMeter.TOKENS, "output", (double) used.outputTokens()));
        }
        if (used.cost().signum() > 0) {
            TelemetryFaults.guard(
                    registry,
                    () -> cost =
                            counted(cost, FlotillaMeter.COST, null, used.cost().doubleValue()));
        }
    }

    private Counter counted(@Nullable Counter known, FlotillaMeter meter, @Nullable String direction, double amount) {
        Counter counter = known == null ? counter(meter, direction) : known;
        counter.increment(amount);
        return counter;
    }

    private Timer duration(String outcome) {
        return Timer.builder(FlotillaMeter.STEP_DURATION.getName())
                .description(FlotillaMeter.STEP_DURATION.description())
                .tag(FlotillaKey.AGENT.asString(), agentKind)
                .tag(FlotillaKey.OUTCOME.asString(), outcome)
                .register(registry);
    }

    private Counter counter(FlotillaMeter meter, @Nullable String direction) {
        Counter.Builder builder = Counter.builder(meter.getName())
                .description(meter.description())
                .baseUnit(meter.getBaseUnit())
                .tag(FlotillaKey.AGENT.asString(), agentKind);
        return (direction == null ? builder : builder.tag(FlotillaKey.DIRECTION.asString(), direction))
                .register(registry);
    }
}
