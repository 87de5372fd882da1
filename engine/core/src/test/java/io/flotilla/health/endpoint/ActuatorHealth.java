package io.flotilla.health.endpoint;

import io.flotilla.health.HealthMonitor;
import io.flotilla.health.HealthReport;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.ReactiveHealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.publisher.Mono;

@Configuration(proxyBeanMethods = false)
class ActuatorHealth {

    @Bean
    ReactiveHealthIndicator flotillaHealthIndicator(HealthMonitor monitor) {
        return () -> Mono.fromSupplier(() -> {
            HealthReport report = monitor.report();
            Health.Builder health = switch (report.status()) {
                case UP, DEGRADED -> Health.up();
                case UNKNOWN -> Health.outOfService();
                case DOWN -> Health.down();
            };
            return health.withDetails(report.toMap()).build();
        });
    }

    @Bean
    ReactiveHealthIndicator flotillaLivenessHealthIndicator(HealthMonitor monitor) {
        return () -> Mono.fromSupplier(() -> (monitor.isUsable("reader") ? Health.up() : Health.down()).build());
    }
}
