package io.flotilla.journal.sqlite;

import static io.flotilla.journal.sqlite.TestFacts.append;
import static io.flotilla.journal.sqlite.TestFacts.close;
import static io.flotilla.journal.sqlite.TestFacts.facts;
import static io.flotilla.journal.sqlite.TestFacts.read;
import static io.flotilla.journal.sqlite.TestFacts.sql;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.JournalFormatException;
import io.flotilla.journal.JournalInUseException;
import io.flotilla.journal.RunSummary;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.test.StepVerifier;

/** Which files are opened, which are refused and left alone, and that only one journal has a file. */
@Timeout(120)
class JournalFileTest {

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void nameFile() {
        file = folder.resolve("journal.db");
    }

    private SqliteJournal open() {
        return SqliteJournal.builder(file).open();
    }

    private void write(int facts) {
        SqliteJournal journal = open();
        append(journal, "run", 0, facts);
        close(journal);
    }

    private void patch(long at, int value) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(4).putInt(0, value), at);
        }
    }

    private void isRefused(String... why) throws IOException {
        byte[] before = Files.isDirectory(file) ? new byte[0] : Files.readAllBytes(file);
        assertThatExceptionOfType(JournalFormatException.class)
                .isThrownBy(this::open)
                .satisfies(refused -> assertThat(refused.getMessage())
                        .contains(file.getFileName().toString())
                        .contains(List.of(why)));
        assertThat(Files.isDirectory(file) ? new byte[0] : Files.readAllBytes(file))
                .as("left as it was")
                .isEqualTo(before);
        assertThatExceptionOfType(JournalFormatException.class)
                .as("and not held")
                .isThrownBy(this::open);
    }

    // --- opened

    @Test
    void open_again_hasWhatWasAcknowledged() {
        write(1_000);

        SqliteJournal again = open();

        assertThat(read(again, "run", 0).entries()).isEqualTo(facts("run", 0, 1_000));
        assertThat(append(again, "run", 1_000, 1_001)).isEqualTo(1_001);
        close(again);
    }

    @Test
    void open_afterDeletions_neverMixesRuns() {
        SqliteJournal journal = open();
        append(journal, "a", 0, 10);
        append(journal, "b", 0, 10);
        journal.delete("b").block();
        append(journal, "c", 0, 5);
        close(journal);

        SqliteJournal again = open();
        append(again, "d", 0, 7);
        assertThat(read(again, "a", 0).entries()).hasSize(10);
        assertThat(read(again, "b", 0).entries()).isEmpty();
        assertThat(read(again, "c", 0).entries()).isEqualTo(facts("c", 0, 5));
        assertThat(read(again, "d", 0).entries()).isEqualTo(facts("d", 0, 7));
        close(again);
    }

    @Test
    void close_ofAJournal_leavesOneFileAndItsLock() throws IOException {
        write(10);

        try (var left = Files.list(folder)) {
            assertThat(left.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("journal.db", "journal.db.lock");
        }
    }

    @Test
    void open_afterAnUnfinishedMaking_makesItAnew() throws IOException {
        Files.writeString(folder.resolve("journal.db.new"), "half");

        write(3);

        assertThat(folder.resolve("journal.db.new")).doesNotExist();
    }

    @Test
    void open_inAnOddlyNamedFolder_opens() throws IOException {
        file = Files.createDirectories(folder.resolve("a b%20#&;'\u00e4")).resolve("j;o#u.db");

        write(3);

        assertThat(file).exists();
    }

    // --- refused

    @Test
    void open_ofATextFile_isRefused() throws IOException {
        Files.writeString(file, "SQLite format 2 and quite some text that goes on for a while".repeat(100));

        isRefused("not a file of SQLite");
    }

    @Test
    void open_ofABinaryFileWithTheBytesOfQuestionMarks_isRefused() throws IOException {
        byte[] odd = new byte[5_000];
        Arrays.fill(odd, (byte) 0xFF);
        Files.write(file, odd);

        isRefused("not a file of SQLite");
    }

    @Test
    void open_ofAnEmptyFile_isRefused() throws IOException {
        Files.createFile(file);

        isRefused("empty");
    }

    @Test
    void open_ofAFolder_isRefusedAndGetsNoLockFile() throws IOException {
        Files.createDirectory(file);

        isRefused("folder");
        assertThat(folder.resolve("journal.db.lock")).doesNotExist();
    }

    @Test
    void open_ofSomebodyElsesSqliteFile_isRefused() throws IOException {
        sql(file, "CREATE TABLE facts (id INTEGER PRIMARY KEY)", "INSERT INTO facts VALUES (1)");

        isRefused("not a journal", "application id 0");
    }

    @Test
    void open_ofOurApplicationWithOtherTables_isRefused() throws IOException {
        write(3);
        sql(file, "ALTER TABLE facts ADD COLUMN more TEXT");
        assertThatExceptionOfType(JournalFormatException.class)
                .isThrownBy(this::open)
                .withMessageContaining("tables");
    }

    @Test
    void open_ofANewerVersion_isRefusedNamingBoth() throws IOException {
        write(3);
        patch(60, 2);

        isRefused("version 2", "version 1");
    }

    @Test
    void open_ofVersionZero_isRefused() throws IOException {
        write(3);
        patch(60, 0);

        isRefused("version 0");
    }

    @Test
    void open_ofAFileCutOffAnywhere_isRefused() throws IOException {
        write(200);
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length += length < 120 ? 7 : 997) {
            Files.write(file, Arrays.copyOf(whole, length));
            isRefused("cannot be used as a journal");
        }
        Files.write(file, Arrays.copyOf(whole, whole.length - 1));
        isRefused("cut off", whole.length - 1 + " B of " + whole.length + " B");
    }

    @Test
    void open_ofALogWithoutItsFile_isRefused() throws IOException {
        Files.write(folder.resolve("journal.db-wal"), "frames".getBytes(StandardCharsets.US_ASCII));

        assertThatExceptionOfType(JournalFormatException.class)
                .isThrownBy(this::open)
                .withMessageContaining("journal.db-wal");
        assertThat(folder.resolve("journal.db-wal")).hasContent("frames");
    }

    @Test
    void open_ofALinkToNothing_isRefused() throws IOException {
        Files.createSymbolicLink(file, folder.resolve("nothing"));

        assertThatExceptionOfType(JournalFormatException.class)
                .isThrownBy(this::open)
                .withMessageContaining("link to nothing");
    }

    @Test
    void open_ofAFileWithTwoNames_isRefused() throws IOException {
        write(3);
        Files.createLink(folder.resolve("other.db"), file);

        isRefused("second name");
    }

    @Test
    void open_inAFolderThatIsNotThere_saysSo() {
        file = folder.resolve("none/journal.db");

        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(this::open)
                .withCauseInstanceOf(NoSuchFileException.class)
                .withMessageContaining("none");
    }

    @Test
    void open_ofAPathWithAQuestionMark_isRefused() {
        file = folder.resolve("a?b.db");

        assertThatIllegalArgumentException().isThrownBy(this::open).withMessageContaining("?");
    }

    // --- one at a time

    @Test
    void open_ofAFileThatIsOpen_isRefusedByAnyName() throws IOException {
        SqliteJournal first = open();
        append(first, "run", 0, 1);
        Path link = Files.createSymbolicLink(folder.resolve("link.db"), file);
        Path folderLink = Files.createSymbolicLink(folder.resolve("folder"), folder);
        Path inner = Files.createDirectory(folder.resolve("inner"));

        for (Path name : new Path[] {
            file,
            link,
            folderLink.resolve("journal.db"),
            inner.resolve("../journal.db"),
            folder.resolve("./journal.db"),
            Path.of("").toAbsolutePath().relativize(file.toRealPath())
        }) {
            assertThatExceptionOfType(JournalInUseException.class)
                    .as("%s", name)
                    .isThrownBy(() -> SqliteJournal.builder(name).open())
                    .withMessageContainingAll("journal.db", "this process");
        }
        assertThat(append(first, "run", 1, 2)).isEqualTo(2);
        close(first);
        close(SqliteJournal.builder(link).open());
    }

    @Test
    void open_ofAFileThatIsBeingMade_isRefusedByAnyName() throws IOException {
        // The file is not there when the second one looks for the name it is known by.
        Path folderLink = Files.createSymbolicLink(folder.resolve("folder"), folder);
        FileOwner owner = FileOwner.lock(JournalFile.at(file).path());

        assertThatExceptionOfType(JournalInUseException.class)
                .isThrownBy(() ->
                        SqliteJournal.builder(folderLink.resolve("journal.db")).open());
        owner.release();
        close(open());
    }

    @Test
    void open_refusedInThisProcess_leavesTheOthersLockAlone() throws Exception {
        SqliteJournal first = open();
        assertThatExceptionOfType(JournalInUseException.class).isThrownBy(this::open);

        Process child = Child.start("hold", file);
        try (BufferedReader out = child.inputReader()) {
            assertThat(Child.line(out)).isEqualTo("in use");
        } finally {
            child.destroyForcibly().waitFor();
        }
        close(first);
    }

    @Test
    void open_ofAFileAnotherProcessHas_isRefusedUntilThatIsKilled() throws Exception {
        Process child = Child.start("hold", file);
        try (BufferedReader out = child.inputReader()) {
            assertThat(Child.line(out)).isEqualTo("open");
            assertThatExceptionOfType(JournalInUseException.class)
                    .isThrownBy(this::open)
                    .withMessageContaining("another process");
            assertThatExceptionOfType(JournalInUseException.class).isThrownBy(this::open);
        } finally {
            child.destroyForcibly().waitFor();
        }
        write(3);
    }

    // --- kept, copied, made smaller

    @Test
    void backup_whileAppending_isAJournalOfItsOwn() {
        SqliteJournal journal = open();
        append(journal, "run", 0, 500);
        append(journal, "deleted", 0, 500);
        journal.delete("deleted").block();
        Path copy = folder.resolve("copy.db");

        StepVerifier.create(journal.backup(copy)).verifyComplete();

        append(journal, "run", 500, 501);
        SqliteJournal copied = SqliteJournal.builder(copy).open();
        assertThat(read(copied, "run", 0)).isEqualTo(new TestFacts.Seen(facts("run", 0, 500), null));
        assertThat(copied.list(JournalFilter.all())
                        .map(RunSummary::runId)
                        .collectList()
                        .block())
                .containsExactly("run");
        assertThat(append(copied, "run", 500, 502)).isEqualTo(502);
        close(copied);
        close(journal);
    }

    @Test
    void backup_ontoSomething_isRefusedAndLeavesIt() throws IOException {
        SqliteJournal journal = open();
        Path there = Files.writeString(folder.resolve("there"), "mine");

        StepVerifier.create(journal.backup(there)).verifyError(FileAlreadyExistsException.class);
        StepVerifier.create(journal.backup(file)).verifyError(FileAlreadyExistsException.class);
        StepVerifier.create(journal.backup(folder.resolve("none/copy"))).verifyError(NoSuchFileException.class);

        assertThat(there).hasContent("mine");
        assertThat(append(journal, "run", 0, 1)).isEqualTo(1);
        assertThatNullPointerException().isThrownBy(() -> journal.backup(null));
        close(journal);
    }

    @Test
    void delete_ofALargeRun_givesItsRoomBack() {
        SqliteJournal journal = open();
        append(journal, "small", 0, 10);
        for (int from = 0; from < 20_000; from += 5_000) {
            append(journal, "large", from, from + 5_000);
        }
        long before = journal.sizeBytes().block();
        assertThat(before).isGreaterThan(2_000_000);

        journal.delete("large").block();
        close(journal);

        SqliteJournal again = open();
        assertThat(again.sizeBytes().block()).as("after %d B", before).isLessThan(200_000);
        assertThat(read(again, "small", 0).entries()).isEqualTo(facts("small", 0, 10));
        close(again);
    }
}
