package io.flotilla.journal;

import java.util.List;
import java.util.Objects;

/**
 * The bounds of the arguments of a journal, and their checks. They are the same for all implementations, which call these
 * methods.
 *
 * @since 0.1
 */
public final class JournalBounds {

    /** The most characters of a run id. */
    public static final int MAX_RUN_ID_LENGTH = 200;

    /** The most characters of an entry's type. */
    public static final int MAX_TYPE_LENGTH = 64;

    /** The highest sequence of an entry. */
    public static final long MAX_SEQUENCE = 4_294_967_295L;

    /** The most entries of one append. */
    public static final int MAX_ENTRIES = 10_000;

    /** The most bytes of one payload, unless a journal says otherwise: 16 MiB. */
    public static final int DEFAULT_MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

    private JournalBounds() {}

    /**
     * Checks a run id.
     *
     * @param runId 1 to 200 printable ASCII characters, no spaces
     * @return the run id
     * @throws NullPointerException if it is null
     * @throws IllegalArgumentException if it is out of its bounds
     */
    public static String checkRunId(String runId) {
        return checkName("runId", runId, MAX_RUN_ID_LENGTH);
    }

    /**
     * Checks a sequence.
     *
     * @param what its name, for the message
     * @param sequence 0 to {@link #MAX_SEQUENCE}
     * @return the sequence
     * @throws IllegalArgumentException if it is out of its bounds
     */
    public static long checkSequence(String what, long sequence) {
        if (sequence < 0 || sequence > MAX_SEQUENCE) {
            throw new IllegalArgumentException(what + " must be between 0 and " + MAX_SEQUENCE + ", was " + sequence);
        }
        return sequence;
    }

    /**
     * Checks the arguments of an append, except for the sizes of payloads.
     *
     * @param runId 1 to 200 printable ASCII characters, no spaces
     * @param expectedSequence 0 to {@link #MAX_SEQUENCE}
     * @param entries 1 to {@link #MAX_ENTRIES}, with sequences from {@code expectedSequence} on without gaps
     * @return a copy of the entries
     * @throws NullPointerException if an argument or an entry is null
     * @throws IllegalArgumentException if one is out of its bounds
     */
    public static List<JournalEntry> checkAppend(String runId, long expectedSequence, List<JournalEntry> entries) {
        checkRunId(runId);
        checkSequence("expectedSequence", expectedSequence);
        int size = Objects.requireNonNull(entries, "entries").size();
        if (size < 1 || size > MAX_ENTRIES) {
            throw new IllegalArgumentException("entries must be 1 to " + MAX_ENTRIES + ", were " + size);
        }
        List<JournalEntry> copy = List.copyOf(entries);
        for (int index = 0; index < copy.size(); index++) {
            if (copy.get(index).sequence() != expectedSequence + index) {
                throw new IllegalArgumentException(
                        "entry " + index + " must have sequence " + (expectedSequence + index) + ", had "
                                + copy.get(index).sequence());
            }
        }
        return copy;
    }

    /**
     * Checks the sizes of payloads.
     *
     * @param runId the run, for the message
     * @param entries the entries
     * @param maxPayloadBytes the most bytes of a payload
     * @throws JournalEntryTooLargeException if a payload is larger
     */
    public static void checkPayloads(String runId, List<JournalEntry> entries, int maxPayloadBytes) {
        for (JournalEntry entry : entries) {
            if (entry.payloadSize() > maxPayloadBytes) {
                throw new JournalEntryTooLargeException(runId, entry.sequence(), entry.payloadSize(), maxPayloadBytes);
            }
        }
    }

    static String checkName(String what, String name, int maxLength) {
        int length = Objects.requireNonNull(name, what).length();
        if (length < 1 || length > maxLength) {
            throw new IllegalArgumentException(what + " must have 1 to " + maxLength + " characters, had " + length);
        }
        for (int at = 0; at < length; at++) {
            char character = name.charAt(at);
            if (character <= ' ' || character > '~') {
                throw new IllegalArgumentException(what + " must be of printable ASCII without spaces, had U+"
                        + String.format("%04X", (int) character) + " at " + at + " of " + length);
            }
        }
        return name;
    }
}
