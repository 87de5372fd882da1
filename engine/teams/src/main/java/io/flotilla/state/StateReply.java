package io.flotilla.state;

/**
 * What a {@link StateAgent} answers. Two records, told apart by {@code instanceof}. Immutable, as far as the value is.
 *
 * @param <R> the type of the replies
 * @since 0.1
 */
public sealed interface StateReply<R> {

    /**
     * The version of the state that the reply is about.
     *
     * @return the number of changes so far
     */
    long version();

    /**
     * Whether the message was followed.
     *
     * @return true for {@link Done} only
     */
    default boolean isDone() {
        return this instanceof Done;
    }

    /**
     * The value of {@link Done}.
     *
     * @return the value
     * @throws StateRefusedException if the message was refused
     */
    R orThrow();

    /**
     * The message was followed.
     *
     * @param value the reply
     * @param version the number of changes so far, that of this message included
     * @param <R> the type of the reply
     */
    record Done<R>(R value, long version) implements StateReply<R> {

        @Override
        public R orThrow() {
            return value;
        }
    }

    /**
     * The message was not followed, and the state is what it was.
     *
     * @param reason why
     * @param message what is wrong
     * @param version the number of changes so far
     * @param <R> the type of the replies
     */
    record Refused<R>(Reason reason, String message, long version) implements StateReply<R> {

        @Override
        public R orThrow() {
            throw new StateRefusedException(reason, message);
        }
    }

    /** Why a message was not followed. */
    enum Reason {
        /** No handler takes messages of this type. */
        UNKNOWN_MESSAGE,
        /** The handler refused it in the present state. */
        REFUSED,
        /** The handler threw or returned null. */
        FAILED
    }
}
