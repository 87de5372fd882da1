package io.flotilla.state;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a handler of a {@link StateAgent} makes of a message. Immutable, as far as state and reply are.
 *
 * @param <S> the type of the state
 * @param <R> the type of the replies
 * @since 0.1
 */
public final class Change<S, R> {

    private final @Nullable S state;
    private final @Nullable R reply;
    private final @Nullable String refusal;

    private Change(@Nullable S state, @Nullable R reply, @Nullable String refusal) {
        this.state = state;
        this.reply = reply;
        this.refusal = refusal;
    }

    /**
     * A new state, and a reply.
     *
     * @param state the new state, which must not be changed any more
     * @param reply the reply
     * @param <S> the type of the state
     * @param <R> the type of the replies
     * @return the change
     * @throws NullPointerException if an argument is null
     */
    public static <S, R> Change<S, R> to(S state, R reply) {
        return new Change<>(Objects.requireNonNull(state, "state"), Objects.requireNonNull(reply, "reply"), null);
    }

    /**
     * A reply; the state stays as it is.
     *
     * @param reply the reply
     * @param <S> the type of the state
     * @param <R> the type of the replies
     * @return the change
     * @throws NullPointerException if {@code reply} is null
     */
    public static <S, R> Change<S, R> none(R reply) {
        return new Change<>(null, Objects.requireNonNull(reply, "reply"), null);
    }

    /**
     * The message cannot be followed in this state; the state stays as it is.
     *
     * @param why what is wrong; the one who asked reads it
     * @param <S> the type of the state
     * @param <R> the type of the replies
     * @return the change
     * @throws NullPointerException if {@code why} is null
     */
    public static <S, R> Change<S, R> refuse(String why) {
        return new Change<>(null, null, Objects.requireNonNull(why, "why"));
    }

    @Nullable S state() {
        return state;
    }

    @Nullable R reply() {
        return reply;
    }

    @Nullable String refusal() {
        return refusal;
    }

    /** What it does, without state and reply. */
    @Override
    public String toString() {
        return refusal != null ? "Change[refused]" : state == null ? "Change[none]" : "Change[new state]";
    }
}
