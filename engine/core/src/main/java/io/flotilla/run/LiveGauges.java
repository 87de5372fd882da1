package io.flotilla.run;

import io.flotilla.internal.TelemetryFaults;
import io.flotilla.observe.FlotillaKey;
import io.flotilla.observe.FlotillaMeter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.ToIntFunction;

/**
 * The live runs of all workflows of a name with one registry, which has one gauge of a name and asks for the values when it is read. Holds
 * runs weakly: one that is dropped without an end is not kept. Thread-safe.
 */
final class LiveGauges {

    /** Guarded by itself. What is in it does not hold on to the registry. */
    private static final Map<MeterRegistry, Map<String, LiveGauges>> BY_REGISTRY = new WeakHashMap<>();

    private final Set<LiveRun> runs = Collections.newSetFromMap(new WeakHashMap<>()); // guarded by itself

    private LiveGauges() {}

    static LiveGauges of(MeterRegistry registry, String workflow) {
        LiveGauges made = new LiveGauges();
        LiveGauges known;
        synchronized (BY_REGISTRY) {
            known = BY_REGISTRY
                    .computeIfAbsent(registry, any -> new HashMap<>())
                    .putIfAbsent(workflow, made);
        }
        if (known != null) {
            return known;
        }
        made.register(registry, workflow);
        return made;
    }

    private void register(MeterRegistry registry, String workflow) {
        gauge(registry, workflow, FlotillaMeter.RUNS_IN_FLIGHT, run -> 1);
        gauge(registry, workflow, FlotillaMeter.RUNS_WAITING, run -> run.isWaiting() ? 1 : 0);
        gauge(registry, workflow, FlotillaMeter.QUESTIONS_PENDING, LiveRun::pendingQuestions);
    }

    private void gauge(MeterRegistry registry, String workflow, FlotillaMeter meter, ToIntFunction<LiveRun> of) {
        TelemetryFaults.guard(
                registry,
                () -> Gauge.builder(meter.getName(), this, gauges -> gauges.sum(of))
                        .description(meter.description())
                        .baseUnit(meter.getBaseUnit())
                        .tag(FlotillaKey.WORKFLOW.asString(), workflow)
                        .register(registry));
    }

    private double sum(ToIntFunction<LiveRun> of) {
        List<LiveRun> all;
        synchronized (runs) {
            all = new ArrayList<>(runs);
        }
        return all.stream().mapToInt(of).sum();
    }

    void add(LiveRun run) {
        synchronized (runs) {
            runs.add(run);
        }
    }

    void remove(LiveRun run) {
        synchronized (runs) {
            runs.remove(run);
        }
    }
}
