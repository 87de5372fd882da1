package io.flotilla.security;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Counts what is let in and what is refused, for itself and, if there is one, for a registry. */
final class TrustMeters {

    private final AtomicLong admitted = new AtomicLong();
    private final Map<Refusal, AtomicLong> refused = new EnumMap<>(Refusal.class);
    private final @Nullable Counter admittedMeter;
    private final Map<Refusal, Counter> refusedMeters = new EnumMap<>(Refusal.class);

    TrustMeters(@Nullable MeterRegistry registry) {
        this.admittedMeter =
                registry == null ? null : counter(TrustMeter.ADMITTED).register(registry);
        for (Refusal reason : Refusal.values()) {
            refused.put(reason, new AtomicLong());
            if (registry != null) {
                refusedMeters.put(
                        reason,
                        counter(TrustMeter.REFUSED)
                                .tag(TrustMeter.Key.REASON.asString(), reason.tag())
                                .register(registry));
            }
        }
    }

    private static Counter.Builder counter(TrustMeter meter) {
        return Counter.builder(meter.getName()).description(meter.description()).baseUnit(meter.getBaseUnit());
    }

    void admitted() {
        admitted.incrementAndGet();
        if (admittedMeter != null) {
            admittedMeter.increment();
        }
    }

    void refused(Refusal reason) {
        counter(reason).incrementAndGet();
        Counter meter = refusedMeters.get(reason);
        if (meter != null) {
            meter.increment();
        }
    }

    long admittedCount() {
        return admitted.get();
    }

    AtomicLong counter(Refusal reason) {
        return Objects.requireNonNull(refused.get(reason), "every reason has one");
    }
}
