package io.flotilla.message;

import io.flotilla.observe.DocumentedContext;
import io.flotilla.observe.FlotillaKey;
import io.micrometer.common.KeyValues;
import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.docs.ObservationDocumentation;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.SenderContext;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The context of {@link MessageObservation#SEND}. Its carrier becomes the {@link Envelope#trace()} of the message when the observation has
 * started, unless it is empty. Not thread-safe.
 *
 * @since 0.1
 */
public final class MessageSendContext extends SenderContext<Map<String, String>> implements DocumentedContext {

    private final String agent;
    private final Envelope envelope;
    private @Nullable String outcome;
    private int timesNamed;

    /**
     * A message that is not sent yet.
     *
     * @param agent the kind of its sender, or {@link FlotillaKey#OTHER}
     * @param envelope the message
     * @throws NullPointerException if an argument is null
     */
    public MessageSendContext(String agent, Envelope envelope) {
        super(MessageSendContext::set, Kind.PRODUCER);
        this.agent = Objects.requireNonNull(agent, "agent");
        this.envelope = Objects.requireNonNull(envelope, "envelope");
        setName(MessageObservation.SEND.getName()); // handlers choose by it, before conventions name it
        setCarrier(new LinkedHashMap<>());
    }

    private static void set(@Nullable Map<String, String> carrier, @Nullable String key, @Nullable String value) {
        if (carrier != null && key != null && value != null) {
            carrier.put(key, value);
        }
    }

    /**
     * The message.
     *
     * @return the envelope as its sender made it; its payload belongs into no trace
     */
    public Envelope envelope() {
        return envelope;
    }

    @Override
    public ObservationDocumentation documentation() {
        return MessageObservation.SEND;
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
