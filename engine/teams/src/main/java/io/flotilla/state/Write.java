package io.flotilla.state;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a write or a transaction. Three records, told apart by {@code instanceof}. Immutable.
 *
 * @param <R> what the transaction returned; for a write of one key the value
 * @since 0.1
 */
public sealed interface Write<R> {

    /**
     * Whether it took effect.
     *
     * @return true for {@link Committed} only
     */
    default boolean isCommitted() {
        return this instanceof Committed;
    }

    /**
     * It took effect, as a whole.
     *
     * @param result what the transaction returned; for a write of one key the value, null if it was removed
     * @param version the version of everything it wrote; of one that wrote nothing, the version of the state
     * @param <R> what the transaction returned
     */
    record Committed<R>(@Nullable R result, long version) implements Write<R> {}

    /**
     * Somebody else wrote in between; nothing took effect.
     *
     * @param keys the names of the keys that were written by others, in alphabetical order
     * @param version the version of the state
     * @param <R> what the transaction would have returned
     */
    record Conflict<R>(List<String> keys, long version) implements Write<R> {

        /**
         * Copies the list.
         *
         * @param keys the names of the keys
         * @param version the version of the state
         */
        public Conflict {
            keys = List.copyOf(keys);
        }
    }

    /**
     * The transaction's own code threw; nothing took effect.
     *
     * @param cause what it threw
     * @param <R> what the transaction would have returned
     */
    record RolledBack<R>(Throwable cause) implements Write<R> {}
}
