package io.flotilla.journal.sqlite;

import io.flotilla.journal.JournalFormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteOpenMode;

/**
 * The file: found, checked, made where there is none, and connections to it.
 *
 * <p>It is checked by its first hundred bytes before SQLite is let near it, so what is not a journal is not touched. A new
 * one is made under another name and renamed when it is complete: there is never half a journal under its own name, and an
 * empty file is none. Immutable.
 */
final class JournalFile {

    private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);
    private static final int HEADER = 100;

    /** Of the connection that writes. */
    private static final int CACHE_BYTES = 16 * 1024 * 1024;

    private final Path path;

    private JournalFile(Path path) {
        this.path = path;
    }

    /** Finds the file itself behind links and other spellings. */
    static JournalFile at(Path given) throws IOException {
        Path absolute = given.toAbsolutePath();
        Path real;
        if (Files.exists(absolute)) {
            real = absolute.toRealPath();
        } else if (Files.isSymbolicLink(absolute)) {
            throw new JournalFormatException(given.toString(), "it is a symbolic link to nothing", null);
        } else {
            Path folder = absolute.normalize().getParent();
            Path name = absolute.getFileName();
            if (folder == null || name == null || !Files.isDirectory(folder)) {
                throw new NoSuchFileException(String.valueOf(folder), null, "no such folder");
            }
            real = folder.toRealPath().resolve(name);
        }
        if (real.toString().indexOf('?') >= 0) {
            throw new IllegalArgumentException("path must not contain '?', was " + real);
        }
        return new JournalFile(real);
    }

    Path path() {
        return path;
    }

    Path folder() {
        Path folder = path.getParent();
        return folder == null ? path : folder;
    }

    Path log() {
        return beside("-wal");
    }

    /** What SQLite keeps beside the log while the journal is open. */
    Path index() {
        return beside("-shm");
    }

    private Path beside(String suffix) {
        return path.resolveSibling(path.getFileName() + suffix);
    }

    private JournalFormatException refused(String what) {
        return new JournalFormatException(path.toString(), what, null);
    }

    // --- checked

    /** Whether there is one that can be opened; false if there is nothing at all. */
    boolean check() throws IOException {
        if (!Files.exists(path)) {
            if (Files.exists(log()) && Files.size(log()) > 0) {
                throw refused("its write-ahead log " + log().getFileName() + " is there, the file itself is not");
            }
            return false;
        }
        if (!Files.isRegularFile(path)) {
            throw refused(Files.isDirectory(path) ? "it is a folder" : "it is not a file");
        }
        if (hardLinks() > 1) {
            throw refused("it has a second name (a hard link), under which it could be opened unseen");
        }
        checkHeader();
        return true;
    }

    private int hardLinks() throws IOException {
        return path.getFileSystem().supportedFileAttributeViews().contains("unix")
                ? (Integer) Files.getAttribute(path, "unix:nlink", LinkOption.NOFOLLOW_LINKS)
                : 1;
    }

    private void checkHeader() throws IOException {
        ByteBuffer header = ByteBuffer.allocate(HEADER);
        long size;
        // No connection is open yet: closing this later would give up SQLite's own locks.
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            size = channel.size();
            while (header.hasRemaining() && channel.read(header) >= 0) {
                // Until it is full or the file ends.
            }
        }
        header.flip();
        if (header.limit() == 0) {
            throw refused("it is empty, which a journal never is");
        }
        byte[] magic = new byte[Math.min(MAGIC.length, header.limit())];
        header.get(magic);
        if (!new String(MAGIC, 0, magic.length, StandardCharsets.US_ASCII)
                .equals(new String(magic, StandardCharsets.ISO_8859_1))) {
            throw refused("it is not a file of SQLite");
        }
        if (header.limit() < HEADER) {
            throw refused("it is cut off after " + header.limit() + " B");
        }
        int application = header.getInt(68);
        if (application != Format.APPLICATION_ID) {
            throw refused("it is a file of SQLite, but not a journal (application id " + application + ")");
        }
        int version = header.getInt(60);
        if (version != Format.VERSION) {
            throw refused("it is of format version " + version + ", this library reads version " + Format.VERSION);
        }
        checkSize(header, size);
    }

    /** What the log still holds may be missing from the file, so the size tells only where there is no log. */
    private void checkSize(ByteBuffer header, long size) throws IOException {
        int pageSize = header.getShort(16) == 1 ? 65_536 : header.getShort(16) & 0xFFFF;
        long pages = header.getInt(28) & 0xFFFF_FFFFL;
        boolean pagesKnown = header.getInt(24) == header.getInt(92);
        boolean logIsEmpty = !Files.exists(log()) || Files.size(log()) == 0;
        if (logIsEmpty && pagesKnown && size < pages * pageSize) {
            throw refused("it is cut off: " + size + " B of " + pages * pageSize + " B");
        }
        if (size < pageSize) {
            throw refused("it is cut off: " + size + " B, less than a page");
        }
    }

    // --- made

    void create() throws IOException, SQLException {
        JournalFile draft = new JournalFile(beside(".new"));
        Files.deleteIfExists(draft.path);
        Files.deleteIfExists(draft.beside("-journal"));
        Files.deleteIfExists(beside("-shm"));
        Files.deleteIfExists(log());
        try (Connection connection = draft.connect(true);
                Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA synchronous = FULL");
            statement.execute("PRAGMA encoding = 'UTF-8'");
            statement.execute("PRAGMA auto_vacuum = INCREMENTAL");
            statement.execute("PRAGMA application_id = " + Format.APPLICATION_ID);
            statement.execute("PRAGMA user_version = " + Format.VERSION);
            statement.execute("BEGIN");
            statement.execute(Format.RUNS);
            statement.execute(Format.FACTS);
            statement.execute("COMMIT");
        }
        Files.move(draft.path, path, StandardCopyOption.ATOMIC_MOVE);
        syncFolder();
    }

    /** A rename is kept when its folder is. Not every system lets a folder be opened; those that do not need no sync. */
    void syncFolder() throws IOException {
        if (path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            try (FileChannel channel = FileChannel.open(folder(), StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    // --- connected

    /** Only a draft is made; whatever else is not there is an error. */
    private Connection connect(boolean create) throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        config.setTransactionMode(SQLiteConfig.TransactionMode.IMMEDIATE); // of transactions that the driver begins
        config.setGetGeneratedKeys(false); // it asks for one after every insert
        if (!create) {
            config.resetOpenMode(SQLiteOpenMode.CREATE);
        }
        SQLiteDataSource source = new SQLiteDataSource(config);
        source.setUrl("jdbc:sqlite:" + path);
        return source.getConnection();
    }

    /** The one that writes. */
    Connection connectWriter() throws SQLException {
        Connection connection = connect(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA busy_timeout = 5000");
            statement.execute("PRAGMA trusted_schema = OFF");
            statement.execute("PRAGMA cell_size_check = ON");
            checkTables(statement);
            try (ResultSet mode = statement.executeQuery("PRAGMA journal_mode = WAL")) {
                if (!mode.next() || !"wal".equalsIgnoreCase(mode.getString(1))) {
                    throw new UncheckedIOException(
                            new IOException(path + ": SQLite cannot keep a write-ahead log on this file system"));
                }
            }
            statement.execute("PRAGMA synchronous = FULL");
            statement.execute("PRAGMA fullfsync = ON"); // macOS only: fsync alone does not reach the disk there
            statement.execute("PRAGMA checkpoint_fullfsync = ON");
            statement.execute("PRAGMA journal_size_limit = 16777216");
            statement.execute("PRAGMA cache_size = -" + CACHE_BYTES / 1024); // else large commits are written twice
            return connection;
        } catch (SQLException | RuntimeException failed) {
            connection.close();
            throw failed;
        }
    }

    private void checkTables(Statement statement) throws SQLException {
        Map<String, String> found = new HashMap<>();
        try (ResultSet tables = statement.executeQuery("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")) {
            while (tables.next()) {
                found.put(tables.getString(1), tables.getString(2));
            }
        }
        if (!found.equals(Map.of("runs", Format.RUNS, "facts", Format.FACTS))) {
            throw refused("its tables are not those of version " + Format.VERSION);
        }
    }

    /** One that only reads. */
    Connection connectReader() throws SQLException {
        Connection connection = connect(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA busy_timeout = 10000");
            statement.execute("PRAGMA trusted_schema = OFF");
            statement.execute("PRAGMA cell_size_check = ON");
            statement.execute("PRAGMA query_only = ON");
            return connection;
        } catch (SQLException | RuntimeException failed) {
            connection.close();
            throw failed;
        }
    }

    /** Copies what is committed into a file that is complete when it has its name. */
    void backup(Path given) throws IOException, SQLException {
        JournalFile target = at(given);
        if (Files.exists(target.path, LinkOption.NOFOLLOW_LINKS)) {
            throw new java.nio.file.FileAlreadyExistsException(given.toString());
        }
        JournalFile draft = new JournalFile(target.beside(".new"));
        Files.deleteIfExists(draft.path);
        try (Connection connection = connect(false);
                var statement = connection.prepareStatement("VACUUM INTO ?")) {
            statement.setString(1, draft.path.toString());
            statement.execute();
        }
        try (FileChannel channel = FileChannel.open(draft.path, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(draft.path, target.path, StandardCopyOption.ATOMIC_MOVE);
        target.syncFolder();
    }
}
