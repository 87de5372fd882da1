package io.flotilla.state;

import io.flotilla.journal.JournalEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.zip.CRC32;

/**
 * A state that its events have made.
 *
 * @param state the state
 * @param version how many events made it
 * @param at the timestamp of the last of them
 * @param fingerprint tells the last of them from others at the same place
 */
record Known<S>(S state, long version, Instant at, long fingerprint) {

    static <S> Known<S> initial(S state) {
        return new Known<>(state, 0, JournalEntry.MIN_TIMESTAMP, 0);
    }

    Known<S> next(S after, JournalEntry event) {
        return new Known<>(after, version + 1, event.timestamp(), fingerprint(event));
    }

    static long fingerprint(JournalEntry event) {
        CRC32 sum = new CRC32();
        sum.update(event.payload());
        return sum.getValue() ^ nanos(event.timestamp());
    }

    /** Since 1970; those of a journal fit into a long. */
    static long nanos(Instant instant) {
        return Duration.between(Instant.EPOCH, instant).toNanos();
    }

    Versioned<S> versioned() {
        return new Versioned<>(state, version);
    }
}
