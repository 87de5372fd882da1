package io.flotilla.message;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** The bounds of ids, topics and keys: they appear in log lines, and travel. */
final class Names {

    private Names() {}

    static String check(String what, String name) {
        if (Objects.requireNonNull(name, what).isBlank()) {
            throw new IllegalArgumentException(what + " must not be blank, was \"" + name + "\"");
        }
        if (name.length() > Envelope.MAX_NAME_LENGTH) {
            throw new IllegalArgumentException(
                    what + " must have at most " + Envelope.MAX_NAME_LENGTH + " characters, had " + name.length());
        }
        for (int at = 0; at < name.length(); at++) {
            char character = name.charAt(at);
            if (Character.isISOControl(character) || character == '\u2028' || character == '\u2029') {
                throw new IllegalArgumentException(
                        what + " must not contain control characters, had one at " + at + " of " + name.length());
            }
        }
        return name;
    }

    /** A copy in the same order. */
    static Map<String, String> checkKeys(String what, Map<String, String> entries) {
        Map<String, String> copy = new LinkedHashMap<>(Objects.requireNonNull(entries, what));
        copy.forEach((key, value) -> {
            check("a key of " + what, key);
            Objects.requireNonNull(value, () -> what + " has no value for " + key);
        });
        return Collections.unmodifiableMap(copy);
    }
}
