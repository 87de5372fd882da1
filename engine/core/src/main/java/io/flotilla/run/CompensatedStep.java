package io.flotilla.run;

import org.jspecify.annotations.Nullable;

/**
 * A settled step that is to be undone. Immutable, as far as input and value are.
 *
 * @param agent whose step it was
 * @param input what it was called with; may be null
 * @param value what it answered or handed over; null if that was null, and for other decisions
 * @param idempotencyKey the key the step was called with
 * @since 0.1
 */
public record CompensatedStep(
        String agent, @Nullable Object input, @Nullable Object value, String idempotencyKey) {

    /**
     * The input as what the agent takes it for.
     *
     * @param type its type
     * @param <T> its type
     * @return the input; may be null
     * @throws ClassCastException if it is of another type
     */
    public <T> @Nullable T input(Class<T> type) {
        return type.cast(input);
    }

    /**
     * The value as what the agent makes.
     *
     * @param type its type
     * @param <T> its type
     * @return the value; may be null
     * @throws ClassCastException if it is of another type
     */
    public <T> @Nullable T value(Class<T> type) {
        return type.cast(value);
    }
}
