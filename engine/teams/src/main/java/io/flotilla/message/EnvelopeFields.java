package io.flotilla.message;

import io.flotilla.AgentId;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** What the builder of an envelope has been given so far, and what it takes over from another envelope. Not thread-safe. */
final class EnvelopeFields {

    final @Nullable AgentId recipient;
    final @Nullable String topic;
    final Object payload;
    Envelope.Kind kind = Envelope.Kind.MESSAGE;
    boolean answersRequest;

    @Nullable String id;

    @Nullable String correlationId;

    @Nullable String causationId;

    AgentId sender = Envelope.ANONYMOUS;
    int hops;

    @Nullable Instant deadline;

    Map<String, String> trace = Map.of();
    Map<String, String> headers = Map.of();
    ContextView context = Context.empty();

    EnvelopeFields(@Nullable AgentId recipient, @Nullable String topic, Object payload) {
        this.recipient = recipient;
        this.topic = topic;
        this.payload = Objects.requireNonNull(payload, "payload");
    }

    /** All of an envelope. */
    static EnvelopeFields of(Envelope envelope) {
        EnvelopeFields copy = new EnvelopeFields(envelope.recipient(), envelope.topic(), envelope.payload());
        copy.kind = envelope.kind();
        copy.answersRequest = envelope.answersRequest();
        copy.id = envelope.id();
        copy.correlationId = envelope.correlationId();
        copy.causationId = envelope.causationId();
        copy.sender = envelope.sender();
        copy.hops = envelope.hops();
        copy.deadline = envelope.deadline();
        copy.trace = envelope.trace();
        copy.headers = envelope.headers();
        copy.context = envelope.context();
        return copy;
    }

    /** The next one of a conversation. */
    void follow(Envelope cause) {
        correlationId = cause.correlationId();
        causationId = cause.id();
        hops = cause.hops() == Integer.MAX_VALUE ? Integer.MAX_VALUE : cause.hops() + 1;
        trace = cause.trace();
        context = cause.context();
    }
}
