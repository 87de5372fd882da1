package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.FlotillaException;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A message that was not delivered, and why. Immutable, as far as the payload is.
 *
 * @param envelope the message
 * @param receiver who was to receive it; null if nobody was found
 * @param reason why it was not delivered
 * @param cause what the handler failed with, or why the guard refused it; null if neither did
 * @param at when it became a dead letter, by the clock of the mailbox
 * @since 0.1
 */
public record DeadLetter(
        Envelope envelope,
        @Nullable AgentId receiver,
        Reason reason,
        @Nullable Throwable cause,
        Instant at) {

    /** Why a message is not delivered. */
    public enum Reason {
        /** The mailbox had no room. */
        FULL,
        /** It had waited longest in a mailbox with {@link Overflow#DROP_OLDEST} that took another message. */
        DROPPED,
        /** Its deadline was over before a handler was called, or while one was at it. */
        EXPIRED,
        /** The mailbox was closed, before or while the message was in it. */
        CLOSED,
        /** The handler threw, signalled an error or returned null. */
        HANDLER_FAILED,
        /** The handler did not end in time, and was cancelled. */
        HANDLER_TIMED_OUT,
        /** The message was withdrawn, or its handler was cancelled. */
        CANCELLED,
        /** Its recipient is no member of the network. */
        UNKNOWN_RECIPIENT,
        /** Nobody is there to receive it: no subscriber of the topic, no other member, no neighbour. */
        NO_RECEIVER,
        /** No link of the mesh leads from its sender to its recipient. */
        NOT_CONNECTED,
        /** A link leads there, and a partition cuts it. */
        PARTITIONED,
        /** Its receiver is {@linkplain NetworkOptions.Builder#health unhealthy}, and nobody else may take it. */
        UNHEALTHY,
        /** It follows from more messages than the network's hop limit. */
        TOO_MANY_HOPS,
        /** It answers a request that has ended. */
        LATE_REPLY,
        /** The network's {@link NetworkGuard} did not let it in. The cause says why; the payload is {@link Withheld}. */
        REFUSED
    }

    /**
     * Checks the components.
     *
     * @param envelope the message
     * @param receiver who was to receive it, or null
     * @param reason why it was not delivered
     * @param cause what the handler failed with, or null
     * @param at when
     * @throws NullPointerException if {@code envelope}, {@code reason} or {@code at} is null
     */
    public DeadLetter {
        Objects.requireNonNull(envelope, "envelope");
        Objects.requireNonNull(reason, "reason");
        Objects.requireNonNull(at, "at");
    }

    /**
     * Reason, receiver, envelope without its payload, and the class of the cause: a text of it may hold anything. Of a guard that refuses
     * with an exception of the library, the text that says why.
     */
    @Override
    public String toString() {
        String why = refusal(reason, cause);
        return reason + (receiver == null ? "" : " at " + receiver) + ": " + envelope
                + (cause == null ? "" : ", " + (why == null ? cause.getClass().getName() : why));
    }

    /** What a guard of the library says: names, and nothing of the message. Null for all else. */
    static @Nullable String refusal(Reason reason, @Nullable Throwable cause) {
        return reason == Reason.REFUSED && cause instanceof FlotillaException ? cause.getMessage() : null;
    }
}
