package io.flotilla.health.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flotilla.UndisturbedTime;
import io.flotilla.health.Health;
import io.flotilla.health.HealthCheck;
import io.flotilla.health.HealthMonitor;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.actuate.autoconfigure.availability.AvailabilityProbesAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.health.HealthEndpointAutoConfiguration;
import org.springframework.boot.actuate.endpoint.ApiVersion;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.WebServerNamespace;
import org.springframework.boot.actuate.health.HealthComponent;
import org.springframework.boot.actuate.health.HealthEndpoint;
import org.springframework.boot.actuate.health.HealthEndpointGroups;
import org.springframework.boot.actuate.health.ReactiveHealthContributorRegistry;
import org.springframework.boot.actuate.health.ReactiveHealthEndpointWebExtension;
import org.springframework.boot.actuate.health.ReactiveHealthIndicator;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.LivenessState;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.core.env.PropertiesPropertySource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The lines of the page in an application with Spring Boot's own endpoint, as WebFlux asks it. */
@Timeout(60)
class ActuatorTest {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final AnnotationConfigApplicationContext application = new AnnotationConfigApplicationContext();

    private UndisturbedTime time;

    @BeforeEach
    void virtualTime() {
        time = UndisturbedTime.begin();
    }

    @AfterEach
    void close() {
        application.close();
        time.close();
    }

    private void start(Supplier<HealthMonitor> monitor) throws IOException {
        application
                .getEnvironment()
                .getPropertySources()
                .addFirst(new PropertiesPropertySource("the page", Page.properties()));
        application.registerBean(HealthMonitor.class, monitor);
        application.register(
                ActuatorHealth.class,
                ApplicationAvailabilityAutoConfiguration.class,
                AvailabilityProbesAutoConfiguration.class,
                HealthEndpointAutoConfiguration.class);
        application.refresh();
        AvailabilityChangeEvent.publish(application, LivenessState.CORRECT); // as SpringApplication does
        AvailabilityChangeEvent.publish(application, ReadinessState.ACCEPTING_TRAFFIC);
    }

    private Mono<WebEndpointResponse<? extends HealthComponent>> request(String... path) {
        return new ReactiveHealthEndpointWebExtension(
                        application.getBean(ReactiveHealthContributorRegistry.class),
                        application.getBean(HealthEndpointGroups.class),
                        PATIENCE)
                .health(ApiVersion.V3, WebServerNamespace.SERVER, SecurityContext.NONE, path);
    }

    private WebEndpointResponse<? extends HealthComponent> get(String... path) {
        return Objects.requireNonNull(request(path).block(PATIENCE));
    }

    /** As it is read from the text that is sent. */
    private static JsonNode json(Object body) throws IOException {
        return JSON.readTree(JSON.writeValueAsString(body));
    }

    @ParameterizedTest
    @EnumSource(States.class)
    void groups_eachStateOfAMonitor_haveItsStatus(States state) throws IOException {
        start(state::monitor);

        WebEndpointResponse<? extends HealthComponent> readiness = get("readiness");
        WebEndpointResponse<? extends HealthComponent> liveness = get("liveness");

        assertThat(readiness.getStatus()).isEqualTo(state.isReady ? 200 : 503);
        assertThat(json(readiness.getBody()).at("/components/flotilla/status").asText())
                .isEqualTo(
                        switch (state.status) {
                            case UP, DEGRADED -> "UP";
                            case UNKNOWN -> "OUT_OF_SERVICE";
                            case DOWN -> "DOWN";
                        });
        assertThat(liveness.getStatus()).isEqualTo(state.isLive ? 200 : 503);
        assertThat(json(liveness.getBody())
                        .at("/components/flotillaLiveness/status")
                        .asText())
                .isEqualTo(state.isLive ? "UP" : "DOWN");
        assertThat(json(readiness.getBody()).toString()).doesNotContain(States.SECRET);
    }

    @ParameterizedTest
    @EnumSource(States.class)
    void details_areTheReport(States state) throws IOException {
        start(state::monitor);
        Map<String, Object> report =
                application.getBean(HealthMonitor.class).report().toMap();

        JsonNode shown = json(get("flotilla").getBody());

        assertThat(shown.get("details")).isEqualTo(json(report));
        assertThat(shown.at("/details/status").asText()).isEqualTo(state.status.name());
        assertThat(shown.at("/details/checks/0/data/reason").asText())
                .isEqualTo(
                        switch (state) {
                            case UP -> "";
                            case DEGRADED -> "slow";
                            case DOWN -> "stuck";
                            case THROWS -> "the check failed: java.lang.IllegalStateException";
                            case NOT_ASKED -> "not checked yet";
                            case STALE -> "last checked 30000 ms ago";
                            case CLOSED -> "the monitor is closed";
                        });
    }

    @Test
    void readiness_degraded_isTheJsonOfThePage() throws Exception {
        start(States.DEGRADED::monitor);

        assertThat(json(get("readiness").getBody())).isEqualTo(JSON.readTree(Page.block("json actuator")));
    }

    @ParameterizedTest
    @CsvSource({"UP, UP", "DEGRADED, UP", "DOWN, DOWN", "NOT_ASKED, OUT_OF_SERVICE"})
    void servletApplication_hasTheSame(States state, String status) throws IOException {
        start(state::monitor);

        HealthEndpoint endpoint = application.getBean(HealthEndpoint.class);

        assertThat(endpoint.healthForPath("flotilla").getStatus().getCode()).isEqualTo(status);
        assertThat(endpoint.health().getStatus().getCode()).isEqualTo(status);
    }

    @Test
    void eventLoop_whileACheckBlocks_answersAtOnceOnItsOwnThread() throws Exception {
        time.close();
        CountDownLatch isAsked = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        try {
            start(() -> HealthMonitor.builder()
                    .check(HealthCheck.of("reader", () -> {
                        isAsked.countDown();
                        try {
                            release.await();
                        } catch (InterruptedException closed) {
                            Thread.currentThread().interrupt();
                        }
                        return Health.up();
                    }))
                    .build()
                    .start());
            isAsked.await();

            boolean isSameThread = Objects.requireNonNull(Mono.defer(() -> {
                        Thread eventLoop = Thread.currentThread();
                        assertThat(Schedulers.isInNonBlockingThread()).isTrue();
                        return request("flotilla").map(response -> {
                            assertThat(response.getStatus()).isEqualTo(503);
                            return Thread.currentThread().equals(eventLoop);
                        });
                    })
                    .subscribeOn(Schedulers.parallel())
                    .block(PATIENCE));

            assertThat(isSameThread).isTrue();
        } finally {
            release.countDown();
        }
    }

    @Test
    void application_thatStops_closesTheMonitor() throws Exception {
        start(States.UP::monitor);
        HealthMonitor monitor = application.getBean(HealthMonitor.class);
        ReactiveHealthIndicator indicator =
                application.getBean("flotillaHealthIndicator", ReactiveHealthIndicator.class);

        application.close();

        assertThat(Objects.requireNonNull(indicator.health().block(PATIENCE))
                        .getStatus()
                        .getCode())
                .isEqualTo("OUT_OF_SERVICE");
        assertThat(monitor.report().isReady()).isFalse();
    }
}
