package io.flotilla.security;

import org.jspecify.annotations.Nullable;

/** What can be done with a key. Nothing of it is ever shown. Thread-safe. */
interface KeyMaterial {

    /** Whether it can sign. */
    default boolean signs() {
        return false;
    }

    /** The signature; null if it cannot sign. */
    default byte @Nullable [] sign(byte[] content) {
        return null;
    }

    /** In constant time as far as the key is a secret. */
    default boolean verifies(byte[] content, byte[] signature) {
        return false;
    }

    /** A secret for another purpose, from which this one cannot be computed; null if this is no shared secret. */
    default byte @Nullable [] derive(byte[] purpose) {
        return null;
    }
}
