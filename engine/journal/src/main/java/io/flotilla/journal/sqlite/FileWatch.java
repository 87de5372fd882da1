package io.flotilla.journal.sqlite;

import io.flotilla.journal.JournalFileLostException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether the files of an open journal are still those it has opened. A file system lets a file be deleted or renamed while
 * somebody writes to it; SQLite does not notice, and a new connection would make an empty one in its place.
 *
 * <p>A look is a few microseconds: the attributes of three files. Where the file system gives files no keys, only that they
 * are there is known. Thread-safe.
 */
final class FileWatch {

    /** A file, and what the file system knew it by when it was seen first. */
    private static final class Watched {

        final Path path;
        volatile @Nullable Object key;
        volatile boolean seen;

        Watched(Path path) {
            this.path = path;
        }
    }

    private final List<Watched> files;

    /** Of a journal that is open: its log and the index to that are made with the first transaction. */
    FileWatch(JournalFile file) {
        files = List.of(new Watched(file.path()), new Watched(file.log()), new Watched(file.index()));
        check();
    }

    /** Throws {@link JournalFileLostException} if one is not there any more, or is another one. */
    void check() {
        for (Watched file : files) {
            check(file);
        }
    }

    private void check(Watched file) {
        BasicFileAttributes now;
        try {
            now = Files.readAttributes(file.path, BasicFileAttributes.class);
        } catch (NoSuchFileException gone) {
            if (file.seen || file.equals(files.get(0))) {
                throw lost(file, "it was deleted or renamed");
            }
            return;
        } catch (IOException unreadable) {
            throw lost(file, unreadable.toString());
        }
        if (!file.seen) {
            file.key = now.fileKey();
            file.seen = true;
        }
        Object key = file.key;
        if (key != null && !key.equals(now.fileKey())) {
            throw lost(file, "another file is in its place");
        }
        if (now.size() == 0 && file.equals(files.get(0))) {
            throw lost(file, "it was emptied");
        }
    }

    private static JournalFileLostException lost(Watched file, String what) {
        return new JournalFileLostException(file.path.toString(), what);
    }
}
