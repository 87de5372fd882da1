package io.flotilla.message;

import io.flotilla.observe.FlotillaKey;
import io.flotilla.observe.FlotillaObservationContext;
import io.micrometer.common.docs.KeyName;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The context of {@link MessageObservation#WAIT} and {@link MessageObservation#HANDLE}. It has neither the payload nor the headers.
 *
 * @since 0.1
 */
public final class MessageObservationContext extends FlotillaObservationContext {

    private final String agent;
    private final Envelope envelope;

    /**
     * A message that is not observed yet.
     *
     * @param what which observation
     * @param agent the kind of the mailbox's owner, or {@link FlotillaKey#OTHER}
     * @param envelope the message
     * @throws NullPointerException if an argument is null
     */
    public MessageObservationContext(MessageObservation what, String agent, Envelope envelope) {
        super(what);
        this.agent = Objects.requireNonNull(agent, "agent");
        this.envelope = Objects.requireNonNull(envelope, "envelope");
        parentTraceparent(envelope.trace().get("traceparent"));
    }

    /**
     * The kind of the mailbox's owner, as {@link FlotillaKey#AGENT} bounds it.
     *
     * @return the kind
     */
    public String agent() {
        return agent;
    }

    /**
     * The message.
     *
     * @return the envelope; its payload belongs into no trace
     */
    public Envelope envelope() {
        return envelope;
    }

    @Override
    public @Nullable String value(KeyName key) {
        return key == FlotillaKey.OUTCOME ? outcome() : MessageKey.value(key, agent, envelope);
    }
}
