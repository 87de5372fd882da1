package io.flotilla.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.step.StepEngine;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.handler.TracingObservationHandler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.actuate.autoconfigure.observation.ObservationAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.tracing.MicrometerTracingAutoConfiguration;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;

/** What the page about traces has a Spring Boot application write, with Spring Boot's own handlers and registry. */
@Timeout(60)
class SpringBootTracesTest {

    @Configuration(proxyBeanMethods = false)
    static class Page {

        @Bean
        @Order(0)
        LinkingTracingObservationHandler linkingHandler(Tracer tracer) {
            return new LinkingTracingObservationHandler(tracer);
        }

        @Bean
        StepEngine engine(ObservationRegistry registry) {
            return StepEngine.builder().observationRegistry(registry).mdc(true).build();
        }
    }

    @Test
    void linkingHandler_inSpringBoot_isAskedBeforeItsOwnHandlers() {
        try (AnnotationConfigApplicationContext application = new AnnotationConfigApplicationContext()) {
            application.registerBean(Tracer.class, () -> Tracer.NOOP);
            application.register(
                    Page.class, ObservationAutoConfiguration.class, MicrometerTracingAutoConfiguration.class);
            application.refresh();

            assertThat(application
                            .getBeanProvider(TracingObservationHandler.class)
                            .orderedStream())
                    .hasSizeGreaterThan(1)
                    .first()
                    .isInstanceOf(LinkingTracingObservationHandler.class);
            assertThat(application.getBeansOfType(DefaultTracingObservationHandler.class))
                    .isNotEmpty();
            assertThat(application.getBean(StepEngine.class)).isNotNull();
        }
    }
}
