package io.flotilla.journal.sqlite;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalBounds;
import io.flotilla.journal.JournalClosedException;
import io.flotilla.journal.JournalCorruptedException;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFileLostException;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.JournalFormatException;
import io.flotilla.journal.JournalInUseException;
import io.flotilla.journal.JournalOverloadedException;
import io.flotilla.journal.JournalPoisonedException;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.journal.RunSummary;
import io.flotilla.journal.json.JsonPayloadCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * A journal in one SQLite file.
 *
 * <p>An acknowledged append is on the disk: a write-ahead log, {@code synchronous=FULL}, one fsync for each commit.
 * Appends that wait at the same time, of any number of runs, share a transaction and its fsync. One thread writes; a
 * cancel does not reach it. Reads have their own threads and connections and do not wait for it.
 *
 * <p>Only one journal at a time has the file open, by a lock of the operating system on {@code FILE.lock} beside it. A
 * second journal is refused, in the same process or another one, also under another spelling or through a symbolic link.
 * The lock ends with its process. (Network file systems may not honour locks; keep the file on a local one.)
 *
 * <p>Every fact has a hash over itself and the fact before it, which is checked when it is read: {@link
 * JournalCorruptedException} names a fact that was altered, is missing or was moved. After a failed write all further
 * writes end with {@link JournalPoisonedException}. So they do after the file, its log or the index of the log is
 * deleted, renamed or replaced while the journal is open. This is checked after every commit, before it is acknowledged,
 * and before every page of a read; such a read ends with {@link JournalFileLostException}.
 *
 * <p>Signals are emitted on a scheduler of the user's choice, {@code Schedulers.parallel()} by default. A read has up to
 * two pages of 256 entries or 1 MiB (plus one entry) in memory ahead of demand. Thread-safe.
 *
 * @since 0.1
 */
public final class SqliteJournal implements Journal {

    private static final Logger LOG = LoggerFactory.getLogger(SqliteJournal.class);

    private final JournalFile file;
    private final FileOwner owner;
    private final int maxPayloadBytes;
    private final PayloadCodec codec;
    private final Scheduler signals;
    private final Inbox inbox;
    private final Writer writer;
    private final FileWatch watch;
    private final Readers readers;
    private final @Nullable String faultInRuns;
    private final Sinks.Empty<Void> end = Sinks.empty();

    private SqliteJournal(Builder builder, JournalFile file, FileOwner owner, Store store) {
        this.file = file;
        this.owner = owner;
        maxPayloadBytes = builder.maxPayloadBytes;
        codec = builder.codec;
        signals = builder.scheduler.get();
        inbox = new Inbox(builder.maxQueuedAppends, builder.maxQueuedBytes);
        faultInRuns = store.faultInRuns();
        watch = new FileWatch(file);
        readers = new Readers(file, builder.readers, signals, this::check);
        writer = new Writer(
                store,
                inbox,
                builder.maxBatch,
                builder.commit,
                watch,
                faultInRuns == null
                        ? null
                        : new JournalCorruptedException(null, -1, "the list of runs is damaged: " + faultInRuns, null),
                this::closeAll);
    }

    /**
     * A builder for a journal in a file.
     *
     * @param path the file; created if it does not exist, in a folder that must exist; has no {@code ?}
     * @return a new builder with the defaults
     * @throws NullPointerException if {@code path} is null
     */
    public static Builder builder(Path path) {
        return new Builder(path);
    }

    /**
     * {@inheritDoc}
     *
     * <p>Acknowledged when the entries are on the disk.
     */
    @Override
    public Mono<Long> append(String runId, long expectedSequence, List<JournalEntry> entries) {
        return appendDirect(runId, expectedSequence, entries).publishOn(signals);
    }

    /**
     * {@inheritDoc}
     *
     * <p>Acknowledged when the entries are on the disk, on the thread that writes.
     */
    @Override
    public Mono<Long> appendDirect(String runId, long expectedSequence, List<JournalEntry> entries) {
        List<JournalEntry> checked = JournalBounds.checkAppend(runId, expectedSequence, entries);
        return direct(() -> {
                    JournalBounds.checkPayloads(runId, checked, maxPayloadBytes);
                    return new WriteTask.Append(runId, expectedSequence, checked);
                })
                .cast(Long.class);
    }

    /**
     * {@inheritDoc}
     *
     * <p>Copies any number of entries, one at a time in memory, in one transaction: a run of a million facts occupies the
     * writing thread for some seconds.
     */
    @Override
    public Mono<Long> copy(String sourceRunId, long count, String targetRunId, List<JournalEntry> entries) {
        JournalBounds.checkRunId(sourceRunId);
        List<JournalEntry> checked = JournalBounds.checkAppend(targetRunId, count, entries);
        return write(() -> {
                    JournalBounds.checkPayloads(targetRunId, checked, maxPayloadBytes);
                    return new WriteTask.Copy(sourceRunId, count, targetRunId, checked);
                })
                .cast(Long.class);
    }

    @Override
    public Mono<Boolean> delete(String runId) {
        JournalBounds.checkRunId(runId);
        return write(() -> new WriteTask.Delete(runId)).cast(Boolean.class);
    }

    private Mono<Object> write(Supplier<WriteTask> what) {
        return direct(what).publishOn(signals);
    }

    private Mono<Object> direct(Supplier<WriteTask> what) {
        return Mono.defer(() -> {
            WriteTask task = what.get();
            writer.accept(task);
            return task.end();
        });
    }

    /**
     * {@inheritDoc}
     *
     * <p>The end of the read is fixed when the first page is read, which is requested at subscription, independent of
     * demand. Entries from {@code fromSequence} on are checked; those before it are not read.
     */
    @Override
    public Flux<JournalEntry> read(String runId, long fromSequence) {
        JournalBounds.checkRunId(runId);
        JournalBounds.checkSequence("fromSequence", fromSequence);
        return readers.open(() -> {
            RunCursor cursor = new RunCursor(runId, fromSequence, faultInRuns);
            return Page.all(readers.read(cursor::first), readers.read(cursor::more), cursor::isDone);
        });
    }

    @Override
    public Flux<RunSummary> list(JournalFilter filter) {
        long limit = filter.limit();
        return readers.open(() -> {
                    ListCursor cursor = new ListCursor(filter, faultInRuns);
                    return Page.all(readers.read(cursor::more), readers.read(cursor::more), cursor::isDone);
                })
                .take(limit);
    }

    /**
     * Copies the current state of the journal into another file, which can be opened as a journal. Appends and reads
     * continue meanwhile.
     *
     * <p>The copy is created under another name beside the target, synced, and renamed when it is complete. It is smaller
     * than the original if runs were deleted. Hashes are copied, not checked.
     *
     * <ul>
     *   <li><b>onError</b>: {@link java.nio.file.FileAlreadyExistsException} if the target exists, which is not changed;
     *       another {@link IOException} or {@link SQLException} if it cannot be written; {@link JournalClosedException},
     *       {@link JournalOverloadedException}.
     *   <li><b>onComplete</b>: when the copy is on the disk.
     *   <li><b>cancel</b>: only ends the waiting.
     *   <li><b>threads</b>: occupies one of the reading threads.
     * </ul>
     *
     * @param target the target; in a folder that exists
     * @return completes when the copy is complete
     * @throws NullPointerException if {@code target} is null
     */
    public Mono<Void> backup(Path target) {
        Objects.requireNonNull(target, "target");
        return readers.read(connection -> {
                    file.backup(target);
                    return true;
                })
                .then();
    }

    /**
     * The size of the journal on the disk: the file and its write-ahead log.
     *
     * <ul>
     *   <li><b>onNext</b>: the bytes, once.
     *   <li><b>onError</b>: {@link IOException}; {@link JournalClosedException}, {@link JournalOverloadedException}.
     * </ul>
     *
     * @return the size in bytes
     */
    public Mono<Long> sizeBytes() {
        return readers.read(
                connection -> Files.size(file.path()) + (Files.exists(file.log()) ? Files.size(file.log()) : 0));
    }

    /**
     * Whether the journal writes nothing any more: a write has failed, the list of runs is damaged, or a file is lost.
     *
     * @return true from the first failure on
     */
    public boolean isPoisoned() {
        return writer.isPoisoned();
    }

    @Override
    public Mono<Void> close() {
        return Mono.defer(() -> {
                    inbox.close();
                    return end.asMono();
                })
                .publishOn(signals);
    }

    /** Before anything is read: a connection to a file that is not there any more must not be made. */
    private void check() {
        try {
            watch.check();
        } catch (JournalFileLostException lost) {
            writer.poison(lost);
            throw lost;
        }
    }

    /** On the writer's thread, after the last commit. The connection that writes goes last: that moves the log into the file. */
    private void closeAll(Store store) {
        try {
            readers.close();
            store.close();
        } catch (SQLException failed) {
            LOG.warn("journal not closed cleanly, its log will be read at the next opening: {}", failed.toString());
        } finally {
            try {
                owner.release();
            } catch (IOException failed) {
                LOG.warn("lock of the journal not released: {}", failed.toString());
            }
            end.tryEmitEmpty();
        }
    }

    @Override
    public PayloadCodec codec() {
        return codec;
    }

    /** How many commits have written something. */
    long commits() {
        return writer.commits();
    }

    @Override
    public String toString() {
        return "SqliteJournal[" + file.path() + "]";
    }

    /** Not thread-safe. */
    public static final class Builder {

        private final Path path;
        private PayloadCodec codec = JsonPayloadCodec.builder().build();
        private int maxPayloadBytes = JournalBounds.DEFAULT_MAX_PAYLOAD_BYTES;
        private int maxQueuedAppends = 10_000;
        private long maxQueuedBytes = 64L * 1024 * 1024;
        private int maxBatch = 1_000;
        private int readers = 4;
        private Supplier<Scheduler> scheduler = Schedulers::parallel;
        private Commit commit = Store::commit;
        private long maxPages;

        private Builder(Path path) {
            this.path = Objects.requireNonNull(path, "path");
        }

        private static long within(String what, long low, long high, long value) {
            if (value < low || value > high) {
                throw new IllegalArgumentException(
                        what + " must be between " + low + " and " + high + ", was " + value);
            }
            return value;
        }

        /**
         * The codec for tasks, requests and answers of runs. Read a file with the codec it was written with, or one that
         * knows more types.
         *
         * @param how default a {@link JsonPayloadCodec} with no types registered
         * @return this
         * @throws NullPointerException if {@code how} is null
         */
        public Builder codec(PayloadCodec how) {
            codec = Objects.requireNonNull(how, "how");
            return this;
        }

        /**
         * The most bytes of a payload. Payloads in the file are read regardless of their size.
         *
         * @param most in bytes, 1 to 512 MiB; default 16 MiB
         * @return this
         * @throws IllegalArgumentException if {@code most} is out of bounds
         */
        public Builder maxPayloadBytes(int most) {
            maxPayloadBytes = (int) within("maxPayloadBytes", 1, 512 * 1024 * 1024, most);
            return this;
        }

        /**
         * The most appends and deletions that wait for the writer. A further one is refused with {@link
         * JournalOverloadedException}.
         *
         * @param most 1 to 1,000,000; default 10,000
         * @return this
         * @throws IllegalArgumentException if {@code most} is out of bounds
         */
        public Builder maxQueuedAppends(int most) {
            maxQueuedAppends = (int) within("maxQueuedAppends", 1, 1_000_000, most);
            return this;
        }

        /**
         * The most bytes that wait for the writer: payloads, and 200 bytes for each entry and each append. An append that
         * exceeds it is refused with {@link JournalOverloadedException}, unless nothing else waits.
         *
         * @param most in bytes, 1 or more; default 64 MiB
         * @return this
         * @throws IllegalArgumentException if {@code most} is out of bounds
         */
        public Builder maxQueuedBytes(long most) {
            maxQueuedBytes = within("maxQueuedBytes", 1, Long.MAX_VALUE, most);
            return this;
        }

        /**
         * The most appends that share a commit. Appends share one only if they wait for the commit before; none is
         * delayed to fill it.
         *
         * @param most 1 to 100,000; default 1,000
         * @return this
         * @throws IllegalArgumentException if {@code most} is out of bounds
         */
        public Builder maxBatch(int most) {
            maxBatch = (int) within("maxBatch", 1, 100_000, most);
            return this;
        }

        /**
         * The number of threads that read, each with its own connection. They end after 30 s without a read.
         *
         * @param threads 1 to 64; default 4
         * @return this
         * @throws IllegalArgumentException if {@code threads} is out of bounds
         */
        public Builder readers(int threads) {
            readers = (int) within("readers", 1, 64, threads);
            return this;
        }

        /**
         * The scheduler on which signals are emitted.
         *
         * @param signals called once, by {@link #open()}; default {@code Schedulers::parallel}
         * @return this
         * @throws NullPointerException if {@code signals} is null
         */
        public Builder scheduler(Supplier<Scheduler> signals) {
            scheduler = Objects.requireNonNull(signals, "signals");
            return this;
        }

        /** For tests: how a transaction is committed. */
        Builder commit(Commit seam) {
            commit = seam;
            return this;
        }

        /** For tests: a disk of so many pages. */
        Builder maxPages(long most) {
            maxPages = most;
            return this;
        }

        /**
         * Opens or creates the file. Blocks the calling thread while the file is checked and recovered after a kill;
         * reads the list of runs, not their facts.
         *
         * <p>A file with a damaged list of runs is opened: what is readable is read, and nothing is written.
         *
         * @return the journal
         * @throws JournalInUseException if another journal has the file open
         * @throws JournalFormatException if the file is not a journal of a version that this library reads; the file is
         *     not changed
         * @throws IllegalArgumentException if the path has a {@code ?} in it
         * @throws UncheckedIOException if the file cannot be read or created: the folder does not exist, or permission is
         *     missing
         */
        public SqliteJournal open() {
            try {
                JournalFile file = JournalFile.at(path);
                checkFolder(file);
                FileOwner owner = FileOwner.lock(file.path());
                try {
                    return open(file, owner);
                } catch (IOException | SQLException | RuntimeException failed) {
                    owner.release();
                    throw failed;
                }
            } catch (IOException failed) {
                throw new UncheckedIOException(path + ": " + failed.getMessage(), failed);
            } catch (SQLException failed) {
                throw OpenFailure.of(path, failed);
            }
        }

        /** What is surely no journal gets no side file either. */
        private static void checkFolder(JournalFile file) throws IOException {
            if (Files.isDirectory(file.path())) {
                file.check();
            }
        }

        private SqliteJournal open(JournalFile file, FileOwner owner) throws IOException, SQLException {
            if (!file.check()) {
                file.create();
            }
            Connection connection = file.connectWriter();
            try {
                Store store = new Store(connection);
                if (maxPages > 0) {
                    store.limitPages(maxPages);
                }
                SqliteJournal journal = new SqliteJournal(this, file, owner, store);
                journal.writer.start();
                return journal;
            } catch (SQLException | RuntimeException failed) {
                connection.close();
                throw failed;
            }
        }
    }
}
