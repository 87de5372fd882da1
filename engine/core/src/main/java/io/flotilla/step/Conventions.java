package io.flotilla.step;

import io.flotilla.internal.TelemetryFaults;
import io.flotilla.observe.FlotillaObservationContext;
import io.flotilla.observe.FlotillaObservationConvention;
import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.docs.ObservationDocumentation;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Who names an observation and its keys: the user's conventions, and the library's own. Thread-safe. */
final class Conventions {

    private static final Map<ObservationDocumentation, FlotillaObservationConvention<FlotillaObservationContext>>
            DEFAULTS = new ConcurrentHashMap<>();

    private final Guarded[] own;

    Conventions(List<ObservationConvention<?>> own, ObservationRegistry registry) {
        this.own = own.stream().map(each -> new Guarded(each, registry)).toArray(Guarded[]::new);
    }

    static FlotillaObservationConvention<FlotillaObservationContext> defaultOf(FlotillaObservationContext context) {
        ObservationDocumentation documentation = context.documentation();
        FlotillaObservationConvention<FlotillaObservationContext> known = DEFAULTS.get(documentation);
        return known != null
                ? known
                : DEFAULTS.computeIfAbsent(documentation, FlotillaObservationConvention::byDefault);
    }

    /** The first of the user's for such an observation; null if there is none. */
    @Nullable ObservationConvention<FlotillaObservationContext> ownFor(FlotillaObservationContext context) {
        for (Guarded convention : own) {
            if (convention.supportsContext(context)) {
                return convention;
            }
        }
        return null;
    }

    /** One of the user's. Where it throws, or returns null, the library's own stands in: an observation that starts also stops. */
    private static final class Guarded implements ObservationConvention<FlotillaObservationContext> {

        private final ObservationConvention<FlotillaObservationContext> convention;
        private final ObservationRegistry registry;

        @SuppressWarnings("unchecked") // it is asked whether it supports the context first
        Guarded(ObservationConvention<?> convention, ObservationRegistry registry) {
            this.convention = (ObservationConvention<FlotillaObservationContext>) convention;
            this.registry = registry;
        }

        private <T extends @Nullable Object> T guarded(Supplier<T> call, Supplier<T> otherwise) {
            try {
                T value = call.get();
                if (value != null) {
                    return value;
                }
            } catch (Throwable thrown) {
                TelemetryFaults.log(registry, thrown);
            }
            return otherwise.get();
        }

        @Override
        public boolean supportsContext(Observation.Context context) {
            return guarded(() -> convention.supportsContext(context), () -> false);
        }

        /** Null leaves the name that the context has from the beginning. */
        @Override
        public @Nullable String getName() {
            return guarded(convention::getName, () -> null);
        }

        @Override
        public @Nullable String getContextualName(FlotillaObservationContext context) {
            return guarded(
                    () -> convention.getContextualName(context),
                    () -> defaultOf(context).getContextualName(context));
        }

        @Override
        public KeyValues getLowCardinalityKeyValues(FlotillaObservationContext context) {
            return guarded(
                    () -> convention.getLowCardinalityKeyValues(context),
                    () -> defaultOf(context).getLowCardinalityKeyValues(context));
        }

        @Override
        public KeyValues getHighCardinalityKeyValues(FlotillaObservationContext context) {
            return guarded(
                    () -> convention.getHighCardinalityKeyValues(context),
                    () -> defaultOf(context).getHighCardinalityKeyValues(context));
        }
    }
}
