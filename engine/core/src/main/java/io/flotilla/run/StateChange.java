package io.flotilla.run;

import io.flotilla.internal.JsonFields;
import io.flotilla.internal.Shown;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a step has written under one key of its run's state, see {@link RunEvent.StateWritten}. Immutable, as far as the value is.
 *
 * @param key the key
 * @param version the version of the write, the same for all that one step has written
 * @param value what is there now, after a merge what came of it; redacted as {@link io.flotilla.agent.StepContext#emit emitted}
 *     values are; null if it was removed
 * @since 0.1
 */
public record StateChange(
        String key, long version, @Nullable Object value) {

    /**
     * Checks the key.
     *
     * @param key the key
     * @param version the version of the write
     * @param value what is there now
     * @throws NullPointerException if {@code key} is null
     */
    public StateChange {
        Objects.requireNonNull(key, "key");
    }

    /** Texts and numbers in short, of other values the type: their {@code toString} is not called. */
    @Override
    public String toString() {
        return key + "=" + Shown.of(value) + " (version " + version + ")";
    }

    /**
     * The change as JSON has it: the components under their names.
     *
     * @return texts, numbers, flags, null, lists and maps of these; cannot be changed
     */
    public Map<String, @Nullable Object> toMap() {
        return new JsonFields()
                .text("key", key)
                .number("version", version)
                .value("value", value)
                .toMap();
    }
}
