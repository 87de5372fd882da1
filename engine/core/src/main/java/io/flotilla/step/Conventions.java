package io.flotilla.step;

import io.flotilla.internal.TelemetryFaults;
import io.flotilla.observe.DocumentedContext;
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

    private static final Map<ObservationDocumentation, FlotillaObservationConvention<?>> DEFAULTS =
            new ConcurrentHashMap<>();

    private final Guarded<?>[] own;

    Conventions(List<ObservationConvention<?>> own, ObservationRegistry registry) {
        this.own = own.stream().map(each -> guarded(each, registry)).toArray(Guarded<?>[]::new);
    }

    @SuppressWarnings("unchecked") // it is asked whether it supports a context first
    private static Guarded<FlotillaObservationContext> guarded(
            ObservationConvention<?> convention, ObservationRegistry registry) {
        return new Guarded<>((ObservationConvention<FlotillaObservationContext>) convention, registry);
    }

    private static FlotillaObservationConvention<?> made(ObservationDocumentation documentation) {
        return FlotillaObservationConvention.<FlotillaObservationContext>byDefault(documentation);
    }

    @SuppressWarnings("unchecked") // it takes all contexts of the library
    static <C extends Observation.Context & DocumentedContext> FlotillaObservationConvention<C> defaultOf(C context) {
        ObservationDocumentation documentation = context.documentation();
        FlotillaObservationConvention<?> known = DEFAULTS.get(documentation);
        return (FlotillaObservationConvention<C>)
                (known != null ? known : DEFAULTS.computeIfAbsent(documentation, Conventions::made));
    }

    /** The first of the user's for such an observation; null if there is none. */
    @SuppressWarnings("unchecked") // it has said that it supports the context
    <C extends Observation.Context & DocumentedContext> @Nullable ObservationConvention<C> ownFor(C context) {
        for (Guarded<?> convention : own) {
            if (convention.supportsContext(context)) {
                return (Guarded<C>) convention;
            }
        }
        return null;
    }

    /** One of the user's. Where it throws, or returns null, the library's own stands in: an observation that starts also stops. */
    private static final class Guarded<C extends Observation.Context & DocumentedContext>
            implements ObservationConvention<C> {

        private final ObservationConvention<C> convention;
        private final ObservationRegistry registry;

        Guarded(ObservationConvention<C> convention, ObservationRegistry registry) {
            this.convention = convention;
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
        public @Nullable String getContextualName(C context) {
            return guarded(
                    () -> convention.getContextualName(context),
                    () -> defaultOf(context).getContextualName(context));
        }

        @Override
        public KeyValues getLowCardinalityKeyValues(C context) {
            return guarded(
                    () -> convention.getLowCardinalityKeyValues(context),
                    () -> defaultOf(context).getLowCardinalityKeyValues(context));
        }

        @Override
        public KeyValues getHighCardinalityKeyValues(C context) {
            return guarded(
                    () -> convention.getHighCardinalityKeyValues(context),
                    () -> defaultOf(context).getHighCardinalityKeyValues(context));
        }
    }
}
