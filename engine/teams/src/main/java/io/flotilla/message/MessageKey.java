package io.flotilla.message;

import io.flotilla.observe.FlotillaKey;
import io.micrometer.common.docs.KeyName;
import org.jspecify.annotations.Nullable;

/**
 * The keys of the observations of messages that core's observations do not have.
 *
 * @since 0.1
 */
public enum MessageKey implements KeyName {
    /** The message's id. Many values. */
    MESSAGE_ID("message.id"),
    /** Who has sent it. Many values. */
    SENDER("message.sender");

    private final String key;

    MessageKey(String key) {
        this.key = key;
    }

    @Override
    public String asString() {
        return key;
    }

    /** What an envelope has to say for a key; null for others. */
    static @Nullable String value(KeyName key, String agent, Envelope envelope) {
        if (key == FlotillaKey.AGENT) {
            return agent;
        }
        if (key == MESSAGE_ID) {
            return envelope.id();
        }
        return key == SENDER ? envelope.sender().toString() : null;
    }
}
