package io.flotilla.health.endpoint;

import io.flotilla.health.HealthMonitor;
import io.flotilla.health.HealthReport;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;

@ApplicationScoped
class MicroProfileHealth {

    @Produces
    @Readiness
    HealthCheck flotillaReadiness(HealthMonitor monitor) {
        return () -> {
            HealthReport report = monitor.report();
            HealthCheckResponseBuilder response =
                    HealthCheckResponse.named("flotilla").status(report.isReady());
            report.checks()
                    .forEach(check -> response.withData(
                            check.name(), check.status() + (check.reason() == null ? "" : ": " + check.reason())));
            return response.build();
        };
    }

    @Produces
    @Liveness
    HealthCheck flotillaLiveness(HealthMonitor monitor) {
        return () -> HealthCheckResponse.named("flotilla liveness")
                .status(monitor.isUsable("reader"))
                .build();
    }
}
