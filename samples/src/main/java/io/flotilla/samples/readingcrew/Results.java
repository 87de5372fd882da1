package io.flotilla.samples.readingcrew;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** Where a sample leaves what it has made. */
final class Results {

    private Results() {}

    /** Writes a file anew, with the folder it is in. Blocks. */
    static Path write(Path file, String text) {
        try {
            Files.createDirectories(Objects.requireNonNull(file.getParent()));
            Files.writeString(file, text);
        } catch (IOException failed) {
            throw new UncheckedIOException("cannot write " + file, failed);
        }
        return file;
    }
}
