package io.flotilla.step;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * That a guard did not let a step through, as an exception says it: our own, or one of Resilience4j's operators. Those are
 * known by their names, which are part of that library's API: core does not depend on it.
 *
 * @param guard which guard
 * @param retryAfter when to come back, or null if the guard does not know
 */
record Refusal(String guard, @Nullable Duration retryAfter) {

    /** What the exception says; null if it says something else. */
    static @Nullable Refusal of(Throwable cause) {
        if (cause instanceof StepRejectedException rejected) {
            return new Refusal(rejected.guard(), rejected.retryAfter());
        }
        String guard = guard(cause.getClass());
        return guard == null ? null : new Refusal(guard, null);
    }

    /** Whether it is one. */
    static boolean is(Throwable cause) {
        return cause instanceof StepRejectedException || guard(cause.getClass()) != null;
    }

    private static @Nullable String guard(Class<?> type) {
        for (Class<?> at = type; at != null && at != Throwable.class; at = at.getSuperclass()) {
            String guard = guard(at.getName());
            if (guard != null) {
                return guard;
            }
        }
        return null;
    }

    private static @Nullable String guard(String className) {
        return switch (className) {
            case "io.github.resilience4j.circuitbreaker.CallNotPermittedException" -> "circuitbreaker";
            case "io.github.resilience4j.bulkhead.BulkheadFullException" -> "bulkhead";
            case "io.github.resilience4j.ratelimiter.RequestNotPermitted" -> "ratelimiter";
            default -> null;
        };
    }
}
