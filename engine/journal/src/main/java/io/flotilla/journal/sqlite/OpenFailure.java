package io.flotilla.journal.sqlite;

import io.flotilla.journal.JournalFormatException;
import io.flotilla.journal.JournalInUseException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.SQLException;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** What SQLite's refusal of a file is called: a damaged one, one that somebody else has, or one that cannot be read. */
final class OpenFailure {

    private OpenFailure() {}

    static RuntimeException of(Path path, SQLException failed) {
        if (failed instanceof SQLiteException answer) {
            SQLiteErrorCode code = answer.getResultCode();
            if (code.name().startsWith("SQLITE_CORRUPT") || code == SQLiteErrorCode.SQLITE_NOTADB) {
                return new JournalFormatException(path.toString(), "it is damaged", failed);
            }
            if (code.name().startsWith("SQLITE_BUSY")) {
                return new JournalInUseException(path.toString(), "another program holds it locked");
            }
        }
        return new UncheckedIOException(new IOException(path + ": " + failed.getMessage(), failed));
    }
}
