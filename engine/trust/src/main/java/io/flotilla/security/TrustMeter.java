package io.flotilla.security;

import io.micrometer.common.docs.KeyName;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.docs.MeterDocumentation;
import java.util.List;

/**
 * All meters of the module. They are recorded if {@link Trust.Builder#meterRegistry} is set.
 *
 * @since 0.1
 */
public enum TrustMeter implements MeterDocumentation {
    /** The number of messages that a trusted network has let in. */
    ADMITTED("flotilla.messages.admitted", "The number of messages that a trusted network has let in"),
    /** The number of messages that a trusted network has refused. */
    REFUSED("flotilla.messages.refused", "The number of messages that a trusted network has refused", Key.REASON);

    /** The keys of the meters' tags. */
    public enum Key implements KeyName {
        /** Why it was refused: the {@link Refusal#tag()} of a {@link Refusal}. */
        REASON("reason");

        private final String key;

        Key(String key) {
            this.key = key;
        }

        @Override
        public String asString() {
            return key;
        }
    }

    private final String metricName;
    private final String description;

    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<Key> keys;

    TrustMeter(String metricName, String description, Key... keys) {
        this.metricName = metricName;
        this.description = description;
        this.keys = List.of(keys);
    }

    @Override
    public String getName() {
        return metricName;
    }

    @Override
    public Meter.Type getType() {
        return Meter.Type.COUNTER;
    }

    @Override
    public String getBaseUnit() {
        return "messages";
    }

    @Override
    public KeyName[] getKeyNames() {
        return keys.toArray(KeyName[]::new);
    }

    /**
     * What it measures, as registries show it.
     *
     * @return one line
     */
    public String description() {
        return description;
    }
}
