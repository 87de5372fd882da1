package io.flotilla.journal.sqlite;

import io.flotilla.journal.JournalFileLostException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether the files of an open journal are still those it has opened. A file system lets a file be deleted or renamed while
 * somebody writes to it; SQLite does not notice, and a new connection would make an empty one in its place.
 *
 * <p>A look is a few microseconds: the attributes of the file and of its folder. The log and its index are looked at only if
 * something was made, deleted or renamed in the folder since they were looked at last, which its time of change tells. That is
 * not for the microseconds: newer Linux kernels give a file that was looked at an exact time with its next write, and that
 * time has to reach the disk with the next fsync. A commit after a look at the log takes a third longer.
 *
 * <p>Where the file system gives files no keys, all are looked at each time, and only that they are there is known.
 * Thread-safe.
 */
final class FileWatch {

    /** What a folder's time of change may lag behind: two changes within a tick of the kernel have the same. */
    private static final Duration TICK = Duration.ofMillis(100);

    /** The same where times have whole seconds, or even ones. */
    private static final Duration COARSE_TICK = Duration.ofSeconds(3);

    /** A file, and what the file system knew it by when it was seen first. */
    private static final class Watched {

        final Path path;
        volatile @Nullable Object key;
        volatile boolean seen;

        Watched(Path path) {
            this.path = path;
        }
    }

    /** A folder in which nothing is made, deleted or renamed without its time of change becoming another. */
    private record Folder(Object key, Instant changed) {}

    private final Watched file;
    private final List<Watched> beside;
    private final Path folder;

    /** The folder when the files in it were looked at last; null if a change may have been missed since. */
    private volatile @Nullable Folder lookedAt;

    /** Of a journal that is open: its log and the index to that are made with the first transaction. */
    FileWatch(JournalFile journal) {
        file = new Watched(journal.path());
        beside = List.of(new Watched(journal.log()), new Watched(journal.index()));
        folder = journal.folder();
        check();
    }

    /** Throws {@link JournalFileLostException} if one is not there any more, or is another one. */
    void check() {
        check(file);
        Folder now = file.key == null ? null : folder();
        if (now != null && now.equals(lookedAt)) {
            return;
        }
        for (Watched one : beside) {
            check(one);
        }
        lookedAt = now;
    }

    /** As it is now; null if a change that comes next might not be seen. */
    private @Nullable Folder folder() {
        try {
            BasicFileAttributes now = Files.readAttributes(folder, BasicFileAttributes.class);
            Object key = now.fileKey();
            Instant changed = now.lastModifiedTime().toInstant();
            Duration tick = changed.toEpochMilli() % 1_000 == 0 ? COARSE_TICK : TICK;
            return key != null && changed.isBefore(Instant.now().minus(tick)) ? new Folder(key, changed) : null;
        } catch (IOException unreadable) {
            return null;
        }
    }

    private void check(Watched watched) {
        BasicFileAttributes now;
        try {
            now = Files.readAttributes(watched.path, BasicFileAttributes.class);
        } catch (NoSuchFileException gone) {
            if (watched.seen || watched.equals(file)) {
                throw lost(watched, "it was deleted or renamed");
            }
            return;
        } catch (IOException unreadable) {
            throw lost(watched, unreadable.toString());
        }
        if (!watched.seen) {
            watched.key = now.fileKey();
            watched.seen = true;
        }
        Object key = watched.key;
        if (key != null && !key.equals(now.fileKey())) {
            throw lost(watched, "another file is in its place");
        }
        if (now.size() == 0 && watched.equals(file)) {
            throw lost(watched, "it was emptied");
        }
    }

    private static JournalFileLostException lost(Watched file, String what) {
        return new JournalFileLostException(file.path.toString(), what);
    }
}
