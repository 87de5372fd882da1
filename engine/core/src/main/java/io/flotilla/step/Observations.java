package io.flotilla.step;

import io.flotilla.internal.BodyScope;
import io.flotilla.internal.TelemetryFaults;
import io.flotilla.observe.DocumentedContext;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.ObservationRegistry;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Starts and stops the observations of an engine. Throws nothing: what handlers, predicates, filters and conventions throw is logged, see {@link
 * TelemetryFaults}. An observation whose convention throws has the names of the library; one whose start fails otherwise there is not.
 * Thread-safe.
 */
final class Observations {

    /** Where Micrometer's Reactor support keeps the current observation. */
    static final String KEY = "micrometer.observation";

    private final ObservationRegistry registry;
    private final Conventions conventions;

    Observations(ObservationRegistry registry, List<ObservationConvention<?>> own) {
        this.registry = registry;
        this.conventions = new Conventions(own, registry);
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
     * may be anybody's. Null if there is none.
     */
    <C extends Observation.Context & DocumentedContext> @Nullable Observation started(C context, ContextView outer) {
        try {
            Observation observation = created(context);
            if (outer.getOrDefault(KEY, null) instanceof Observation parent) {
                observation.parentObservation(parent);
                BodyScope current = BodyScope.of(parent);
                try {
                    start(observation, context);
                } finally {
                    if (current != null) {
                        current.close();
                    }
                }
            } else {
                start(observation, context);
            }
            return observation;
        } catch (Throwable thrown) {
            TelemetryFaults.log(registry, thrown);
            return null;
        }
    }

    /** The registry's own conventions are asked here whether they support the context, and for its name. */
    private <C extends Observation.Context & DocumentedContext> Observation created(C context) {
        ObservationConvention<C> named = Conventions.defaultOf(context);
        try {
            return Observation.createNotStarted(conventions.ownFor(context), named, () -> context, registry);
        } catch (Throwable thrown) {
            TelemetryFaults.log(registry, thrown);
            return Observation.createNotStarted(named, named, () -> context, registry);
        }
    }

    private <C extends Observation.Context & DocumentedContext> void start(Observation observation, C context) {
        int timesNamed = context.timesNamed();
        try {
            observation.start();
        } catch (Throwable thrown) {
            if (context.timesNamed() != timesNamed) {
                throw thrown; // a handler has: it cannot be started twice
            }
            TelemetryFaults.log(registry, thrown);
            observation.observationConvention(Conventions.defaultOf(context)).start();
        }
    }

    static void event(Observation observation, Observation.Event event) {
        try {
            observation.event(event);
        } catch (Throwable thrown) {
            TelemetryFaults.log(observation.getObservationRegistry(), thrown);
        }
    }

    static void stop(Observation observation, String outcome, @Nullable Throwable cause) {
        if (cause != null) {
            try {
                observation.error(cause);
            } catch (Throwable thrown) {
                TelemetryFaults.log(observation.getObservationRegistry(), thrown);
            }
        }
        Observation.Context context = observation.getContext();
        if (context instanceof DocumentedContext ours) {
            ours.endedAs(outcome);
            stop(observation, (Observation.Context & DocumentedContext) context);
        }
    }

    /** What has started also stops, whatever its convention does. */
    private static <C extends Observation.Context & DocumentedContext> void stop(Observation observation, C context) {
        int timesNamed = context.timesNamed();
        try {
            observation.stop();
        } catch (Throwable thrown) {
            TelemetryFaults.log(observation.getObservationRegistry(), thrown);
            // Before any handler: the contextual name is what conventions are asked for last.
            if (context.timesNamed() == timesNamed || context.getContextualName() == null) {
                stopByDefault(observation, context);
            }
        }
    }

    private static <C extends Observation.Context & DocumentedContext> void stopByDefault(
            Observation observation, C context) {
        try {
            observation.observationConvention(Conventions.defaultOf(context)).stop();
        } catch (Throwable thrown) {
            TelemetryFaults.log(observation.getObservationRegistry(), thrown);
        }
    }
}
