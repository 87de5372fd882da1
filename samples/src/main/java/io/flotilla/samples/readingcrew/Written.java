package io.flotilla.samples.readingcrew;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the writer ends the run with.
 *
 * @param file what it has written
 * @param digests what has come to it
 * @param check what the checker brought; null if it did not come in time
 */
record Written(Path file, List<Digest> digests, @Nullable Check check) {

    /** Immutable. */
    Written {
        digests = List.copyOf(digests);
    }
}
