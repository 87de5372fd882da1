package io.flotilla.step;

import io.flotilla.observe.Telemetry;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Reports rounds and steps to Micrometer; there is none where no registry was given. Meters are recorded directly, with
 * the timers of each kind of agent at hand: looking one up by its tags costs several times as much.
 */
final class StepTelemetry {

    /** Where Micrometer's Reactor support keeps the current observation. */
    static final String OBSERVATION_KEY = "micrometer.observation";

    private static final StepResult.Kind[] KINDS = StepResult.Kind.values();
    private static final String[] OUTCOMES = outcomes();

    private final @Nullable ObservationRegistry observations;
    private final @Nullable MeterRegistry meters;
    private final Map<String, Timer[]> timersByKind = new ConcurrentHashMap<>();

    StepTelemetry(@Nullable ObservationRegistry observations, @Nullable MeterRegistry meters) {
        this.observations = observations;
        this.meters = meters;
    }

    /** Whether there is a registry of observations. */
    boolean observes() {
        return observations != null;
    }

    private static String[] outcomes() {
        String[] outcomes = new String[KINDS.length];
        for (StepResult.Kind kind : KINDS) {
            outcomes[kind.ordinal()] = kind.name().toLowerCase(Locale.ROOT);
        }
        return outcomes;
    }

    /** None, and one that is switched off, leaves the caller's observation where it is. */
    static Context within(@Nullable Observation observation, Context context) {
        return observation == null || observation.isNoop() ? context : context.put(OBSERVATION_KEY, observation);
    }

    /**
     * Within the scope of its parent, if it has one: a handler that makes spans prefers the span that is current on the thread, and that
     * may be anybody's.
     */
    private static Observation startedIn(ContextView context, Observation observation) {
        if (!(context.getOrDefault(OBSERVATION_KEY, null) instanceof Observation parent)) {
            return observation.start();
        }
        observation.parentObservation(parent);
        Observation.Scope current = parent.openScope();
        try {
            return observation.start();
        } finally {
            current.close();
        }
    }

    @Nullable Observation roundStarted(RoundScope scope, ContextView subscriber) {
        if (observations == null) {
            return null;
        }
        Observation round = Observation.createNotStarted(Telemetry.ROUND.metricName(), observations)
                .highCardinalityKeyValue(Telemetry.Tag.RUN_ID.key(), scope.runId());
        return startedIn(subscriber, round);
    }

    @Nullable Observation started(Telemetry what, ContextView outer, Map<Telemetry.Tag, String> tags) {
        if (observations == null) {
            return null;
        }
        Observation observation = Observation.createNotStarted(what.metricName(), observations);
        tags.forEach((tag, value) -> {
            if (tag.isLowCardinality()) {
                observation.lowCardinalityKeyValue(tag.key(), tag == Telemetry.Tag.AGENT ? boundedKind(value) : value);
            } else {
                observation.highCardinalityKeyValue(tag.key(), value);
            }
        });
        return startedIn(outer, observation);
    }

    /** {@code cause} null and {@code outcome} say how it went; no observation, nothing to do. */
    static void roundEnded(@Nullable Observation round, String outcome, @Nullable Throwable cause) {
        if (round != null) {
            stop(round, outcome, cause);
        }
    }

    private static void stop(Observation observation, String outcome, @Nullable Throwable cause) {
        try {
            if (cause != null) {
                observation.error(cause);
            }
        } finally {
            observation
                    .lowCardinalityKeyValue(Telemetry.Tag.OUTCOME.key(), outcome)
                    .stop();
        }
    }

    @Nullable Observation stepStarted(Step<?, ?> step, ContextView round) {
        if (observations == null) {
            return null;
        }
        Observation observation = Observation.createNotStarted(Telemetry.STEP.metricName(), observations)
                .lowCardinalityKeyValue(Telemetry.Tag.AGENT.key(), boundedKind(step.agentId.kind()))
                .highCardinalityKeyValue(Telemetry.Tag.STEP_ID.key(), step.stepId());
        String instance = step.agentId.instance();
        if (instance != null) {
            observation.highCardinalityKeyValue(Telemetry.Tag.AGENT_INSTANCE.key(), instance);
        }
        return startedIn(round, observation);
    }

    void stepEnded(Step<?, ?> step, StepResult<?> result) {
        ended(step, result.kind(), result.durationNanos(), result.cause());
    }

    /** A handler took so long to start an observation that the step has ended without it. */
    void abandoned(@Nullable Observation late) {
        if (late != null) {
            stop(late, OUTCOMES[StepResult.Kind.TIMED_OUT.ordinal()], null);
        }
    }

    void stepCancelled(Step<?, ?> step) {
        ended(step, StepResult.Kind.CANCELLED, step.elapsedNanos(), null);
    }

    private void ended(Step<?, ?> step, StepResult.Kind kind, long nanos, @Nullable Throwable cause) {
        try {
            if (meters != null) {
                timer(meters, step.agentId.kind(), kind).record(nanos, TimeUnit.NANOSECONDS);
            }
        } finally {
            Observation observation = step.takeObservation();
            if (observation != null) {
                stop(observation, OUTCOMES[kind.ordinal()], cause);
            }
        }
    }

    private Timer timer(MeterRegistry registry, String agentKind, StepResult.Kind kind) {
        Timer[] timers = timersByKind.get(agentKind);
        if (timers == null) {
            timers = timersByKind.computeIfAbsent(boundedKind(agentKind), any -> new Timer[KINDS.length]);
        }
        Timer timer = timers[kind.ordinal()];
        if (timer == null) {
            // Two threads may both come here; the registry gives both the same timer.
            timer = Timer.builder(Telemetry.STEP_DURATION.metricName())
                    .description("How long the steps of agents take")
                    .tag(Telemetry.Tag.AGENT.key(), boundedKind(agentKind))
                    .tag(Telemetry.Tag.OUTCOME.key(), OUTCOMES[kind.ordinal()])
                    .register(registry);
            timers[kind.ordinal()] = timer;
        }
        return timer;
    }

    /** The kind itself for those seen first, {@link Telemetry.Tag#OTHER} for all that come when the table is full. */
    private String boundedKind(String agentKind) {
        if (timersByKind.containsKey(agentKind)) {
            return agentKind;
        }
        if (timersByKind.size() >= Telemetry.Tag.MAX_AGENT_KINDS) {
            return Telemetry.Tag.OTHER;
        }
        synchronized (timersByKind) { // two threads with a new kind each must not both take the last place
            if (!timersByKind.containsKey(agentKind) && timersByKind.size() >= Telemetry.Tag.MAX_AGENT_KINDS) {
                return Telemetry.Tag.OTHER;
            }
            timersByKind.putIfAbsent(agentKind, new Timer[KINDS.length]);
        }
        return agentKind;
    }
}
