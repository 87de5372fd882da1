package io.flotilla.journal.json;

/** Halves of characters, as in a text that was cut in the middle of one: UTF-8 has none, JSON's escapes have. */
final class Surrogates {

    private Surrogates() {}

    static boolean hasLone(String text) {
        return nextLone(text, 0) < text.length();
    }

    /** JSON with every half that stands alone escaped; they can be in strings only. */
    static String escapeLone(String json) {
        int first = nextLone(json, 0);
        if (first == json.length()) {
            return json;
        }
        StringBuilder escaped = new StringBuilder(json.length() + 100);
        int from = 0;
        for (int lone = first; lone < json.length(); lone = nextLone(json, from)) {
            escaped.append(json, from, lone).append(String.format("\\u%04x", (int) json.charAt(lone)));
            from = lone + 1;
        }
        return escaped.append(json, from, json.length()).toString();
    }

    private static int nextLone(String text, int from) {
        for (int at = from; at < text.length(); at++) {
            char unit = text.charAt(at);
            if (Character.isSurrogate(unit)) {
                if (!Character.isHighSurrogate(unit)
                        || at + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(at + 1))) {
                    return at;
                }
                at++;
            }
        }
        return text.length();
    }
}
