package io.flotilla.health.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flotilla.UndisturbedTime;
import io.flotilla.health.HealthMonitor;
import jakarta.enterprise.inject.Produces;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The lines of the page with SmallRye's responses, which Quarkus and others use. */
class MicroProfileTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private UndisturbedTime time;

    @BeforeEach
    void virtualTime() {
        time = UndisturbedTime.begin();
    }

    @AfterEach
    void realTime() {
        time.close();
    }

    /** What the one check that is produced for this kind of endpoint answers. */
    private static HealthCheckResponse call(Class<? extends Annotation> kind, HealthMonitor monitor) throws Exception {
        List<Method> producers = Arrays.stream(MicroProfileHealth.class.getDeclaredMethods())
                .filter(method -> method.isAnnotationPresent(Produces.class) && method.isAnnotationPresent(kind))
                .toList();
        assertThat(producers).hasSize(1);
        return ((HealthCheck) producers.get(0).invoke(new MicroProfileHealth(), monitor)).call();
    }

    /** As the specification has it: the worst of all is the status of the whole, and data is left out where there is none. */
    private static JsonNode json(HealthCheckResponse response) throws IOException {
        Map<String, Object> check = new LinkedHashMap<>();
        check.put("name", response.getName());
        check.put("status", response.getStatus());
        response.getData().ifPresent(data -> check.put("data", data));
        return JSON.readTree(JSON.writeValueAsString(Map.of("status", response.getStatus(), "checks", List.of(check))));
    }

    @ParameterizedTest
    @EnumSource(States.class)
    void readinessAndLiveness_eachStateOfAMonitor_haveItsStatus(States state) throws Exception {
        HealthMonitor monitor = state.monitor();

        HealthCheckResponse readiness = call(Readiness.class, monitor);
        HealthCheckResponse liveness = call(Liveness.class, monitor);

        assertThat(readiness.getStatus() == HealthCheckResponse.Status.UP).isEqualTo(state.isReady);
        assertThat(liveness.getStatus() == HealthCheckResponse.Status.UP).isEqualTo(state.isLive);
        assertThat(readiness.getData().orElseThrow())
                .containsOnlyKeys("reader", "cache")
                .containsEntry(
                        "reader",
                        switch (state) {
                            case UP -> "UP";
                            case DEGRADED -> "DEGRADED: slow";
                            case DOWN -> "DOWN: stuck";
                            case THROWS -> "DOWN: the check failed: java.lang.IllegalStateException";
                            case NOT_ASKED -> "UNKNOWN: not checked yet";
                            case STALE -> "UNKNOWN: last checked 30000 ms ago";
                            case CLOSED -> "UNKNOWN: the monitor is closed";
                        });
    }

    @Test
    void readiness_degraded_isTheJsonOfThePage() throws Exception {
        assertThat(json(call(Readiness.class, States.DEGRADED.monitor())))
                .isEqualTo(JSON.readTree(Page.block("json microprofile")));
    }
}
