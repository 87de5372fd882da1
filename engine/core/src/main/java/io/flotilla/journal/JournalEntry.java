package io.flotilla.journal;

import java.time.Instant;
import java.util.Arrays;
import java.util.Objects;

/**
 * One fact of a run, as a journal keeps it. Immutable: the payload is copied when it is passed in and when it is
 * returned.
 *
 * <p>Two entries are equal if all their components are; payloads are compared byte by byte.
 *
 * @since 0.1
 */
public final class JournalEntry {

    /** The earliest {@code timestamp}: the first whose nanoseconds since 1970 fit into a long. */
    public static final Instant MIN_TIMESTAMP = Instant.ofEpochSecond(0, Long.MIN_VALUE);

    /** The latest {@code timestamp}: the last whose nanoseconds since 1970 fit into a long. */
    public static final Instant MAX_TIMESTAMP = Instant.ofEpochSecond(0, Long.MAX_VALUE);

    private final long sequence;
    private final Instant timestamp;
    private final String type;
    private final byte[] payload;

    /**
     * Checks the bounds and copies the payload.
     *
     * @param sequence its place in the run, from 0; at most {@link JournalBounds#MAX_SEQUENCE}
     * @param at when it happened; from 1677 to 2262, see {@link #MIN_TIMESTAMP} and {@link #MAX_TIMESTAMP}; kept to the nanosecond
     * @param type what kind of fact, {@code step-settled}: 1 to 64 printable ASCII characters, no spaces
     * @param payload the fact itself; may be empty; each journal has a bound for its size
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if an argument is out of its bounds
     */
    public JournalEntry(long sequence, Instant at, String type, byte[] payload) {
        this.sequence = JournalBounds.checkSequence("sequence", sequence);
        this.timestamp = Objects.requireNonNull(at, "timestamp");
        if (at.isBefore(MIN_TIMESTAMP) || at.isAfter(MAX_TIMESTAMP)) {
            throw new IllegalArgumentException(
                    "timestamp must be between " + MIN_TIMESTAMP + " and " + MAX_TIMESTAMP + ", was " + at);
        }
        this.type = JournalBounds.checkName("type", type, JournalBounds.MAX_TYPE_LENGTH);
        this.payload = Objects.requireNonNull(payload, "payload").clone();
    }

    /**
     * Its place in the run.
     *
     * @return 0 for the first
     */
    public long sequence() {
        return sequence;
    }

    /**
     * When it happened, by the clock of its writer.
     *
     * @return the instant, to the nanosecond
     */
    public Instant timestamp() {
        return timestamp;
    }

    /**
     * What kind of fact.
     *
     * @return a short name
     */
    public String type() {
        return type;
    }

    /**
     * The fact itself.
     *
     * @return a copy
     */
    public byte[] payload() {
        return payload.clone();
    }

    /**
     * The size of the payload.
     *
     * @return the number of bytes
     */
    public int payloadSize() {
        return payload.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof JournalEntry that
                && sequence == that.sequence
                && timestamp.equals(that.timestamp)
                && type.equals(that.type)
                && Arrays.equals(payload, that.payload);
    }

    @Override
    public int hashCode() {
        return Objects.hash(sequence, timestamp, type) * 31 + Arrays.hashCode(payload);
    }

    /** All but the payload, of which it says the size only: what is in it is nobody's business in a log. */
    @Override
    public String toString() {
        return "#" + sequence + " " + type + " at " + timestamp + ", " + payload.length + " B";
    }
}
