package io.flotilla.state;

import org.jspecify.annotations.Nullable;

/**
 * Reads and writes of a {@link SharedState} that take effect together or not at all. It reads the state as it was when the
 * transaction began, and its own writes. For the thread that {@link SharedState#transact} calls, until that returns.
 *
 * @since 0.1
 */
public interface Transaction {

    /**
     * Reads a value. If somebody else writes it before the end, the transaction is a conflict.
     *
     * @param key whose value
     * @param <T> its type
     * @return the value; null if there is none
     * @throws NullPointerException if {@code key} is null
     * @throws StateTypeException if the value is of another type
     */
    <T> @Nullable T get(StateKey<T> key);

    /**
     * Writes a value. If somebody else writes the same key before the end, the transaction is a conflict.
     *
     * @param key whose value
     * @param value the value, which must not be changed any more
     * @param <T> its type
     * @throws NullPointerException if an argument is null
     * @throws ClassCastException if the value is not of the key's type
     */
    <T> void put(StateKey<T> key, T value);

    /**
     * Removes a value, under the same conditions.
     *
     * @param key whose value
     * @throws NullPointerException if {@code key} is null
     */
    void remove(StateKey<?> key);
}
