package io.flotilla.samples.traces;

import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.otel.bridge.OtelCurrentTraceContext;
import io.micrometer.tracing.otel.bridge.OtelTracer;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What OpenTelemetry gets to see through Micrometer Tracing, as a service has it set up. */
final class Spans implements AutoCloseable {

    private final Map<String, SpanData> ended = new ConcurrentHashMap<>();
    private final Map<String, String> open = new ConcurrentHashMap<>();
    private final SdkTracerProvider provider =
            SdkTracerProvider.builder().addSpanProcessor(new Keeper()).build();
    private final ObservationRegistry registry = ObservationRegistry.create();

    Spans() {
        OtelCurrentTraceContext current = new OtelCurrentTraceContext();
        OtelTracer tracer = new OtelTracer(provider.get("test"), current, event -> {});
        registry.observationConfig().observationHandler(new DefaultTracingObservationHandler(tracer));
        ObservationThreadLocalAccessor.getInstance().setObservationRegistry(registry);
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
