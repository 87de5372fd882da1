package io.flotilla.message;

import io.micrometer.common.docs.KeyName;

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
}
