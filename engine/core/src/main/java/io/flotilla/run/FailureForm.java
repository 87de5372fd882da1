package io.flotilla.run;

import io.flotilla.internal.JsonFields;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The JSON form of a run's failure: never a stack trace. */
final class FailureForm {

    private FailureForm() {}

    static Map<String, @Nullable Object> of(RunFailure failure) {
        JsonFields fields = new JsonFields()
                .constant("type", failure.kind())
                .text("message", failure.getMessage())
                .text("reason", failure.reason());
        failure.describe(fields);
        RunFailure first = failure.first();
        if (first != failure) {
            fields.map("first", of(first));
        }
        return fields.list(
                        "suppressed",
                        Stream.of(failure.getSuppressed())
                                .map(suppressed -> String.valueOf(suppressed.getMessage()))
                                .toList())
                .toMap();
    }
}
