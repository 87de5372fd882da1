package io.flotilla.message;

import io.flotilla.observe.DocumentedContext;
import io.flotilla.observe.FlotillaKey;
import io.micrometer.common.KeyValues;
import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.docs.ObservationDocumentation;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.ReceiverContext;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The context of {@link MessageObservation#RECEIVE}. Its carrier is the {@link Envelope#trace()} that came with the message. Not
 * thread-safe.
 *
 * @since 0.1
 */
public final class MessageReceiveContext extends ReceiverContext<Map<String, String>> implements DocumentedContext {

    private final String agent;
    private final Envelope envelope;
    private @Nullable String outcome;
    private int timesNamed;

    /**
     * A message that is not received yet.
     *
     * @param agent the kind of its sender, or {@link FlotillaKey#OTHER}
     * @param envelope the message
     * @throws NullPointerException if an argument is null
     */
    public MessageReceiveContext(String agent, Envelope envelope) {
        super(Map::get, Kind.CONSUMER);
        this.agent = Objects.requireNonNull(agent, "agent");
        this.envelope = Objects.requireNonNull(envelope, "envelope");
        setName(MessageObservation.RECEIVE.getName()); // handlers choose by it, before conventions name it
        setCarrier(envelope.trace());
    }

    /**
     * The message.
     *
     * @return the envelope as it came; its payload belongs into no trace
     */
    public Envelope envelope() {
        return envelope;
    }

    @Override
    public ObservationDocumentation documentation() {
        return MessageObservation.RECEIVE;
    }

    @Override
    public @Nullable String outcome() {
        return outcome;
    }

    @Override
    public void endedAs(String how) {
        outcome = Objects.requireNonNull(how, "how");
    }

    @Override
    public int timesNamed() {
        return timesNamed;
    }

    /** Conventions give these last. */
    @Override
    public Observation.Context addHighCardinalityKeyValues(KeyValues keyValues) {
        super.addHighCardinalityKeyValues(keyValues);
        timesNamed++;
        return this;
    }

    @Override
    public @Nullable String value(KeyName key) {
        return key == FlotillaKey.OUTCOME ? outcome : MessageKey.value(key, agent, envelope);
    }
}
