package io.flotilla.message;

import io.flotilla.observe.FlotillaKey;
import io.flotilla.observe.FlotillaObservationConvention;
import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.docs.ObservationDocumentation;

/**
 * The observations of messages in mailboxes. They are made when the engine of a mailbox, or of its network, has an {@code
 * ObservationRegistry}, and cost nothing otherwise. The parent of both is the observation in {@link Envelope#context()}, which is that of the
 * message's sender; without one, the span that {@link Envelope#trace()} has as its {@code traceparent}.
 *
 * @since 0.1
 */
public enum MessageObservation implements ObservationDocumentation {
    /**
     * A message's time in the mailbox, the wait for room included. {@code outcome}: {@code taken}, {@code refused}, or why it is a dead
     * letter, as {@link DeadLetter.Reason} in lower case.
     */
    WAIT("flotilla.message.wait"),

    /**
     * The handling of a message. What the handler observes has it for a parent: a member's step, and the messages that follow from this
     * one. {@code outcome}: {@code delivered}, or why it is a dead letter, as {@link DeadLetter.Reason} in lower case.
     */
    HANDLE("flotilla.message.handle");

    private final String name;

    MessageObservation(String name) {
        this.name = name;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    @SuppressWarnings({"unchecked", "rawtypes"}) // Micrometer asks for the raw class of a generic convention
    public Class<? extends ObservationConvention<? extends Observation.Context>> getDefaultConvention() {
        return (Class) FlotillaObservationConvention.class;
    }

    @Override
    public KeyName[] getLowCardinalityKeyNames() {
        return new KeyName[] {FlotillaKey.AGENT, FlotillaKey.OUTCOME};
    }

    @Override
    public KeyName[] getHighCardinalityKeyNames() {
        return MessageKey.values();
    }
}
