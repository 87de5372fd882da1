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

    static final String ADMITTED = "flotilla.messages.admitted";
    static final String REFUSED = "flotilla.messages.refused";
    static final String REASON = "reason";
    private static final String UNIT = "messages";

    private final AtomicLong admitted = new AtomicLong();
    private final Map<Refusal, AtomicLong> refused = new EnumMap<>(Refusal.class);
    private final @Nullable Counter admittedMeter;
    private final Map<Refusal, Counter> refusedMeters = new EnumMap<>(Refusal.class);

    TrustMeters(@Nullable MeterRegistry registry) {
        this.admittedMeter = registry == null
                ? null
                : Counter.builder(ADMITTED)
                        .description("The number of messages that a trusted network has let in")
                        .baseUnit(UNIT)
                        .register(registry);
        for (Refusal reason : Refusal.values()) {
            refused.put(reason, new AtomicLong());
            if (registry != null) {
                refusedMeters.put(
                        reason,
                        Counter.builder(REFUSED)
                                .description("The number of messages that a trusted network has refused")
                                .baseUnit(UNIT)
                                .tag(REASON, reason.tag())
                                .register(registry));
            }
        }
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
