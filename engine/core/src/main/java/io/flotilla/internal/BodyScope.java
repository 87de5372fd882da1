package io.flotilla.internal;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Hooks;
import reactor.util.context.ContextView;

/**
 * What a thread has while it calls the body of an agent, where Reactor does not see to it: the observation that is in the
 * body's context is current, and so are the span and the baggage that handlers have for it; the MDC has the step. To be closed on the
 * same thread, which then has what it had before. What handlers throw is logged.
 *
 * @since 0.1
 */
public final class BodyScope {

    private static final String OBSERVATION_KEY = "micrometer.observation";

    private final Observation.@Nullable Scope observation;
    private final boolean hasMdc;
    private final @Nullable Map<String, String> mdcBefore;

    private BodyScope(
            Observation.@Nullable Scope observation, boolean hasMdc, @Nullable Map<String, String> mdcBefore) {
        this.observation = observation;
        this.hasMdc = hasMdc;
        this.mdcBefore = mdcBefore;
    }

    /**
     * Gives this thread what a body is to see.
     *
     * @param context the context of the body
     * @return what is to be closed when the body has been called; null if there is nothing to give, or Reactor does it
     */
    public static @Nullable BodyScope open(ContextView context) {
        if (Hooks.isAutomaticContextPropagationEnabled()) {
            return null;
        }
        Map<String, String> mdc = StepMdc.of(context);
        Observation.Scope observation =
                context.getOrDefault(OBSERVATION_KEY, null) instanceof Observation current ? opened(current) : null;
        if (mdc == null) {
            return observation == null ? null : new BodyScope(observation, false, null);
        }
        Map<String, String> before = StepMdc.current();
        StepMdc.set(mdc);
        return new BodyScope(observation, true, before);
    }

    /**
     * Makes an observation current on this thread.
     *
     * @param observation one that has been started
     * @return what is to be closed; null if a handler throws: then the thread has what it had before
     */
    public static @Nullable BodyScope of(Observation observation) {
        Observation.Scope scope = opened(observation);
        return scope == null ? null : new BodyScope(scope, false, null);
    }

    private static Observation.@Nullable Scope opened(Observation observation) {
        if (observation.isNoop()) {
            return null;
        }
        ObservationRegistry registry = observation.getObservationRegistry();
        Observation.Scope before = registry.getCurrentObservationScope();
        try {
            return observation.openScope();
        } catch (Throwable thrown) {
            registry.setCurrentObservationScope(before);
            TelemetryFaults.log(registry, thrown);
            return null;
        }
    }

    /** Gives the thread back what it had before. */
    public void close() {
        if (hasMdc) {
            StepMdc.set(mdcBefore);
        }
        if (observation != null) {
            Observation.Scope before = observation.getPreviousObservationScope();
            try {
                observation.close();
            } catch (Throwable thrown) {
                ObservationRegistry registry =
                        observation.getCurrentObservation().getObservationRegistry();
                registry.setCurrentObservationScope(before);
                TelemetryFaults.log(registry, thrown);
            }
        }
    }
}
