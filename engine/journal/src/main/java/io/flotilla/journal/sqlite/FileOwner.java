package io.flotilla.journal.sqlite;

import io.flotilla.journal.JournalInUseException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;

/**
 * That nobody else has the file: a lock of the operating system on a file beside it, which is gone with the process however
 * that ends, so nothing needs to be cleaned up after a kill.
 *
 * <p>A second one in this process must be seen without opening the side file: on POSIX, closing any descriptor of a file
 * gives up all locks the process has on it. So the files that are owned here are known by what the file system knows them
 * by. The side file is never deleted, since another process may just be about to lock it. Thread-safe.
 */
final class FileOwner {

    private static final Set<Object> OWNED_HERE = ConcurrentHashMap.newKeySet();

    /** Descriptors that must not be closed: see {@link #lock}. Full only after a hundred class loaders have tried. */
    private static final Queue<FileChannel> KEPT_OPEN = new ArrayBlockingQueue<>(100);

    private final Object key;
    private final FileChannel channel;

    private FileOwner(Object key, FileChannel channel) {
        this.key = key;
        this.channel = channel;
    }

    /** Locks, or throws {@link JournalInUseException}. */
    static FileOwner lock(Path file) throws IOException {
        Path side = file.resolveSibling(file.getFileName() + ".lock");
        try {
            Files.createFile(side);
        } catch (FileAlreadyExistsException there) {
            // Left by an earlier one, or held by another: the lock will say.
        }
        Object key = keyOf(side);
        if (!OWNED_HERE.add(key)) {
            throw new JournalInUseException(file.toString(), "another journal of this process has it open");
        }
        FileChannel channel = null;
        boolean owned = false;
        try {
            channel = FileChannel.open(side, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw new JournalInUseException(file.toString(), "another process has it open");
            }
            owned = true;
            return new FileOwner(key, channel);
        } catch (OverlappingFileLockException elsewhere) {
            // This library is loaded twice in this process. Closing the channel would take the other's lock away.
            if (channel != null && KEPT_OPEN.offer(channel)) {
                channel = null;
            }
            throw new JournalInUseException(file.toString(), "another journal of this process has it open");
        } finally {
            if (!owned) {
                OWNED_HERE.remove(key);
                if (channel != null) {
                    channel.close();
                }
            }
        }
    }

    private static Object keyOf(Path side) throws IOException {
        Object key = Files.readAttributes(side, BasicFileAttributes.class).fileKey();
        return key == null ? side.toRealPath() : key;
    }

    void release() throws IOException {
        try {
            channel.close();
        } finally {
            OWNED_HERE.remove(key);
        }
    }
}
