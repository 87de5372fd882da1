package io.flotilla.resilience;

import io.flotilla.health.Health;
import io.flotilla.health.HealthCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The circuit breakers of some guards, as health. */
final class CircuitBreakerHealth {

    static final String NAME = "circuit breakers";

    private final Map<String, Guards> guards;

    CircuitBreakerHealth(Map<String, Guards> guards) {
        this.guards = guards;
    }

    /** Of all of them together. */
    HealthCheck all() {
        return HealthCheck.of(NAME, this::health).nonCritical();
    }

    /** Of one of them. */
    HealthCheck of(String key) {
        return HealthCheck.of("circuit breaker " + key, () -> health(key));
    }

    private Health health() {
        List<String> refusing = new ArrayList<>();
        List<String> onTrial = new ArrayList<>();
        Map<String, Object> states = new TreeMap<>();
        guards.forEach((key, of) -> {
            CircuitBreakerGuard breaker = of.circuitBreaker();
            if (breaker != null) {
                states.put(key, breaker.state().name());
                sort(key, breaker, refusing, onTrial);
            }
        });
        Health health = refusing.isEmpty()
                ? onTrial.isEmpty() ? Health.up() : Health.degraded("on trial: " + listed(onTrial))
                : refusing.size() == states.size()
                        ? Health.down("all are open: " + listed(refusing))
                        : Health.degraded("open: " + listed(refusing));
        return new Health(health.status(), health.reason(), states);
    }

    private static void sort(String key, CircuitBreakerGuard breaker, List<String> refusing, List<String> onTrial) {
        if (breaker.isRefusing()) {
            refusing.add(key);
        } else if (isOnTrial(breaker)) {
            onTrial.add(key);
        }
    }

    private static boolean isOnTrial(CircuitBreakerGuard breaker) {
        CircuitBreakerTransition.State state = breaker.state();
        return state == CircuitBreakerTransition.State.OPEN || state == CircuitBreakerTransition.State.HALF_OPEN;
    }

    private static String listed(List<String> keys) {
        return String.join(", ", keys.stream().sorted().toList());
    }

    private Health health(String key) {
        CircuitBreakerGuard breaker = breakerOf(key);
        if (breaker == null) {
            return Health.up();
        }
        Health health = breaker.isRefusing()
                ? Health.down("the circuit breaker is open")
                : isOnTrial(breaker) ? Health.degraded("the circuit breaker is on trial") : Health.up();
        return health.with("state", breaker.state().name());
    }

    private @Nullable CircuitBreakerGuard breakerOf(String key) {
        Guards of = guards.get(key);
        return of == null ? null : of.circuitBreaker();
    }
}
