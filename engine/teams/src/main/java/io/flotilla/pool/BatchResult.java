package io.flotilla.pool;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a batch function says about one item. Immutable.
 *
 * @param value the answer; null if it failed
 * @param cause why it failed; null if there is an answer
 * @param <O> the type of the answer
 * @since 0.1
 */
public record BatchResult<O>(@Nullable O value, @Nullable Throwable cause) {

    /**
     * Checks that it is one of both.
     *
     * @param value the answer, or null
     * @param cause why it failed, or null
     * @throws IllegalArgumentException if both are there, or none
     */
    public BatchResult {
        if ((value == null) == (cause == null)) {
            throw new IllegalArgumentException("a result must have either a value or a cause");
        }
    }

    /**
     * The item was answered.
     *
     * @param value the answer
     * @param <O> its type
     * @return the result
     * @throws NullPointerException if {@code value} is null
     */
    public static <O> BatchResult<O> of(O value) {
        return new BatchResult<>(Objects.requireNonNull(value, "value"), null);
    }

    /**
     * The item failed, and no other with it.
     *
     * @param cause why
     * @param <O> the type of an answer
     * @return the result
     * @throws NullPointerException if {@code cause} is null
     */
    public static <O> BatchResult<O> failed(Throwable cause) {
        return new BatchResult<>(null, Objects.requireNonNull(cause, "cause"));
    }
}
