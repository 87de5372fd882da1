package io.flotilla.security;

import java.util.Base64;

/** The text forms of keys: Base64 of either alphabet, and PEM. */
final class KeyText {

    static final int MAX_LENGTH = 64 * 1024;

    private KeyText() {}

    /** Lines that begin with dashes are those of PEM. */
    static byte[] decode(String text) {
        StringBuilder bare = new StringBuilder();
        text.lines()
                .map(String::strip)
                .filter(line -> !line.startsWith("-----"))
                .forEach(bare::append);
        String base64 = bare.toString().replace('-', '+').replace('_', '/');
        return Base64.getDecoder().decode(base64);
    }
}
