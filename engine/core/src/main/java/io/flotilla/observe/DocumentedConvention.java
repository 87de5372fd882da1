package io.flotilla.observe;

import io.micrometer.common.KeyValues;
import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.docs.ObservationDocumentation;

/**
 * The library's own convention. Others return keys, which Micrometer puts into the maps of a context twice; this one tells the context which it has,
 * and it makes them when somebody asks.
 */
final class DocumentedConvention extends FlotillaObservationConvention<FlotillaObservationContext> {

    private final KeyName[] low;
    private final KeyName[] high;

    DocumentedConvention(ObservationDocumentation documentation) {
        super(documentation);
        this.low = documentation.getLowCardinalityKeyNames();
        this.high = documentation.getHighCardinalityKeyNames();
    }

    @Override
    public KeyValues getLowCardinalityKeyValues(FlotillaObservationContext context) {
        context.haveLow(low);
        return KeyValues.empty();
    }

    @Override
    public KeyValues getHighCardinalityKeyValues(FlotillaObservationContext context) {
        context.haveHigh(high);
        return KeyValues.empty();
    }
}
