package io.flotilla.step;

import java.time.Duration;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Writes causes and durations for a log line: causes so that they cannot break it, whatever is in them. */
final class Causes {

    private static final int MAX_LENGTH = 500;

    private static final int MAX_CAUSES = 50;

    private Causes() {}

    /** Class and message in one line of at most {@value #MAX_LENGTH} characters. */
    static String describe(Throwable cause) {
        return line(text(cause));
    }

    /** The same, redacted before it is cut: half a secret would not be found. */
    static String describe(Throwable cause, UnaryOperator<String> redact) {
        return line(redact.apply(text(cause)));
    }

    private static String text(Throwable cause) {
        @Nullable String text;
        try {
            text = cause.toString();
        } catch (Throwable broken) {
            text = null;
        }
        return text == null ? cause.getClass().getName() + " (whose message cannot be read)" : text;
    }

    /** The stack, with those of the causes: as {@link Throwable#printStackTrace()} has it, but for what is suppressed. */
    static String stack(Throwable thrown) {
        StringBuilder stack = new StringBuilder();
        Throwable at = thrown;
        for (int depth = 0; at != null && depth < MAX_CAUSES; depth++) {
            stack.append(depth == 0 ? "" : "\nCaused by: ").append(text(at));
            for (StackTraceElement frame : at.getStackTrace()) {
                stack.append("\n\tat ").append(frame);
            }
            at = at.getCause();
        }
        return stack.toString();
    }

    /** In milliseconds with three digits after the point, as a log is read: {@code 3002.417 ms}. */
    static String describe(Duration duration) {
        return String.format(Locale.ROOT, "%.3f ms", duration.toNanos() / 1e6);
    }

    private static String line(String text) {
        int length = Math.min(text.length(), MAX_LENGTH);
        StringBuilder line = new StringBuilder(length + 1);
        for (int at = 0; at < length; at++) {
            char character = text.charAt(at);
            line.append(
                    Character.isISOControl(character) || character == '\u2028' || character == '\u2029'
                            ? ' '
                            : character);
        }
        return text.length() > MAX_LENGTH ? line.append('…').toString() : line.toString();
    }
}
