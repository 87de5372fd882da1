package io.flotilla.message;

import io.flotilla.AgentId;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * A message: a payload, who sent it, to whom or on which topic, and which messages it follows from.
 *
 * <pre>{@code
 * Envelope question = Envelope.to(writer, "a title, please").from(editor).build();
 * Envelope answer = question.reply(writer, "The Fleet").build();
 * }</pre>
 *
 * <p>An envelope is addressed to one recipient ({@link #to}), to a topic ({@link #onTopic}), or to everybody ({@link
 * #toAll}). {@link #reply} and {@link #forward} make the envelopes that follow from it: they keep its correlation id,
 * name it as their cause, and count one hop more, so messages that cause each other for ever come to an end at a
 * network's hop limit.
 *
 * <p>Two envelopes are equal if they have the same id. Immutable, as far as the payload is.
 *
 * @since 0.1
 */
public final class Envelope {

    /** The sender of an envelope whose builder names none. */
    public static final AgentId ANONYMOUS = AgentId.of("anonymous");

    /** The most characters of an id, a topic, and a key of {@link #headers()} or {@link #trace()}. */
    public static final int MAX_NAME_LENGTH = 200;

    /** What an envelope is for. */
    public enum Kind {
        /** It needs no answer; an agent's answer is sent all the same. */
        MESSAGE,
        /** Its sender waits for an answer. {@code Network.request} makes them. */
        REQUEST,
        /** It is an answer, and is not answered by agents. */
        REPLY
    }

    private final Kind kind;
    private final boolean answersRequest;
    private final String id;
    private final String correlationId;
    private final @Nullable String causationId;
    private final AgentId sender;
    private final @Nullable AgentId recipient;
    private final @Nullable String topic;
    private final int hops;
    private final @Nullable Instant deadline;
    private final Map<String, String> trace;
    private final Map<String, String> headers;
    private final ContextView context;
    private final Object payload;

    /** What has let it in; null without one. */
    final @Nullable NetworkGuard guard;

    Envelope(EnvelopeFields from) {
        this.kind = from.kind;
        this.answersRequest = from.answersRequest;
        this.id = from.id == null ? MessageIds.next() : from.id;
        this.correlationId = from.correlationId == null ? id : from.correlationId;
        this.causationId = from.causationId;
        this.sender = from.sender;
        this.recipient = from.recipient;
        this.topic = from.topic;
        this.hops = from.hops;
        this.deadline = from.deadline;
        this.trace = from.trace;
        this.headers = from.headers;
        this.context = from.context;
        this.payload = from.payload;
        this.guard = from.guard;
    }

    /**
     * Starts an envelope to one recipient.
     *
     * @param recipient who receives it
     * @param payload the message; never null
     * @return a builder with all defaults
     * @throws NullPointerException if an argument is null
     */
    public static Builder to(AgentId recipient, Object payload) {
        return new Builder(Objects.requireNonNull(recipient, "recipient"), null, payload);
    }

    /**
     * Starts an envelope to one recipient.
     *
     * @param recipient who receives it, as {@link AgentId#of(String)} reads it
     * @param payload the message; never null
     * @return a builder with all defaults
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code recipient} is no name of an agent
     */
    public static Builder to(String recipient, Object payload) {
        return to(AgentId.of(recipient), payload);
    }

    /**
     * Starts an envelope to the subscribers of a topic.
     *
     * @param topic 1 to {@value #MAX_NAME_LENGTH} characters, no control characters; levels are separated by {@code /} and
     *     are not blank; no {@code *}: {@code news/sport}
     * @param payload the message; never null
     * @return a builder with all defaults
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code topic} is out of its bounds
     */
    public static Builder onTopic(String topic, Object payload) {
        return new Builder(null, TopicPattern.checkTopic(topic), payload);
    }

    /**
     * Starts an envelope to everybody but its sender.
     *
     * @param payload the message; never null
     * @return a builder with all defaults
     * @throws NullPointerException if {@code payload} is null
     */
    public static Builder toAll(Object payload) {
        return new Builder(null, null, payload);
    }

    /**
     * Starts the answer to this envelope: addressed to its sender, with its correlation id, this envelope's id as the cause,
     * its trace and context, and one hop more. The deadline and the headers are not taken along.
     *
     * @param from who answers
     * @param answer the payload of the reply
     * @return a builder, which may change all of this
     * @throws NullPointerException if an argument is null
     */
    public Builder reply(AgentId from, Object answer) {
        Builder reply = new Builder(sender, null, answer).from(from);
        reply.fields.follow(this);
        reply.fields.kind = Kind.REPLY;
        reply.fields.answersRequest = kind == Kind.REQUEST;
        return reply;
    }

    /**
     * Starts a copy of this envelope for another recipient: the same payload, headers, deadline, trace, context and
     * correlation id, this envelope's id as the cause, and one hop more.
     *
     * @param from who forwards it
     * @param to who receives it
     * @return a builder, which may change all of this
     * @throws NullPointerException if an argument is null
     */
    public Builder forward(AgentId from, AgentId to) {
        Builder copy = new Builder(Objects.requireNonNull(to, "to"), null, payload)
                .from(from)
                .headers(headers);
        copy.fields.follow(this);
        copy.fields.deadline = deadline;
        return copy;
    }

    /**
     * Starts this envelope again with another payload: id, kind, address and all else are the same. For what signs, encrypts
     * or opens messages.
     *
     * @param other the payload instead; never null
     * @return a builder, which may change the rest
     * @throws NullPointerException if {@code other} is null
     */
    public Builder withPayload(Object other) {
        return new Builder(EnvelopeFields.of(this, other));
    }

    /** The same envelope, but for its context: on its way into a mailbox. */
    Envelope in(ContextView other) {
        return other.isEmpty() || !context.isEmpty() ? this : inside(other);
    }

    /** The same envelope in another context. */
    Envelope inside(ContextView other) {
        return EnvelopeFields.inside(this, other);
    }

    /** Whether it is the reply to a {@link Kind#REQUEST}. */
    boolean answersRequest() {
        return answersRequest;
    }

    /**
     * What it is for.
     *
     * @return {@link Kind#MESSAGE} unless it is a request or a reply
     */
    public Kind kind() {
        return kind;
    }

    /**
     * The envelope's own id.
     *
     * @return 1 to {@value #MAX_NAME_LENGTH} characters; unless set, one that no other envelope has
     */
    public String id() {
        return id;
    }

    /**
     * The id of the first envelope of the conversation that this one belongs to.
     *
     * @return its own {@link #id()} unless it follows from another
     */
    public String correlationId() {
        return correlationId;
    }

    /**
     * The id of the envelope that this one follows from.
     *
     * @return null if it follows from none
     */
    public @Nullable String causationId() {
        return causationId;
    }

    /**
     * Who sent it.
     *
     * @return {@link #ANONYMOUS} unless set
     */
    public AgentId sender() {
        return sender;
    }

    /**
     * Who is to receive it.
     *
     * @return null if it is addressed to a topic or to everybody
     */
    public @Nullable AgentId recipient() {
        return recipient;
    }

    /**
     * The topic it is published on.
     *
     * @return null if it is addressed to a recipient or to everybody
     */
    public @Nullable String topic() {
        return topic;
    }

    /**
     * How many envelopes it follows from, one after another.
     *
     * @return 0 for the first of a conversation
     */
    public int hops() {
        return hops;
    }

    /**
     * Until when it is of use. Later it is not delivered any more, and a handler that is at it is cancelled.
     *
     * @return the instant, or null without a limit
     */
    public @Nullable Instant deadline() {
        return deadline;
    }

    /**
     * The trace it belongs to, in the names that the propagation format uses: {@code traceparent}, {@code tracestate},
     * {@code baggage}. A network whose engine has an {@code ObservationRegistry} with Micrometer Tracing's propagating handlers writes
     * it, see {@link MessageObservation#SEND}; what brings envelopes to another process has to take it along.
     *
     * @return unmodifiable; empty unless set, or written by a network
     */
    public Map<String, String> trace() {
        return trace;
    }

    /**
     * What else is said about it.
     *
     * @return unmodifiable; empty unless set
     */
    public Map<String, String> headers() {
        return headers;
    }

    /**
     * The Reactor context of its sender, which the handler sees as its subscriber's: the observation in it is the parent of
     * what the handler observes. It stays in this JVM.
     *
     * @return empty unless set
     */
    public ContextView context() {
        return context;
    }

    /**
     * The message itself.
     *
     * @return the payload
     */
    public Object payload() {
        return payload;
    }

    /**
     * The message itself, if it is of a type.
     *
     * @param type what the payload must be
     * @param <T> the same
     * @return the payload
     * @throws PayloadTypeException if it is of another type
     * @throws NullPointerException if {@code type} is null
     */
    public <T> T payload(Class<T> type) {
        if (!type.isInstance(payload)) {
            throw new PayloadTypeException(id, type, payload.getClass());
        }
        return type.cast(payload);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Envelope that && id.equals(that.id);
    }

    @Override
    public int hashCode() {
        return id.hashCode();
    }

    /** Id, sender, address and the payload's type. The payload itself is nobody's business in a log. */
    @Override
    public String toString() {
        String address = recipient != null ? " to " + recipient : topic != null ? " on " + topic : " to all";
        return id + " from " + sender + address + ", " + payload.getClass().getSimpleName();
    }

    /** Makes an envelope. Each setting checks its argument at once. Not thread-safe. */
    public static final class Builder {

        private final EnvelopeFields fields;

        private Builder(@Nullable AgentId recipient, @Nullable String topic, Object payload) {
            this(new EnvelopeFields(recipient, topic, payload));
        }

        private Builder(EnvelopeFields fields) {
            this.fields = fields;
        }

        /**
         * The envelope's own id.
         *
         * @param id 1 to {@value Envelope#MAX_NAME_LENGTH} characters, no control characters; default a new one
         * @return this builder
         * @throws NullPointerException if {@code id} is null
         * @throws IllegalArgumentException if {@code id} is out of its bounds
         */
        public Builder id(String id) {
            fields.id = Names.check("id", id);
            return this;
        }

        /**
         * The conversation it belongs to.
         *
         * @param correlationId 1 to {@value Envelope#MAX_NAME_LENGTH} characters, no control characters; default its own
         *     id
         * @return this builder
         * @throws NullPointerException if {@code correlationId} is null
         * @throws IllegalArgumentException if {@code correlationId} is out of its bounds
         */
        public Builder correlationId(String correlationId) {
            fields.correlationId = Names.check("correlationId", correlationId);
            return this;
        }

        /**
         * The envelope it follows from.
         *
         * @param causationId 1 to {@value Envelope#MAX_NAME_LENGTH} characters, no control characters; default none
         * @return this builder
         * @throws NullPointerException if {@code causationId} is null
         * @throws IllegalArgumentException if {@code causationId} is out of its bounds
         */
        public Builder causationId(String causationId) {
            fields.causationId = Names.check("causationId", causationId);
            return this;
        }

        /**
         * Who sends it.
         *
         * @param sender where replies go to; default {@link Envelope#ANONYMOUS}
         * @return this builder
         * @throws NullPointerException if {@code sender} is null
         */
        public Builder from(AgentId sender) {
            fields.sender = Objects.requireNonNull(sender, "sender");
            return this;
        }

        /**
         * Who sends it.
         *
         * @param sender where replies go to, as {@link AgentId#of(String)} reads it
         * @return this builder
         * @throws NullPointerException if {@code sender} is null
         * @throws IllegalArgumentException if {@code sender} is no name of an agent
         */
        public Builder from(String sender) {
            return from(AgentId.of(sender));
        }

        /**
         * How many envelopes it follows from.
         *
         * @param hops 0 or more; default 0, for a reply or a copy one more than the original has
         * @return this builder
         * @throws IllegalArgumentException if {@code hops} is negative
         */
        public Builder hops(int hops) {
            if (hops < 0) {
                throw new IllegalArgumentException("hops must be >= 0, was " + hops);
            }
            fields.hops = hops;
            return this;
        }

        /**
         * Until when it is of use.
         *
         * @param deadline the first instant at which it is not delivered any more; default none
         * @return this builder
         * @throws NullPointerException if {@code deadline} is null
         */
        public Builder deadline(Instant deadline) {
            fields.deadline = Objects.requireNonNull(deadline, "deadline");
            return this;
        }

        /**
         * The trace it belongs to, for what comes from another process; replaces what was set before.
         *
         * @param trace by the names of the propagation format; copied; keys as {@link #headers}
         * @return this builder
         * @throws NullPointerException if {@code trace}, a key or a value is null
         * @throws IllegalArgumentException if a key is out of its bounds
         */
        public Builder trace(Map<String, String> trace) {
            fields.trace = Names.checkKeys("trace", trace);
            return this;
        }

        /**
         * What else is said about it; replaces what was set before.
         *
         * @param headers copied; keys of 1 to {@value Envelope#MAX_NAME_LENGTH} characters without control characters
         * @return this builder
         * @throws NullPointerException if {@code headers}, a key or a value is null
         * @throws IllegalArgumentException if a key is out of its bounds
         */
        public Builder headers(Map<String, String> headers) {
            fields.headers = Names.checkKeys("headers", headers);
            return this;
        }

        /**
         * The Reactor context that its handler sees. {@link Mailbox#send} and the networks set that of their subscriber if
         * the envelope has none.
         *
         * @param context the context; default empty
         * @return this builder
         * @throws NullPointerException if {@code context} is null
         */
        public Builder context(ContextView context) {
            fields.context = Objects.requireNonNull(context, "context");
            return this;
        }

        /**
         * Makes the envelope. The builder may be changed and used again; without an {@link #id} of its own each envelope gets
         * a new one.
         *
         * @return a new envelope
         */
        public Envelope build() {
            return new Envelope(fields);
        }
    }
}
