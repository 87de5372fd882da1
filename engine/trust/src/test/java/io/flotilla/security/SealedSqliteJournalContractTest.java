package io.flotilla.security;

import io.flotilla.journal.Journal;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.testkit.JournalContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class SealedSqliteJournalContractTest extends JournalContract {

    private final World world = new World();

    @TempDir
    Path folder;

    @Override
    protected Journal open() {
        return SealedJournal.builder(
                        SqliteJournal.builder(folder.resolve("journal.db"))
                                .maxPayloadBytes(maxPayloadBytes() + SealedJournal.OVERHEAD_BYTES)
                                .open(),
                        world.ring)
                .encrypting()
                .build();
    }
}
