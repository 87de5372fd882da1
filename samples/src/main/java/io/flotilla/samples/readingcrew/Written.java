package io.flotilla.samples.readingcrew;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the writer ends the run with. It is in the journal.
 *
 * @param file what it has written
 * @param reads what has come to it
 * @param check what the checker brought; null if it did not come in time
 */
record Written(String file, List<Read> reads, @Nullable Check check) {

    /** Immutable. */
    Written {
        reads = List.copyOf(reads);
    }
}
