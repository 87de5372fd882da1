package io.flotilla.security;

import java.io.IOException;

/** A source of the library has no key; its message says where it looked, and has nothing of a key. */
final class NoSuchKeyException extends IOException {

    private static final long serialVersionUID = 1L;

    NoSuchKeyException(String where) {
        super(where);
    }
}
