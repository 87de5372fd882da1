package io.flotilla.observe;

/**
 * Takes out of a text what must not be read by others: keys, passwords, names. What leaves a run or round for people or for a
 * file goes through it: log lines, events, the journal.
 *
 * <p>A redactor that throws lets nothing through: the log says that the text is withheld, and a run whose journal cannot be
 * written ends.
 *
 * <p>Called by any thread, also many times with the same text and with what it has returned; implementations are
 * thread-safe, and leave a text alone that they have redacted already.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface Redactor {

    /** Lets everything through. */
    Redactor NONE = text -> text;

    /**
     * Redacts a text.
     *
     * @param text the text to be logged, recorded or emitted
     * @return the same without what they must not; not null
     */
    String redact(String text);
}
