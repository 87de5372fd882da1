package io.flotilla.journal.sqlite;

import org.jspecify.annotations.Nullable;

/** The driver gives null for a blob without bytes. */
final class Bytes {

    private static final byte[] NONE = {};

    private Bytes() {}

    static byte[] orNone(byte @Nullable [] bytes) {
        return bytes == null ? NONE : bytes;
    }
}
