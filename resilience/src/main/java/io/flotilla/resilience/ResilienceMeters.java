package io.flotilla.resilience;

import io.flotilla.step.EngineAccess;
import io.flotilla.step.StepRejectedException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Records the meters of {@link ResilienceMeter}, or nothing where there is no registry. Only what is rare is counted. A registry that throws
 * takes no result with it: attempts are recorded after they have ended.
 */
final class ResilienceMeters {

    private final @Nullable MeterRegistry registry;

    ResilienceMeters(@Nullable MeterRegistry registry) {
        this.registry = registry;
    }

    void retried(String key) {
        count(ResilienceMeter.RETRIES, ResilienceMeter.Key.KEY.asString(), key);
    }

    void rejected(String key, String guard) {
        count(
                ResilienceMeter.REJECTIONS,
                ResilienceMeter.Key.KEY.asString(),
                key,
                ResilienceMeter.Key.GUARD.asString(),
                guard);
    }

    void timedOut(String key) {
        count(ResilienceMeter.ATTEMPT_TIMEOUTS, ResilienceMeter.Key.KEY.asString(), key);
    }

    void degraded(String key, String source) {
        count(
                ResilienceMeter.FALLBACKS,
                ResilienceMeter.Key.KEY.asString(),
                key,
                ResilienceMeter.Key.SOURCE.asString(),
                source);
    }

    void fallbackFailed(String key, Throwable cause) {
        String reason = cause instanceof StepRejectedException ? "rejected" : "failed";
        count(
                ResilienceMeter.FALLBACK_FAILURES,
                ResilienceMeter.Key.KEY.asString(),
                key,
                ResilienceMeter.Key.REASON.asString(),
                reason);
    }

    void fallbackEmpty(String key) {
        count(
                ResilienceMeter.FALLBACK_FAILURES,
                ResilienceMeter.Key.KEY.asString(),
                key,
                ResilienceMeter.Key.REASON.asString(),
                "empty");
    }

    void changed(CircuitBreakerTransition change) {
        count(
                ResilienceMeter.CIRCUIT_BREAKER_TRANSITIONS,
                ResilienceMeter.Key.KEY.asString(),
                change.key(),
                ResilienceMeter.Key.TO.asString(),
                change.to().name().toLowerCase(Locale.ROOT));
    }

    void watch(Guards guards) {
        if (registry == null) {
            return;
        }
        if (guards.circuitBreaker() != null) {
            gauge(
                    registry,
                    ResilienceMeter.CIRCUIT_BREAKER_STATE,
                    guards.key(),
                    guards.circuitBreaker(),
                    circuitBreaker -> switch (circuitBreaker.state()) {
                        case CLOSED -> 0;
                        case HALF_OPEN -> 1;
                        case OPEN -> 2;
                        case SPECIAL -> 3;
                    });
        }
        if (guards.bulkhead() != null) {
            gauge(registry, ResilienceMeter.BULKHEAD_IN_USE, guards.key(), guards.bulkhead(), BulkheadGuard::inUse);
            gauge(registry, ResilienceMeter.BULKHEAD_QUEUED, guards.key(), guards.bulkhead(), WaitingLine::size);
        }
        if (guards.rateLimiter() != null) {
            gauge(registry, ResilienceMeter.RATE_LIMITER_QUEUED, guards.key(), guards.rateLimiter(), WaitingLine::size);
        }
    }

    private <T> void gauge(MeterRegistry in, ResilienceMeter meter, String key, T guard, ToDoubleFunction<T> value) {
        EngineAccess.measure(
                in,
                () -> Gauge.builder(meter.getName(), guard, value)
                        .description(meter.description())
                        .baseUnit(meter.getBaseUnit())
                        .tag(ResilienceMeter.Key.KEY.asString(), key)
                        .register(in));
    }

    private void count(ResilienceMeter meter, String... tags) {
        MeterRegistry in = registry;
        if (in != null) {
            EngineAccess.measure(
                    in,
                    () -> Counter.builder(meter.getName())
                            .description(meter.description())
                            .baseUnit(meter.getBaseUnit())
                            .tags(tags)
                            .register(in)
                            .increment());
        }
    }
}
