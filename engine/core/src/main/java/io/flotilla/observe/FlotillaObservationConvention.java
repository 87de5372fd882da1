package io.flotilla.observe;

import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.GlobalObservationConvention;
import io.micrometer.observation.Observation;
import io.micrometer.observation.docs.ObservationDocumentation;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The name and keys of an observation as its documentation has them. The default of every observation of the library.
 *
 * <p>For other names or more keys, override what is to differ, and give it to the engine ({@code
 * StepEngine.Builder.observationConvention}) or to the registry:
 *
 * <pre>{@code
 * observationRegistry.observationConfig().observationConvention(
 *         new FlotillaObservationConvention<StepObservationContext>(FlotillaObservation.STEP) {
 *             @Override
 *             public KeyValues getLowCardinalityKeyValues(StepObservationContext step) {
 *                 return super.getLowCardinalityKeyValues(step).and("zone", zone);
 *             }
 *         });
 * }</pre>
 *
 * <p>Micrometer asks for the keys when the observation starts and again when it stops. Thread-safe.
 *
 * @param <C> the type of its contexts
 * @since 0.1
 */
public class FlotillaObservationConvention<C extends Observation.Context & DocumentedContext>
        implements GlobalObservationConvention<C> {

    private final ObservationDocumentation documentation;
    private final String name;
    private final KeyName[] low;
    private final KeyName[] high;

    /**
     * The convention of one observation.
     *
     * @param documentation which
     * @throws NullPointerException if {@code documentation} or its name is null
     */
    public FlotillaObservationConvention(ObservationDocumentation documentation) {
        this.documentation = documentation;
        this.name = Objects.requireNonNull(documentation.getName(), "name");
        this.low = documentation.getLowCardinalityKeyNames();
        this.high = documentation.getHighCardinalityKeyNames();
    }

    @Override
    public boolean supportsContext(Observation.Context context) {
        return context instanceof DocumentedContext ours && ours.documentation() == documentation;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public @Nullable String getContextualName(C context) {
        return name;
    }

    @Override
    public KeyValues getLowCardinalityKeyValues(C context) {
        return values(context, low);
    }

    @Override
    public KeyValues getHighCardinalityKeyValues(C context) {
        return values(context, high);
    }

    /**
     * The library's own convention for an observation. Its keys are made when they are asked for: a handler for meters asks for few.
     *
     * @param documentation which
     * @param <C> the type of its contexts
     * @return a convention with the name and keys of the documentation
     * @throws NullPointerException if {@code documentation} or its name is null
     */
    public static <C extends Observation.Context & DocumentedContext> FlotillaObservationConvention<C> byDefault(
            ObservationDocumentation documentation) {
        return new DocumentedConvention<>(documentation);
    }

    static KeyValues values(DocumentedContext context, KeyName[] keys) {
        KeyValue[] found = new KeyValue[keys.length];
        int count = 0;
        for (KeyName key : keys) {
            String value = context.value(key);
            if (value != null) {
                found[count++] = KeyValue.of(key.asString(), value);
            }
        }
        return KeyValues.of(count == found.length ? found : Arrays.copyOf(found, count));
    }
}
