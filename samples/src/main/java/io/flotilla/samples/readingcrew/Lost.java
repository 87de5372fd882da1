package io.flotilla.samples.readingcrew;

/** What kept somebody from answering, as it was recorded: its kind and what it said. */
final class Lost extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String kind;

    Lost(String kind, String message) {
        super(message, null, false, false);
        this.kind = kind;
    }

    /** The name of a cause's class; of a recorded one the name it had. */
    static String kindOf(Throwable cause) {
        return cause instanceof Lost lost ? lost.kind : cause.getClass().getSimpleName();
    }
}
