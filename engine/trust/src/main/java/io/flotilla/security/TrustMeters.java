package io.flotilla.security;

import io.flotilla.step.EngineAccess;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Counts what is let in and what is refused, for itself and, if there is one, for a registry. One that throws costs its counts, and no message. */
final class TrustMeters {

    private final AtomicLong admitted = new AtomicLong();
    private final Map<Refusal, AtomicLong> refused = new EnumMap<>(Refusal.class);
    private final @Nullable MeterRegistry registry;
    private final @Nullable Counter admittedMeter;
    private final Map<Refusal, Counter> refusedMeters = new EnumMap<>(Refusal.class);

    TrustMeters(@Nullable MeterRegistry registry) {
        this.registry = registry;
        this.admittedMeter = registered(counter(TrustMeter.ADMITTED));
        for (Refusal reason : Refusal.values()) {
            refused.put(reason, new AtomicLong());
            Counter meter = registered(counter(TrustMeter.REFUSED).tag(TrustMeter.Key.REASON.asString(), reason.tag()));
            if (meter != null) {
                refusedMeters.put(reason, meter);
            }
        }
    }

    private @Nullable Counter registered(Counter.Builder meter) {
        MeterRegistry in = registry;
        return in == null ? null : EngineAccess.meter(in, () -> meter.register(in));
    }

    private static Counter.Builder counter(TrustMeter meter) {
        return Counter.builder(meter.getName()).description(meter.description()).baseUnit(meter.getBaseUnit());
    }

    void admitted() {
        admitted.incrementAndGet();
        increment(admittedMeter);
    }

    void refused(Refusal reason) {
        counter(reason).incrementAndGet();
        increment(refusedMeters.get(reason));
    }

    private void increment(@Nullable Counter meter) {
        if (registry != null && meter != null) {
            EngineAccess.measure(registry, meter::increment);
        }
    }

    long admittedCount() {
        return admitted.get();
    }

    AtomicLong counter(Refusal reason) {
        return Objects.requireNonNull(refused.get(reason), "every reason has one");
    }
}
