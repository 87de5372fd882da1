package io.flotilla.observe;

import io.micrometer.tracing.TraceContext;
import io.micrometer.tracing.Tracer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A span as a text that another process can read: the {@code traceparent} of W3C Trace Context, version 00. */
final class Traceparent {

    private static final int TRACE_ID_LENGTH = 32;
    private static final Pattern FORM =
            Pattern.compile("00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})");

    private Traceparent() {}

    /** Null if the span has no ids that can be written so. */
    static @Nullable String of(TraceContext span) {
        String traceId = span.traceId();
        String spanId = span.spanId();
        if (traceId == null || spanId == null || traceId.length() > TRACE_ID_LENGTH) {
            return null;
        }
        String padded = "0".repeat(TRACE_ID_LENGTH - traceId.length()) + traceId; // Brave may have half of it
        String text = "00-" + padded + '-' + spanId + (Boolean.TRUE.equals(span.sampled()) ? "-01" : "-00");
        return FORM.matcher(text).matches() ? text : null;
    }

    /** Null for null, and for what is none: a journal may have been written by others. */
    static @Nullable TraceContext parsed(@Nullable String text, Tracer tracer) {
        Matcher matcher = FORM.matcher(text == null ? "" : text);
        return matcher.matches()
                ? tracer.traceContextBuilder()
                        .traceId(matcher.group(1))
                        .spanId(matcher.group(2))
                        .sampled((Integer.parseInt(matcher.group(3), 16) & 1) == 1)
                        .build()
                : null;
    }
}
