package io.flotilla.journal.sqlite;

import io.flotilla.journal.Journal;
import io.flotilla.testkit.JournalContract;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NothingDropped.class)
class SqliteJournalContractTest extends JournalContract {

    @TempDir
    Path folder;

    @Override
    protected Journal open() {
        return SqliteJournal.builder(folder.resolve("journal.db"))
                .maxPayloadBytes(maxPayloadBytes())
                .open();
    }
}
