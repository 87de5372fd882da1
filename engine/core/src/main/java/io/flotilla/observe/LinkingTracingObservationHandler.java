package io.flotilla.observe;

import io.micrometer.common.KeyValue;
import io.micrometer.observation.Observation;
import io.micrometer.tracing.Link;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.TraceContext;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.handler.TracingObservationHandler;
import java.time.Clock;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes spans of the library's observations, with the links that Micrometer's own handlers have no words for: of a join to the
 * branches that are joined, of a rendezvous to those that have come, of a run that is recovered to the span it had before. The tokens
 * that {@link GenAiStepConvention} has are numbers. In all else it does what {@code DefaultTracingObservationHandler} does.
 *
 * <p>To be tried before the others, which make the spans of all other observations:
 *
 * <pre>{@code
 * registry.observationConfig().observationHandler(new ObservationHandler.FirstMatchingCompositeObservationHandler(
 *         new LinkingTracingObservationHandler(tracer), new DefaultTracingObservationHandler(tracer)));
 * }</pre>
 *
 * <p>Where messages go to other processes, Micrometer's propagating handlers stand between the two.
 *
 * <p>Needs {@code io.micrometer:micrometer-tracing}, which the application brings with its bridge. Thread-safe.
 *
 * @since 0.1
 */
@SuppressWarnings("exports") // not transitively required: applications without Micrometer Tracing compile too
public final class LinkingTracingObservationHandler implements TracingObservationHandler<FlotillaObservationContext> {

    private final Tracer tracer;
    private final Clock clock;

    /**
     * A handler that makes its spans with a tracer on the system's clock.
     *
     * @param tracer the application's
     * @throws NullPointerException if {@code tracer} is null
     */
    public LinkingTracingObservationHandler(Tracer tracer) {
        this(tracer, Clock.systemUTC());
    }

    /**
     * A handler that makes its spans with a tracer.
     *
     * @param tracer the application's
     * @param clock the tracer's, for spans that are made when their observation has ended
     * @throws NullPointerException if an argument is null
     */
    public LinkingTracingObservationHandler(Tracer tracer, Clock clock) {
        this.tracer = Objects.requireNonNull(tracer, "tracer");
        this.clock = Objects.requireNonNull(clock, "clock");
    }

    @Override
    public boolean supportsContext(Observation.Context context) {
        return context instanceof FlotillaObservationContext;
    }

    @Override
    public Tracer getTracer() {
        return tracer;
    }

    /** One whose span is made when its links are known. */
    private record Pending(@Nullable Span parent, Instant startedAt) {}

    @Override
    public void onStart(FlotillaObservationContext context) {
        Span parent = getParentSpan(context);
        if (context.isLinkedAtEnd()) {
            context.put(Pending.class, new Pending(parent, clock.instant()));
            return;
        }
        TraceContext remote =
                context.getParentObservation() == null ? Traceparent.parsed(context.parentTraceparent(), tracer) : null;
        TraceContext above = remote == null && parent != null ? parent.context() : remote;
        Span span = remote == null && !isLinked(context)
                ? next(parent)
                : linked(context, above).start();
        if (span == null) {
            return; // of a tracer that makes none
        }
        span.start();
        getTracingContext(context).setSpan(span);
        if (context instanceof RunObservationContext) {
            context.traceparent(Traceparent.of(span.context()));
        }
    }

    private static boolean isLinked(FlotillaObservationContext context) {
        return context.linkedTraceparent() != null || !context.links().isEmpty();
    }

    private @Nullable Span next(@Nullable Span parent) {
        return parent == null ? tracer.nextSpan() : tracer.nextSpan(parent);
    }

    private Span.Builder linked(FlotillaObservationContext context, @Nullable TraceContext parent) {
        Span.Builder builder = tracer.spanBuilder();
        if (parent != null) {
            builder.setParent(parent);
        }
        TraceContext before = Traceparent.parsed(context.linkedTraceparent(), tracer);
        if (before != null) {
            builder.addLink(new Link(before));
        }
        for (Observation.ContextView other : context.links()) {
            TracingContext traced = other.get(TracingContext.class);
            Span span = traced == null ? null : traced.getSpan();
            if (span != null) {
                builder.addLink(new Link(span));
            }
        }
        return builder;
    }

    /** One that is linked at its end has no span yet. */
    @Override
    public void onEvent(Observation.Event event, FlotillaObservationContext context) {
        if (getTracingContext(context).getSpan() != null) {
            TracingObservationHandler.super.onEvent(event, context);
        }
    }

    @Override
    public void onError(FlotillaObservationContext context) {
        if (getTracingContext(context).getSpan() != null) {
            TracingObservationHandler.super.onError(context);
        }
    }

    /** What a step has used is a number, as OpenTelemetry has it; key values, and all other attributes, are texts. */
    @Override
    public void tagSpan(FlotillaObservationContext context, Span span) {
        if (!(context instanceof StepObservationContext step)
                || (step.inputTokens() == 0 && step.outputTokens() == 0)) {
            TracingObservationHandler.super.tagSpan(context, span);
            return;
        }
        for (KeyValue given : step.getAllKeyValues()) {
            String key = given.getKey();
            if (isCount(given, GenAiKey.USAGE_INPUT_TOKENS, step.inputTokens())) {
                span.tag(key, step.inputTokens());
            } else if (isCount(given, GenAiKey.USAGE_OUTPUT_TOKENS, step.outputTokens())) {
                span.tag(key, step.outputTokens());
            } else if (key.equalsIgnoreCase("error")) {
                span.error(new RuntimeException(given.getValue())); // as other handlers do
            } else {
                span.tag(key, given.getValue());
            }
        }
    }

    /** Not where another convention means something else by that key. */
    private static boolean isCount(KeyValue given, GenAiKey key, long count) {
        return given.getKey().equals(key.asString()) && given.getValue().equals(Long.toString(count));
    }

    @Override
    public void onStop(FlotillaObservationContext context) {
        Pending pending = context.get(Pending.class);
        if (pending != null) {
            Instant at = pending.startedAt();
            long micros = TimeUnit.SECONDS.toMicros(at.getEpochSecond()) + TimeUnit.NANOSECONDS.toMicros(at.getNano());
            Span parent = pending.parent();
            Span.Builder late = linked(context, parent == null ? null : parent.context())
                    .startTimestamp(micros, TimeUnit.MICROSECONDS);
            getTracingContext(context).setSpan(late.start());
            onError(context);
        }
        Span span = getTracingContext(context).getSpan();
        if (span == null) {
            return;
        }
        span.name(getSpanName(context));
        tagSpan(context, span);
        endSpan(context, span);
    }
}
