package io.flotilla.samples.readingcrew.chat;

import io.flotilla.agent.Usage;

/**
 * Takes the key out of one answer, should the other side have repeated it, however the pieces have cut it: what may be the
 * beginning of the key is held back until more of it has come. Not thread-safe.
 */
final class KeyFilter {

    private final String key;
    private final String instead;
    private String held = "";

    KeyFilter(String key, String instead) {
        this.key = key;
        this.instead = instead;
    }

    Delta pass(Delta delta) {
        String text = (held + delta.text()).replace(key, instead);
        int sure = text.length() - beginning(text);
        held = text.substring(sure);
        return new Delta(text.substring(0, sure), delta.usage());
    }

    /** How many characters at the end may be the beginning of the key. */
    private int beginning(String text) {
        int most = Math.min(key.length() - 1, text.length());
        while (most > 0 && !key.startsWith(text.substring(text.length() - most))) {
            most--;
        }
        return most;
    }

    /** What was held back, after the last piece. */
    Delta rest() {
        return new Delta(held, Usage.NONE);
    }
}
