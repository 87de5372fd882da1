package io.flotilla.step;

import io.flotilla.internal.BodyScope;
import io.flotilla.observe.FlotillaObservationContext;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.ObservationRegistry;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** Starts and stops the observations of an engine. What handlers and conventions throw is thrown on. Thread-safe. */
final class Observations {

    /** Where Micrometer's Reactor support keeps the current observation. */
    static final String KEY = "micrometer.observation";

    private final ObservationRegistry registry;
    private final Conventions conventions;

    Observations(ObservationRegistry registry, List<ObservationConvention<?>> own) {
        this.registry = registry;
        this.conventions = new Conventions(own);
    }

    /** Whether anybody listens just now: handlers may come later than the engine. */
    boolean isNoop() {
        return registry.isNoop();
    }

    /** None, and one that is switched off, leaves the caller's observation where it is. */
    static Context within(@Nullable Observation observation, Context context) {
        return observation == null || observation.isNoop() ? context : context.put(KEY, observation);
    }

    /**
     * Within the scope of its parent, if it has one: a handler that makes spans prefers the span that is current on the thread, and that
     * may be anybody's.
     */
    Observation started(FlotillaObservationContext context, ContextView outer) {
        Observation observation = Observation.createNotStarted(
                conventions.ownFor(context), Conventions.defaultOf(context), () -> context, registry);
        if (!(outer.getOrDefault(KEY, null) instanceof Observation parent)) {
            return observation.start();
        }
        observation.parentObservation(parent);
        BodyScope current = BodyScope.of(parent);
        try {
            return observation.start();
        } finally {
            if (current != null) {
                current.close();
            }
        }
    }

    static void stop(Observation observation, String outcome, @Nullable Throwable cause) {
        try {
            if (cause != null) {
                observation.error(cause);
            }
        } finally {
            if (observation.getContext() instanceof FlotillaObservationContext ours) {
                ours.endedAs(outcome);
            }
            observation.stop();
        }
    }
}
