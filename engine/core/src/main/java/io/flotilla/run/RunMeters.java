package io.flotilla.run;

import io.flotilla.internal.TelemetryFaults;
import io.flotilla.observe.FlotillaKey;
import io.flotilla.observe.FlotillaMeter;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.StepEngine;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The meters of the runs of one workflow. Those without an agent are there from the beginning, at zero. A registry that throws costs what would
 * have been counted, and no run. Thread-safe.
 */
final class RunMeters {

    /** How a run ends that has a result, and else. */
    private static final List<RunResult.Status> RESULTS = List.of(RunResult.Status.values());

    static final String SUSPENDED = "suspended";
    static final String BROKEN_DOWN = "broken_down";

    private final MeterRegistry registry;
    private final EngineAccess engine;
    private final String workflow;
    private final LiveGauges live;
    private final @Nullable Counter started;
    private final @Nullable Counter recovered;
    private final Map<String, Counter> ended = new ConcurrentHashMap<>();
    private final Map<String, Timer> durations = new ConcurrentHashMap<>();

    private RunMeters(MeterRegistry registry, EngineAccess engine, String name) {
        this.registry = registry;
        this.engine = engine;
        this.workflow = engine.boundedWorkflow(name);
        this.live = LiveGauges.of(registry, workflow);
        this.started = TelemetryFaults.made(
                registry, () -> counter(FlotillaMeter.RUNS_STARTED).register(registry));
        this.recovered = TelemetryFaults.made(
                registry, () -> counter(FlotillaMeter.RUNS_RECOVERED).register(registry));
        for (RunResult.Status status : RESULTS) {
            String outcome = outcome(status);
            TelemetryFaults.guard(registry, () -> endedAs(outcome));
            TelemetryFaults.guard(registry, () -> duration(outcome));
        }
        TelemetryFaults.guard(registry, () -> endedAs(SUSPENDED));
        TelemetryFaults.guard(registry, () -> endedAs(BROKEN_DOWN));
    }

    /** Null without a registry. */
    static @Nullable RunMeters of(StepEngine engine, String workflow) {
        EngineAccess access = EngineAccess.of(engine);
        return access.meters(registry -> new RunMeters(registry, access, workflow));
    }

    static String outcome(RunResult.Status status) {
        return status.name().toLowerCase(Locale.ROOT);
    }

    LiveGauges live() {
        return live;
    }

    void started() {
        if (started != null) {
            TelemetryFaults.guard(registry, started::increment);
        }
    }

    void recovered() {
        if (recovered != null) {
            TelemetryFaults.guard(registry, recovered::increment);
        }
    }

    void ended(String outcome, @Nullable Duration took) {
        TelemetryFaults.guard(registry, () -> endedAs(outcome).increment());
        if (took != null) {
            TelemetryFaults.guard(registry, () -> duration(outcome).record(took));
        }
    }

    void joinUnmet(String agent) {
        ofAgent(FlotillaMeter.JOINS_UNMET, agent);
    }

    void corrected(String agent) {
        ofAgent(FlotillaMeter.CORRECTIONS, agent);
    }

    private void ofAgent(FlotillaMeter meter, String agent) {
        TelemetryFaults.guard(
                registry,
                () -> counter(meter)
                        .tag(FlotillaKey.AGENT.asString(), engine.boundedAgent(agent))
                        .register(registry)
                        .increment());
    }

    private Counter endedAs(String how) {
        return ended.computeIfAbsent(
                how,
                outcome -> counter(FlotillaMeter.RUNS_ENDED)
                        .tag(FlotillaKey.OUTCOME.asString(), outcome)
                        .register(registry));
    }

    private Timer duration(String how) {
        return durations.computeIfAbsent(
                how,
                outcome -> Timer.builder(FlotillaMeter.RUN_DURATION.getName())
                        .description(FlotillaMeter.RUN_DURATION.description())
                        .tag(FlotillaKey.WORKFLOW.asString(), workflow)
                        .tag(FlotillaKey.OUTCOME.asString(), outcome)
                        .register(registry));
    }

    private Counter.Builder counter(FlotillaMeter meter) {
        return Counter.builder(meter.getName())
                .description(meter.description())
                .baseUnit(meter.getBaseUnit())
                .tag(FlotillaKey.WORKFLOW.asString(), workflow);
    }
}
