package io.flotilla.samples.traces;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.observe.LinkingTracingObservationHandler;
import io.flotilla.observe.MdcKey;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import io.micrometer.tracing.BaggageInScope;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.handler.PropagatingReceiverTracingObservationHandler;
import io.micrometer.tracing.handler.PropagatingSenderTracingObservationHandler;
import io.micrometer.tracing.otel.bridge.OtelBaggageManager;
import io.micrometer.tracing.otel.bridge.OtelCurrentTraceContext;
import io.micrometer.tracing.otel.bridge.OtelPropagator;
import io.micrometer.tracing.otel.bridge.OtelTracer;
import io.micrometer.tracing.propagation.Propagator;
import io.opentelemetry.api.baggage.propagation.W3CBaggagePropagator;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.context.propagation.TextMapPropagator;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

/** What the page about traces has a plain program write: all that the page promises is there with these lines alone. */
@Timeout(60)
@SuppressWarnings("try") // scopes that are closed behind the block
class TraceSetupTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
    private final OpenTelemetrySdk openTelemetry = OpenTelemetrySdk.builder()
            .setTracerProvider(SdkTracerProvider.builder()
                    .addSpanProcessor(SimpleSpanProcessor.create(exporter))
                    .build())
            .setPropagators(ContextPropagators.create(TextMapPropagator.composite(
                    W3CTraceContextPropagator.getInstance(), W3CBaggagePropagator.getInstance())))
            .build();

    @AfterEach
    void close() {
        Hooks.disableAutomaticContextPropagation();
        openTelemetry.close();
    }

    @Test
    void plainProgram_withoutAutomaticPropagation_hasSpanBaggageAndMdcInItsAgents() {
        assertAllIsThere(Agent.of("a", (tenant, context) -> Mono.just(seen(tenant))));
        assertAllIsThere(Agent.blocking("a", (tenant, context) -> seen(tenant)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"behind a switch", "blocking"})
    void plainProgram_withAutomaticPropagation_hasThemBehindThreadSwitchesToo(String kind) {
        Hooks.enableAutomaticContextPropagation();
        assertAllIsThere(
                kind.equals("blocking")
                        ? Agent.blocking("a", (tenant, context) -> seen(tenant))
                        : Agent.of(
                                "a",
                                (tenant, context) ->
                                        Mono.delay(Duration.ofMillis(1)).map(tick -> seen(tenant))));
    }

    private Tracer tracer = Tracer.NOOP;

    /** The trace, the baggage and the MDC that the calling thread has. */
    private String seen(String tenant) {
        String trace = Objects.requireNonNull(tracer.currentSpan()).context().traceId();
        return trace + ' ' + tracer.getBaggage(tenant).get() + ' ' + MDC.get(MdcKey.AGENT.key());
    }

    private void assertAllIsThere(Agent<String, String> agent) {
        OtelCurrentTraceContext current = new OtelCurrentTraceContext();
        Tracer tracer = new OtelTracer(
                openTelemetry.getTracer("my-service"),
                current,
                event -> {},
                new OtelBaggageManager(current, List.of(), List.of()));
        Propagator propagator =
                new OtelPropagator(openTelemetry.getPropagators(), openTelemetry.getTracer("my-service"));
        ObservationRegistry registry = ObservationRegistry.create();
        registry.observationConfig()
                .observationHandler(new ObservationHandler.FirstMatchingCompositeObservationHandler(
                        new LinkingTracingObservationHandler(tracer),
                        new PropagatingReceiverTracingObservationHandler<>(tracer, propagator),
                        new PropagatingSenderTracingObservationHandler<>(tracer, propagator),
                        new DefaultTracingObservationHandler(tracer)));
        StepEngine engine =
                StepEngine.builder().observationRegistry(registry).mdc(true).build();

        this.tracer = tracer;
        exporter.reset();
        Observation request = Observation.start("request", registry);
        StepReport<String> report;
        try (Observation.Scope scope = request.openScope();
                BaggageInScope baggage = tracer.createBaggageInScope("tenant", "blue")) {
            report = Objects.requireNonNull(engine.run(List.of(agent, agent), "tenant")
                    .contextWrite(context -> context.put(ObservationThreadLocalAccessor.KEY, request))
                    .block(SOON));
        }
        request.stop();

        List<SpanData> spans = exporter.getFinishedSpanItems();
        assertThat(spans)
                .extracting(SpanData::getName)
                .containsExactlyInAnyOrder("request", "flotilla.round", "flotilla.step", "flotilla.step");
        assertThat(spans)
                .extracting(SpanData::getTraceId)
                .containsOnly(spans.get(0).getTraceId());
        assertThat(report.values()).hasSize(2).containsOnly(spans.get(0).getTraceId() + " blue a");
        assertThat(tracer.currentSpan()).isNull();
        assertThat(MDC.get(MdcKey.AGENT.key())).isNull();
    }
}
