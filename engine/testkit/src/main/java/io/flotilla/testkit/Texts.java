package io.flotilla.testkit;

import org.jspecify.annotations.Nullable;

/** Texts of things whose own texts are the user's code, in one line. */
final class Texts {

    private static final int MOST = 500;

    private Texts() {}

    static String of(@Nullable Object any) {
        try {
            return line(String.valueOf(any));
        } catch (Throwable thrown) {
            return any == null ? "null" : any.getClass().getName();
        }
    }

    private static String line(@Nullable String text) {
        if (text == null) {
            return "null";
        }
        String line = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
        return line.length() <= MOST ? line : line.substring(0, MOST) + "…";
    }
}
