package io.flotilla.message;

import io.flotilla.AgentId;
import org.jspecify.annotations.Nullable;

/**
 * What one receiver made of a request. Immutable.
 *
 * @param receiver who was asked
 * @param status how it ended
 * @param reply the reply; null unless {@link Status#ANSWERED}, and then too if an agent completed without a value
 * @param cause why there is no reply; null if it was answered
 * @since 0.1
 */
public record Answer(
        AgentId receiver,
        Status status,
        @Nullable Envelope reply,
        @Nullable Throwable cause) {

    /** How a request ended at one receiver. */
    public enum Status {
        /** It answered. */
        ANSWERED,
        /** The request was not delivered, or its handler failed. */
        FAILED,
        /** It did not answer in time. */
        TIMED_OUT,
        /** The answers of others were enough, or decided that there could not be enough. */
        CANCELLED
    }

    /**
     * The payload of the reply.
     *
     * @param type what it must be
     * @param <T> the same
     * @return the payload; null without a reply
     * @throws PayloadTypeException if it is of another type
     */
    public <T> @Nullable T payload(Class<T> type) {
        return reply == null ? null : reply.payload(type);
    }
}
