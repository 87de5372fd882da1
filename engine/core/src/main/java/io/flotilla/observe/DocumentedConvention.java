package io.flotilla.observe;

import io.micrometer.common.KeyValues;
import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.docs.ObservationDocumentation;

/**
 * The library's own convention. Others return keys, which Micrometer puts into the maps of a context twice; this one tells the context which it has,
 * and it makes them when somebody asks. Contexts that are Micrometer's own are given keys as by others.
 */
final class DocumentedConvention<C extends Observation.Context & DocumentedContext>
        extends FlotillaObservationConvention<C> {

    private final KeyName[] low;
    private final KeyName[] high;

    DocumentedConvention(ObservationDocumentation documentation) {
        super(documentation);
        this.low = documentation.getLowCardinalityKeyNames();
        this.high = documentation.getHighCardinalityKeyNames();
    }

    @Override
    public KeyValues getLowCardinalityKeyValues(C context) {
        if (!(context instanceof FlotillaObservationContext ours)) {
            return values(context, low);
        }
        ours.haveLow(low);
        return KeyValues.empty();
    }

    @Override
    public KeyValues getHighCardinalityKeyValues(C context) {
        if (!(context instanceof FlotillaObservationContext ours)) {
            return values(context, high);
        }
        ours.haveHigh(high);
        return KeyValues.empty();
    }
}
