package io.flotilla.message;

import io.flotilla.observe.FlotillaKey;
import io.flotilla.observe.FlotillaObservationConvention;
import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.docs.ObservationDocumentation;

/**
 * The observations of messages. They are made when the engine of a network, or of a mailbox, has an {@code ObservationRegistry}, and cost
 * nothing otherwise.
 *
 * <p>A network makes {@link #SEND} or {@link #RECEIVE} of each message that its guard lets in. The contexts are Micrometer's, so that its
 * propagating handlers bring a trace and its baggage from one process to another, in {@link Envelope#trace()}. The mailboxes make
 * {@link #WAIT} and {@link #HANDLE} inside. Without a network the parent of these is the observation in {@link Envelope#context()};
 * without one, the span that {@link Envelope#trace()} has as its {@code traceparent}.
 *
 * @since 0.1
 */
public enum MessageObservation implements ObservationDocumentation {
    /**
     * A message is sent: until each receiver has accepted or refused it. Its parent is the observation in {@link Envelope#context()},
     * which is that of the message's sender. What a handler writes into its {@link MessageSendContext} is the {@link Envelope#trace()}
     * that receivers get. {@code outcome}: {@code accepted}, by one receiver or more; {@code cancelled}; or why nobody has accepted it, as
     * {@link DeadLetter.Reason} in lower case. {@code agent} is the kind of the sender.
     */
    SEND("flotilla.message.send"),

    /**
     * The same of a message from another process: one that has a {@link Envelope#trace()} and no observation in its {@link
     * Envelope#context()}. Its parent is the span there, as read by a handler from its {@link MessageReceiveContext}.
     */
    RECEIVE("flotilla.message.receive"),

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
