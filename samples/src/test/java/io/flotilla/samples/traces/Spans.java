package io.flotilla.samples.traces;

import io.flotilla.observe.LinkingTracingObservationHandler;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.handler.PropagatingReceiverTracingObservationHandler;
import io.micrometer.tracing.handler.PropagatingSenderTracingObservationHandler;
import io.micrometer.tracing.otel.bridge.OtelBaggageManager;
import io.micrometer.tracing.otel.bridge.OtelCurrentTraceContext;
import io.micrometer.tracing.otel.bridge.OtelPropagator;
import io.micrometer.tracing.otel.bridge.OtelTracer;
import io.opentelemetry.api.baggage.propagation.W3CBaggagePropagator;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.context.propagation.TextMapPropagator;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What OpenTelemetry gets to see through Micrometer Tracing, as a service has it set up. */
final class Spans implements AutoCloseable {

    private final Map<String, SpanData> ended = new ConcurrentHashMap<>();
    private final Map<String, String> open = new ConcurrentHashMap<>();
    private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
    private final SdkTracerProvider provider = SdkTracerProvider.builder()
            .addSpanProcessor(new Keeper())
            .addSpanProcessor(SimpleSpanProcessor.create(exporter))
            .build();
    private final ObservationRegistry registry = ObservationRegistry.create();

    private final OtelTracer tracer;

    Spans() {
        OtelCurrentTraceContext current = new OtelCurrentTraceContext();
        tracer = new OtelTracer(
                provider.get("test"), current, event -> {}, new OtelBaggageManager(current, List.of(), List.of()));
        OtelPropagator propagator = new OtelPropagator(
                ContextPropagators.create(TextMapPropagator.composite(
                        W3CTraceContextPropagator.getInstance(), W3CBaggagePropagator.getInstance())),
                provider.get("test"));
        registry.observationConfig()
                .observationHandler(new ObservationHandler.FirstMatchingCompositeObservationHandler(
                        new LinkingTracingObservationHandler(tracer),
                        new PropagatingReceiverTracingObservationHandler<>(tracer, propagator),
                        new PropagatingSenderTracingObservationHandler<>(tracer, propagator),
                        new DefaultTracingObservationHandler(tracer)));
        ObservationThreadLocalAccessor.getInstance().setObservationRegistry(registry);
    }

    OtelTracer tracer() {
        return tracer;
    }

    /** What an exporter would have sent. */
    List<SpanData> exported() {
        return exporter.getFinishedSpanItems();
    }

    /** What has ended until now. */
    void forget() {
        ended.clear();
        exporter.reset();
    }

    /** The only one of this name. */
    SpanData only(String name) {
        return single(named(name), name);
    }

    /** The only one of this name with this value of a key. */
    SpanData only(String name, String key, String value) {
        List<SpanData> found = named(name).stream()
                .filter(span -> tag(span, key).equals(value))
                .toList();
        return single(found, name + " with " + key + "=" + value);
    }

    private SpanData single(List<SpanData> found, String what) {
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " spans " + what + " of " + this);
        }
        return found.get(0);
    }

    /** What a span is linked to, in order; a span that is not known by its id. */
    List<String> links(SpanData span, String key) {
        return span.getLinks().stream()
                .map(link -> {
                    SpanData linked = ended.get(link.getSpanContext().getSpanId());
                    return linked == null ? link.getSpanContext().getSpanId() : tag(linked, key);
                })
                .toList();
    }

    /** A line a span. */
    @Override
    public String toString() {
        return ended.values().stream()
                .map(span -> "\n" + span.getName() + " " + span.getAttributes().asMap())
                .sorted()
                .collect(Collectors.joining());
    }

    ObservationRegistry registry() {
        return registry;
    }

    Collection<String> open() {
        return open.values();
    }

    List<SpanData> named(String name) {
        return ended.values().stream()
                .filter(span -> span.getName().equals(name))
                .sorted(Comparator.comparing(SpanData::getStartEpochNanos))
                .toList();
    }

    @Nullable SpanData parent(SpanData span) {
        return ended.get(span.getParentSpanId());
    }

    static String tag(@Nullable SpanData span, String key) {
        return Objects.toString(Objects.requireNonNull(span, "the span of " + key)
                .getAttributes()
                .get(AttributeKey.stringKey(key)));
    }

    @Override
    public void close() {
        provider.close();
        ObservationThreadLocalAccessor.getInstance().setObservationRegistry(ObservationRegistry.NOOP);
    }

    private final class Keeper implements SpanProcessor {

        @Override
        public void onStart(Context parent, ReadWriteSpan span) {
            open.put(span.getSpanContext().getSpanId(), span.getName());
        }

        @Override
        public boolean isStartRequired() {
            return true;
        }

        @Override
        public void onEnd(ReadableSpan span) {
            open.remove(span.getSpanContext().getSpanId());
            ended.put(span.getSpanContext().getSpanId(), span.toSpanData());
        }

        @Override
        public boolean isEndRequired() {
            return true;
        }
    }
}
