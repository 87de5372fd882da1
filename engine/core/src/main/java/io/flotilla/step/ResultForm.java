package io.flotilla.step;

import io.flotilla.internal.JsonFields;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The JSON form of a step's result. Names of fields are never changed; new ones may be added. */
final class ResultForm {

    private ResultForm() {}

    static Map<String, @Nullable Object> of(StepResult<?> result) {
        JsonFields fields = new JsonFields()
                .constant("type", result.kind())
                .text("agentId", result.agentId())
                .number("index", result.index())
                .number("attempts", result.attempts())
                .instant("startedAt", result.startedAt())
                .duration("duration", result.duration())
                .map("usage", result.usage().toMap())
                .value("value", result.value())
                .map("cause", causeOf(result.cause()));
        if (result instanceof StepResult.Degraded<?> degraded) {
            fields.text("source", degraded.source());
        } else if (result instanceof StepResult.TimedOut<?> timedOut) {
            fields.duration("limit", timedOut.limit());
        } else if (result instanceof StepResult.Rejected<?> rejected) {
            fields.text("guard", rejected.guard()).duration("retryAfter", rejected.retryAfter());
        }
        return fields.toMap();
    }

    private static @Nullable Map<String, @Nullable Object> causeOf(@Nullable Throwable cause) {
        return cause == null
                ? null
                : new JsonFields()
                        .text("type", cause.getClass().getName())
                        .value("message", messageOf(cause))
                        .toMap();
    }

    private static @Nullable String messageOf(Throwable cause) {
        try {
            return cause.getMessage();
        } catch (Throwable broken) {
            return cause.getClass().getName() + " (whose message cannot be read)";
        }
    }
}
