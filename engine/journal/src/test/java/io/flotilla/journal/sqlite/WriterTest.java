package io.flotilla.journal.sqlite;

import static io.flotilla.journal.sqlite.TestFacts.SOON;
import static io.flotilla.journal.sqlite.TestFacts.append;
import static io.flotilla.journal.sqlite.TestFacts.close;
import static io.flotilla.journal.sqlite.TestFacts.facts;
import static io.flotilla.journal.sqlite.TestFacts.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.JournalInUseException;
import io.flotilla.journal.JournalOverloadedException;
import io.flotilla.journal.JournalPoisonedException;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** The one thread that writes: commits that are shared, nobody's hand on it, and what comes after a failure. */
@Timeout(60)
class WriterTest {

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void nameFile() {
        file = folder.resolve("journal.db");
    }

    /** Holds every commit until it is let go, with the transaction open. */
    private static final class Gate implements Commit {

        final CountDownLatch reached = new CountDownLatch(1);
        final CountDownLatch open = new CountDownLatch(1);
        final AtomicBoolean interrupted = new AtomicBoolean();

        @Override
        public void run(Store store) throws SQLException {
            reached.countDown();
            try {
                open.await();
            } catch (InterruptedException somebody) {
                interrupted.set(true);
            }
            store.commit();
        }
    }

    // --- shared commits

    @Test
    void appends_of64RunsAtOnce_shareCommits() {
        SqliteJournal journal = SqliteJournal.builder(file).open();
        int facts = 64 * 30;

        Flux.range(0, 64)
                .flatMap(
                        run -> Flux.range(0, 30)
                                .concatMap(at -> journal.append("run-" + run, at, facts("run-" + run, at, at + 1))),
                        64)
                .blockLast(SOON);

        assertThat(journal.commits()).isLessThan(facts / 4);
        close(journal);
    }

    @Test
    void appends_thatWaitForACommit_shareTheNextOne() throws Exception {
        Gate gate = new Gate();
        SqliteJournal journal = SqliteJournal.builder(file).commit(gate).open();
        CountDownLatch ended = new CountDownLatch(201);
        journal.append("first", 0, facts("first", 0, 1)).subscribe(next -> ended.countDown());
        gate.reached.await();
        for (int run = 0; run < 200; run++) {
            journal.append("run-" + run, 0, facts("run-" + run, 0, 1)).subscribe(next -> ended.countDown());
        }
        assertThat(ended.getCount())
                .as("nothing acknowledged before its commit")
                .isEqualTo(201);

        gate.open.countDown();

        assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(journal.commits()).isEqualTo(2);
        close(journal);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 50, 100})
    void maxBatch_boundsWhatSharesACommit(int most) throws Exception {
        Gate gate = new Gate();
        SqliteJournal journal =
                SqliteJournal.builder(file).commit(gate).maxBatch(most).open();
        CountDownLatch ended = new CountDownLatch(101);
        journal.append("first", 0, facts("first", 0, 1)).subscribe(next -> ended.countDown());
        gate.reached.await();
        for (int run = 0; run < 100; run++) {
            journal.append("run-" + run, 0, facts("run-" + run, 0, 1)).subscribe(next -> ended.countDown());
        }
        gate.open.countDown();

        assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(journal.commits()).isEqualTo(1 + 100 / most);
        close(journal);
    }

    @Test
    void append_refused_leavesTheOthersOfItsCommitAlone() throws Exception {
        Gate gate = new Gate();
        SqliteJournal journal = SqliteJournal.builder(file).commit(gate).open();
        Queue<Object> ends = new ConcurrentLinkedQueue<>();
        CountDownLatch ended = new CountDownLatch(4);
        for (String runId : List.of("first", "a", "first", "b")) {
            journal.append(runId, 0, facts(runId, 0, 2))
                    .cast(Object.class)
                    .onErrorResume(error -> Mono.just(error.getClass().getSimpleName()))
                    .doFinally(any -> ended.countDown())
                    .subscribe(ends::add);
            gate.reached.await();
        }
        gate.open.countDown();

        assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(ends).containsExactlyInAnyOrder(2L, 2L, 2L, "StaleAppendException");
        assertThat(journal.commits()).isEqualTo(2);
        close(journal);
    }

    // --- nobody's hand on it

    @Test
    void readers_whileATransactionIsOpen_doNotWaitForIt() throws Exception {
        Door gates = new Door();
        SqliteJournal journal = SqliteJournal.builder(file).commit(gates).open();
        append(journal, "run", 0, 500);
        Gate gate = gates.shut();
        CountDownLatch ended = new CountDownLatch(1);
        journal.append("run", 500, facts("run", 500, 600)).subscribe(next -> ended.countDown());
        gate.reached.await();

        assertThat(read(journal, "run", 0)).isEqualTo(new TestFacts.Seen(facts("run", 0, 500), null));
        assertThat(journal.list(JournalFilter.all()).blockLast(SOON).entries()).isEqualTo(500);
        assertThat(journal.sizeBytes().block(SOON)).isPositive();
        StepVerifier.create(journal.backup(folder.resolve("copy.db"))).verifyComplete();

        assertThat(ended.getCount()).isEqualTo(1);
        gate.open.countDown();
        assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(read(journal, "run", 0).entries()).hasSize(600);
        close(journal);
    }

    /** Open until it is shut. */
    private static final class Door implements Commit {

        private volatile Commit now = Store::commit;

        Gate shut() {
            Gate gate = new Gate();
            now = gate;
            return gate;
        }

        @Override
        public void run(Store store) throws SQLException {
            now.run(store);
        }
    }

    @Test
    void cancel_inTheMiddleOfACommit_neverReachesTheWriter() throws Exception {
        Gate gate = new Gate();
        SqliteJournal journal = SqliteJournal.builder(file).commit(gate).open();
        Disposable append = journal.append("run", 0, facts("run", 0, 3))
                .subscribeOn(Schedulers.boundedElastic())
                .subscribe();
        gate.reached.await();

        append.dispose();
        gate.open.countDown();

        assertThat(append(journal, "run", 3, 4)).isEqualTo(4);
        assertThat(gate.interrupted).isFalse();
        close(journal);
    }

    @Test
    void subscriber_thatBlocks_doesNotHoldTheWriter() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        Scheduler signals = Schedulers.newParallel("signals", 2);
        SqliteJournal journal =
                SqliteJournal.builder(file).scheduler(() -> signals).open();
        CountDownLatch blocked = new CountDownLatch(1);
        journal.append("a", 0, facts("a", 0, 1)).subscribe(next -> {
            blocked.countDown();
            try {
                release.await();
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        });
        assertThat(blocked.await(30, TimeUnit.SECONDS)).isTrue();

        assertThat(append(journal, "b", 0, 5)).isEqualTo(5);

        release.countDown();
        close(journal);
        signals.dispose();
    }

    @Test
    void scheduler_thatThrows_doesNotEndTheWriter() throws Exception {
        AtomicBoolean broken = new AtomicBoolean();
        Scheduler parallel = Schedulers.parallel();
        Scheduler signals = new Scheduler() {
            @Override
            public Disposable schedule(Runnable task) {
                return parallel.schedule(task);
            }

            @Override
            public Worker createWorker() {
                Worker worker = parallel.createWorker();
                return new Worker() {
                    @Override
                    public Disposable schedule(Runnable task) {
                        if (broken.get()) {
                            throw new IllegalStateException("broken");
                        }
                        return worker.schedule(task);
                    }

                    @Override
                    public void dispose() {
                        worker.dispose();
                    }
                };
            }
        };
        Gate gate = new Gate();
        SqliteJournal journal = SqliteJournal.builder(file)
                .commit(gate)
                .scheduler(() -> signals)
                .open();
        broken.set(true);
        journal.append("a", 0, facts("a", 0, 1)).subscribe(next -> {}, error -> {});
        gate.reached.await(); // so that the second has a commit of its own
        journal.append("a", 1, facts("a", 1, 2)).subscribe(next -> {}, error -> {});
        gate.open.countDown();
        while (journal.commits() < 2 && !Thread.currentThread().isInterrupted()) { // by the test's timeout
            Thread.onSpinWait();
        }
        broken.set(false);

        assertThat(append(journal, "a", 2, 3)).isEqualTo(3);
        assertThat(journal.isPoisoned()).isFalse();
        close(journal);
    }

    @Test
    void interrupt_ofTheWriter_isIgnored() {
        SqliteJournal journal = SqliteJournal.builder(file).open();
        append(journal, "a", 0, 1);

        journalThreads().forEach(Thread::interrupt);

        assertThat(append(journal, "a", 1, 3)).isEqualTo(3);
        assertThat(read(journal, "a", 0).entries()).hasSize(3);
        close(journal);
    }

    @Test
    void connection_thatWrites_syncsEveryCommit() throws Exception {
        close(SqliteJournal.builder(file).open());

        try (Connection connection = JournalFile.at(file).connectWriter();
                Statement statement = connection.createStatement()) {
            assertThat(statement.executeQuery("PRAGMA synchronous").getInt(1))
                    .as("FULL")
                    .isEqualTo(2);
            assertThat(statement.executeQuery("PRAGMA journal_mode").getString(1))
                    .isEqualTo("wal");
        }
    }

    @Test
    void append_whileAnotherProgramHoldsTheFile_isRefusedAndNothingIsPoisoned() throws Exception {
        SqliteJournal journal = SqliteJournal.builder(file).open();
        try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = other.createStatement()) {
            statement.execute("BEGIN IMMEDIATE");
            StepVerifier.create(journal.append("a", 0, facts("a", 0, 1)))
                    .expectError(JournalInUseException.class)
                    .verify(SOON);
            statement.execute("ROLLBACK");
        }
        assertThat(append(journal, "a", 0, 1)).isEqualTo(1);
        close(journal);
    }

    @Test
    void signals_ofEveryMethod_comeOnTheSchedulerGiven() {
        Scheduler signals = Schedulers.newSingle("mine");
        SqliteJournal journal =
                SqliteJournal.builder(file).scheduler(() -> signals).open();
        Set<String> threads = Flux.<Object>concat(
                        journal.append("run", 0, facts("run", 0, 5)),
                        journal.read("run", 0),
                        journal.list(JournalFilter.all()),
                        journal.sizeBytes(),
                        journal.delete("run"))
                .map(any -> Thread.currentThread().getName())
                .collect(Collectors.toSet())
                .block(SOON);

        assertThat(threads).hasSize(1).allMatch(name -> name.startsWith("mine"));
        close(journal);
        signals.dispose();
    }

    @Test
    void close_ends_everyThreadOfTheJournal() throws InterruptedException {
        Set<Thread> before = journalThreads();
        SqliteJournal journal = SqliteJournal.builder(file).open();
        append(journal, "run", 0, 1_000);
        Flux.range(0, 20).flatMap(any -> journal.read("run", 0), 20).blockLast(SOON);
        Set<Thread> threads = journalThreads();
        threads.removeAll(before);
        assertThat(threads).hasSizeBetween(2, 5).allMatch(Thread::isDaemon);

        close(journal);

        for (Thread thread : threads) {
            thread.join(10_000);
            assertThat(thread.isAlive()).as(thread.getName()).isFalse();
        }
    }

    private static Set<Thread> journalThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("flotilla-journal"))
                .collect(Collectors.toSet());
    }

    // --- bounds of what waits

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void append_behindAFullQueue_isRefusedAndTheOthersAreWritten(int room) throws Exception {
        Gate gate = new Gate();
        SqliteJournal journal =
                SqliteJournal.builder(file).commit(gate).maxQueuedAppends(room).open();
        CountDownLatch ended = new CountDownLatch(room + 1);
        journal.append("first", 0, facts("first", 0, 1)).subscribe(next -> ended.countDown());
        gate.reached.await();
        for (int run = 0; run < room; run++) {
            journal.append("run-" + run, 0, facts("run-" + run, 0, 1)).subscribe(next -> ended.countDown());
        }

        StepVerifier.create(journal.append("late", 0, facts("late", 0, 1)))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                JournalOverloadedException.class,
                                refused -> assertThat(refused.limit()).isEqualTo(room)))
                .verify(SOON);
        StepVerifier.create(journal.delete("first"))
                .expectError(JournalOverloadedException.class)
                .verify(SOON);

        gate.open.countDown();
        assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(append(journal, "late", 0, 1)).isEqualTo(1);
        close(journal);
    }

    @Test
    void append_ofMoreBytesThanThereIsRoomFor_isRefusedUnlessAlone() throws Exception {
        Gate gate = new Gate();
        SqliteJournal journal =
                SqliteJournal.builder(file).commit(gate).maxQueuedBytes(10_000).open();
        List<JournalEntry> large = List.of(new JournalEntry(0, TestFacts.NOON, "large", new byte[20_000]));
        CountDownLatch ended = new CountDownLatch(2);
        journal.append("first", 0, large).subscribe(next -> ended.countDown());
        gate.reached.await();
        journal.append("second", 0, large).subscribe(next -> ended.countDown());

        StepVerifier.create(journal.append("third", 0, facts("third", 0, 1)))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(JournalOverloadedException.class)
                        .hasMessageContaining("10000"))
                .verify(SOON);

        gate.open.countDown();
        assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
        close(journal);
    }

    // --- poison

    private static JournalPoisonedException poisoned(Mono<?> write) {
        Throwable error =
                write.then(Mono.<Throwable>empty()).onErrorResume(Mono::just).block(SOON);
        assertThat(error).isInstanceOf(JournalPoisonedException.class);
        return (JournalPoisonedException) error;
    }

    private static void isPoisonedForGood(SqliteJournal journal, String cause) {
        assertThat(journal.isPoisoned()).isTrue();
        assertThat(poisoned(journal.append("new", 0, facts("new", 0, 1)))).hasMessageContaining(cause);
        assertThat(poisoned(journal.append("run", 5, facts("run", 5, 6)))).hasMessageContaining(cause);
        assertThat(poisoned(journal.delete("run"))).hasMessageContaining(cause);
    }

    @Test
    void commit_thatFails_poisonsTheJournalAndNothingBeforeIsLost() {
        AtomicInteger commits = new AtomicInteger();
        IOException cause = new IOException("sync failed");
        SqliteJournal journal = SqliteJournal.builder(file)
                .commit(store -> {
                    if (commits.incrementAndGet() > 3) {
                        throw new SQLException("disk I/O error", cause);
                    }
                    store.commit();
                })
                .open();
        append(journal, "run", 0, 1);
        append(journal, "run", 1, 2);
        append(journal, "run", 2, 5);

        JournalPoisonedException first = poisoned(journal.append("run", 5, facts("run", 5, 9)));

        assertThat(first).hasRootCause(cause).hasMessageContaining("disk I/O error");
        isPoisonedForGood(journal, "disk I/O error");
        assertThat(commits).as("nothing is tried again").hasValue(4);
        assertThat(read(journal, "run", 0)).isEqualTo(new TestFacts.Seen(facts("run", 0, 5), null));
        assertThat(journal.list(JournalFilter.all()).collectList().block(SOON)).hasSize(1);
        close(journal);
        SqliteJournal again = SqliteJournal.builder(file).open();
        assertThat(read(again, "run", 0)).isEqualTo(new TestFacts.Seen(facts("run", 0, 5), null));
        assertThat(append(again, "run", 5, 6)).isEqualTo(6);
        close(again);
    }

    @Test
    void commit_thatThrowsAnError_poisonsAsWellAndTellsEverybody() throws Exception {
        Gate gate = new Gate();
        SqliteJournal journal = SqliteJournal.builder(file)
                .commit(store -> {
                    gate.run(store);
                    throw new StackOverflowError("deep");
                })
                .open();
        Queue<Throwable> ends = new ConcurrentLinkedQueue<>();
        CountDownLatch ended = new CountDownLatch(50);
        for (int run = 0; run < 50; run++) {
            journal.append("run-" + run, 0, facts("run-" + run, 0, 1))
                    .doFinally(any -> ended.countDown())
                    .subscribe(next -> {}, ends::add);
        }
        gate.open.countDown();

        assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(ends).hasSize(50).allMatch(JournalPoisonedException.class::isInstance);
        close(journal);
    }

    @Test
    void disk_thatIsFull_poisonsTheJournalAndNothingBeforeIsLost() {
        SqliteJournal journal = SqliteJournal.builder(file).maxPages(60).open();
        long next = 0;
        Throwable error = null;
        while (error == null) {
            long at = next;
            Object end = journal.append("run", at, facts("run", at, at + 50))
                    .cast(Object.class)
                    .onErrorResume(Mono::just)
                    .block(SOON);
            if (end instanceof Long acknowledged) {
                next = acknowledged;
            } else {
                error = (Throwable) end;
            }
        }

        assertThat(next).isGreaterThan(100);
        assertThat(error).isInstanceOf(JournalPoisonedException.class);
        assertThat(error.getCause())
                .isInstanceOfSatisfying(
                        SQLiteException.class,
                        full -> assertThat(full.getResultCode()).isEqualTo(SQLiteErrorCode.SQLITE_FULL));
        isPoisonedForGood(journal, "FULL");
        assertThat(read(journal, "run", 0)).isEqualTo(new TestFacts.Seen(facts("run", 0, next), null));
        close(journal);
        SqliteJournal again = SqliteJournal.builder(file).open();
        assertThat(read(again, "run", 0)).isEqualTo(new TestFacts.Seen(facts("run", 0, next), null));
        assertThat(append(again, "run", next, next + 200)).isEqualTo(next + 200);
        close(again);
    }

    // --- builder

    @Test
    void builder_withNumbersOutOfBounds_refusesThemWithValueAndBounds() {
        SqliteJournal.Builder builder = SqliteJournal.builder(file);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxPayloadBytes(0))
                .withMessage("maxPayloadBytes must be between 1 and 536870912, was 0");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxPayloadBytes(536_870_913));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxQueuedAppends(0))
                .withMessage("maxQueuedAppends must be between 1 and 1000000, was 0");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxQueuedAppends(1_000_001));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxQueuedBytes(0));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxBatch(0));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxBatch(100_001));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.readers(0));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.readers(65));
        assertThatNullPointerException().isThrownBy(() -> builder.scheduler(null));
        assertThatNullPointerException().isThrownBy(() -> SqliteJournal.builder(null));
    }
}
