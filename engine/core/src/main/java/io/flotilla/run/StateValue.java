package io.flotilla.run;

import io.flotilla.internal.JsonFields;
import io.flotilla.internal.Shown;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A value of a run's own state and its version, see {@link io.flotilla.agent.StepContext#state()}. Immutable, as far as the value
 * is.
 *
 * @param value the value
 * @param version the version of the write that made it, from 1. Versions are those of the whole state: each step that writes
 *     takes the next one, so of two values the one with the higher version was written later
 * @since 0.1
 */
public record StateValue(Object value, long version) {

    /**
     * Checks the value.
     *
     * @param value the value
     * @param version the version
     * @throws NullPointerException if {@code value} is null
     */
    public StateValue {
        Objects.requireNonNull(value, "value");
    }

    /** Texts and numbers in short, of other values the type: their {@code toString} is not called. */
    @Override
    public String toString() {
        return Shown.of(value) + " (version " + version + ")";
    }

    /**
     * The value as JSON has it: {@code value} and {@code version}.
     *
     * @return texts, numbers, flags, lists and maps of these; cannot be changed
     */
    public Map<String, @Nullable Object> toMap() {
        return new JsonFields().value("value", value).number("version", version).toMap();
    }
}
