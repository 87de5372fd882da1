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

    @Nullable NetworkGuard guard;

    EnvelopeFields(@Nullable AgentId recipient, @Nullable String topic, Object payload) {
        this.recipient = recipient;
        this.topic = topic;
        this.payload = Objects.requireNonNull(payload, "payload");
    }

    /** All of an envelope. */
    static EnvelopeFields of(Envelope envelope) {
        return of(envelope, envelope.payload());
    }

    /** All of an envelope but its payload. */
    static EnvelopeFields of(Envelope envelope, Object payload) {
        EnvelopeFields copy = new EnvelopeFields(envelope.recipient(), envelope.topic(), payload);
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
        copy.guard = envelope.guard;
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

    /**
     * The same envelope as a request that is of use until then; its own deadline may be earlier. Under a new id: what belongs
     * to one asking is never another's, though both ask with the same envelope.
     */
    static Envelope request(Envelope envelope, Instant until, ContextView context) {
        EnvelopeFields copy = of(envelope);
        Instant deadline = envelope.deadline();
        copy.id = null;
        copy.kind = Envelope.Kind.REQUEST;
        copy.deadline = deadline == null || until.isBefore(deadline) ? until : deadline;
        copy.context = copy.context.isEmpty() ? context : copy.context;
        return new Envelope(copy);
    }

    /** The same envelope in another context. */
    static Envelope inside(Envelope envelope, ContextView context) {
        return inside(envelope, context, envelope.trace());
    }

    /** The same envelope in another context and trace. */
    static Envelope inside(Envelope envelope, ContextView context, Map<String, String> trace) {
        EnvelopeFields copy = of(envelope);
        copy.context = context;
        copy.trace = trace;
        return new Envelope(copy);
    }

    /** The same envelope, which says what has let it in: who records it asks that. */
    static Envelope admitted(Envelope envelope, NetworkGuard guard) {
        EnvelopeFields copy = of(envelope);
        copy.guard = guard;
        return new Envelope(copy);
    }

    /** What may be kept and logged of a message that was refused: nothing that its sender has written into it. */
    static Envelope withheld(Envelope envelope) {
        EnvelopeFields copy = of(envelope, Withheld.PAYLOAD);
        copy.headers = Map.of();
        copy.trace = Map.of();
        copy.context = Context.empty();
        return new Envelope(copy);
    }
}
