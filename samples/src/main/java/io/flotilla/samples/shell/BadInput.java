package io.flotilla.samples.shell;

/** The user asked for something that makes no sense. The message is one line, says what was given and what is allowed. */
public final class BadInput extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private static final int MAX_QUOTED = 200;

    public BadInput(String line) {
        super(line);
    }

    /** What the user gave, safe to print in one line. */
    public static String quoted(Object given) {
        String text = Output.oneLine(given.toString());
        return '"' + (text.length() > MAX_QUOTED ? text.substring(0, MAX_QUOTED) + "..." : text) + '"';
    }
}
