package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.agent.Usage;
import io.flotilla.internal.BoundedNames;
import io.flotilla.observe.AttemptObservationContext;
import io.flotilla.observe.DocumentedContext;
import io.flotilla.observe.FlotillaKey;
import io.flotilla.observe.RoundObservationContext;
import io.flotilla.observe.StepObservationContext;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.Observation;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * Reports rounds and steps to Micrometer; there is none where no registry was given. Meters are recorded directly, see
 * {@link KindMeters}.
 */
final class StepTelemetry {

    private final @Nullable Observations observations;
    private final @Nullable MeterRegistry meters;
    private final BoundedNames kinds = new BoundedNames();
    private final Map<String, KindMeters> metersByKind = new ConcurrentHashMap<>();

    StepTelemetry(@Nullable Observations observations, @Nullable MeterRegistry meters) {
        this.observations = observations;
        this.meters = meters;
    }

    /** Whether anybody listens to observations. */
    boolean observes() {
        return observations != null && !observations.isNoop();
    }

    /** Whether nobody hears of anything, for now. */
    boolean isSilent() {
        return meters == null && !observes();
    }

    @Nullable Observation roundStarted(RoundScope scope, ContextView subscriber) {
        return observations == null || observations.isNoop()
                ? null
                : observations.started(new RoundObservationContext(scope.runId()), subscriber);
    }

    /** Null if nobody listens. */
    <C extends Observation.Context & DocumentedContext> @Nullable Observation started(C context, ContextView outer) {
        return observations == null || observations.isNoop() ? null : observations.started(context, outer);
    }

    /** {@code cause} null and {@code outcome} say how it went; no observation, nothing to do. */
    static void roundEnded(@Nullable Observation round, String outcome, @Nullable Throwable cause) {
        if (round != null) {
            Observations.stop(round, outcome, cause);
        }
    }

    @Nullable Observation stepStarted(Step<?, ?> step, ContextView round) {
        return observations == null || observations.isNoop()
                ? null
                : observations.started(
                        new StepObservationContext(
                                boundedKind(step.agentId.kind()), step.agentId, step.runId(), step.context()::stepId),
                        round);
    }

    @Nullable Observation attemptStarted(AgentId agent, int number, ContextView step) {
        return started(new AttemptObservationContext(boundedKind(agent.kind()), agent, number), step);
    }

    static void attemptEnded(Observation attempt, StepResult.Kind kind, @Nullable Throwable cause) {
        Observations.stop(attempt, KindMeters.outcome(kind), cause);
    }

    void stepEnded(Step<?, ?> step, StepResult<?> result) {
        ended(step, result.kind(), result.durationNanos(), result.usage(), result.cause());
    }

    /** A handler took so long to start an observation that the step has ended without it. */
    void abandoned(@Nullable Observation late) {
        if (late != null) {
            Observations.stop(late, KindMeters.outcome(StepResult.Kind.TIMED_OUT), null);
        }
    }

    void stepCancelled(Step<?, ?> step) {
        ended(step, StepResult.Kind.CANCELLED, step.elapsedNanos(), step.used(), null);
    }

    private void ended(Step<?, ?> step, StepResult.Kind kind, long nanos, Usage used, @Nullable Throwable cause) {
        Usage counted = used.equals(Usage.NONE) ? used : step.usedDirectly();
        if (meters != null) {
            metersOf(meters, step.agentId.kind()).ended(kind, nanos, counted);
        }
        Observation observation = step.takeObservation();
        if (observation != null) {
            if (!counted.equals(Usage.NONE) && observation.getContext() instanceof StepObservationContext context) {
                context.used(counted.inputTokens(), counted.outputTokens());
            }
            Observations.stop(observation, KindMeters.outcome(kind), cause);
        }
    }

    private KindMeters metersOf(MeterRegistry registry, String agentKind) {
        KindMeters known = metersByKind.get(agentKind);
        return known != null
                ? known
                : metersByKind.computeIfAbsent(boundedKind(agentKind), kind -> new KindMeters(registry, kind));
    }

    /** See {@link FlotillaKey#AGENT}. */
    String boundedKind(String agentKind) {
        return kinds.bounded(agentKind);
    }
}
