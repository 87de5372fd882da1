package io.flotilla.security;

import io.flotilla.FlotillaException;

/**
 * A key cannot be had: its source failed, its bytes are not those of such a key, or the key ring has none for what is to be
 * done. Says which key and why, never anything of the key; so it has no cause.
 *
 * @since 0.1
 */
public final class KeyUnavailableException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String keyId;

    KeyUnavailableException(String keyId, String what) {
        super("key " + keyId + " cannot be had: " + what, null);
        this.keyId = keyId;
    }

    /**
     * Which key.
     *
     * @return its id, or what was looked for if the key ring has none
     */
    public String keyId() {
        return keyId;
    }
}
