package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.internal.BoundedNames;
import io.flotilla.observe.AttemptObservationContext;
import io.flotilla.observe.FlotillaKey;
import io.flotilla.observe.FlotillaMeter;
import io.flotilla.observe.FlotillaObservationContext;
import io.flotilla.observe.RoundObservationContext;
import io.flotilla.observe.StepObservationContext;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.observation.Observation;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * Reports rounds and steps to Micrometer; there is none where no registry was given. Meters are recorded directly, with
 * the timers of each kind of agent at hand: looking one up by its tags costs several times as much.
 */
final class StepTelemetry {

    private static final StepResult.Kind[] KINDS = StepResult.Kind.values();
    private static final String[] OUTCOMES = outcomes();

    private final @Nullable Observations observations;
    private final @Nullable MeterRegistry meters;
    private final BoundedNames kinds = new BoundedNames();
    private final Map<String, Timer[]> timersByKind = new ConcurrentHashMap<>();

    StepTelemetry(@Nullable Observations observations, @Nullable MeterRegistry meters) {
        this.observations = observations;
        this.meters = meters;
    }

    /** Whether anybody listens to observations. */
    boolean observes() {
        return observations != null && !observations.isNoop();
    }

    private static String[] outcomes() {
        String[] outcomes = new String[KINDS.length];
        for (StepResult.Kind kind : KINDS) {
            outcomes[kind.ordinal()] = kind.name().toLowerCase(Locale.ROOT);
        }
        return outcomes;
    }

    @Nullable Observation roundStarted(RoundScope scope, ContextView subscriber) {
        return observes() ? started(new RoundObservationContext(scope.runId()), subscriber) : null;
    }

    /** Null if nobody listens. */
    @Nullable Observation started(FlotillaObservationContext context, ContextView outer) {
        return observations == null || observations.isNoop() ? null : observations.started(context, outer);
    }

    /** {@code cause} null and {@code outcome} say how it went; no observation, nothing to do. */
    static void roundEnded(@Nullable Observation round, String outcome, @Nullable Throwable cause) {
        if (round != null) {
            Observations.stop(round, outcome, cause);
        }
    }

    @Nullable Observation stepStarted(Step<?, ?> step, ContextView round) {
        return observes()
                ? started(
                        new StepObservationContext(
                                boundedKind(step.agentId.kind()), step.agentId, step.runId(), step.stepId()),
                        round)
                : null;
    }

    @Nullable Observation attemptStarted(AgentId agent, int number, ContextView step) {
        return started(new AttemptObservationContext(boundedKind(agent.kind()), agent, number), step);
    }

    static void attemptEnded(Observation attempt, StepResult.Kind kind, @Nullable Throwable cause) {
        try {
            Observations.stop(attempt, OUTCOMES[kind.ordinal()], cause);
        } catch (Throwable thrown) {
            Steps.reportFailed(thrown);
        }
    }

    void stepEnded(Step<?, ?> step, StepResult<?> result) {
        ended(step, result.kind(), result.durationNanos(), result.cause());
    }

    /** A handler took so long to start an observation that the step has ended without it. */
    void abandoned(@Nullable Observation late) {
        if (late != null) {
            Observations.stop(late, OUTCOMES[StepResult.Kind.TIMED_OUT.ordinal()], null);
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
                Observations.stop(observation, OUTCOMES[kind.ordinal()], cause);
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
            timer = Timer.builder(FlotillaMeter.STEP_DURATION.getName())
                    .description(FlotillaMeter.STEP_DURATION.description())
                    .tag(FlotillaKey.AGENT.asString(), boundedKind(agentKind))
                    .tag(FlotillaKey.OUTCOME.asString(), OUTCOMES[kind.ordinal()])
                    .register(registry);
            timers[kind.ordinal()] = timer;
        }
        return timer;
    }

    /** See {@link FlotillaKey#AGENT}. */
    String boundedKind(String agentKind) {
        return kinds.bounded(agentKind);
    }
}
