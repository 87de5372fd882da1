package io.flotilla.run.machine;

import java.util.Objects;
import java.util.function.BinaryOperator;

/**
 * How values under one key of a run's state are merged. Code of the user's, which may throw; it is called again in every replay, so it
 * must depend on nothing but its arguments.
 *
 * @param type what the values are
 * @param merge takes the value there is and the one that is merged into it
 * @param <T> what the values are
 * @since 0.1
 */
public record StateMerge<T>(Class<? super T> type, BinaryOperator<T> merge) {

    /**
     * Checks both.
     *
     * @param type what the values are
     * @param merge merges two
     * @throws NullPointerException if an argument is null
     */
    public StateMerge {
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(merge, "merge");
    }

    /**
     * Merges two values.
     *
     * @param current the value there is
     * @param update what is merged into it
     * @return the merged value
     * @throws ClassCastException if one is of another type, or the result is
     * @throws NullPointerException if the result is null
     */
    public Object apply(Object current, Object update) {
        Object merged = merge.apply(checked(current), checked(update));
        return checked(Objects.requireNonNull(merged, "the merge returned null"));
    }

    /**
     * A value of the type.
     *
     * @param value any value
     * @return the same
     * @throws ClassCastException if it is of another type
     */
    @SuppressWarnings("unchecked") // as far as can be known: type parameters are not there any more
    public T checked(Object value) {
        if (!type.isInstance(value)) {
            throw new ClassCastException("the value must be a " + type.getName() + ", was a "
                    + value.getClass().getName());
        }
        return (T) value;
    }
}
