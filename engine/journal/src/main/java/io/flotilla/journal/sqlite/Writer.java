package io.flotilla.journal.sqlite;

import io.flotilla.journal.JournalClosedException;
import io.flotilla.journal.JournalInUseException;
import io.flotilla.journal.JournalOverloadedException;
import io.flotilla.journal.JournalPoisonedException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * The one thread that writes.
 *
 * <p>It takes all that waits, up to a bound, writes it in one transaction, commits, and tells everybody: while the disk syncs
 * for one commit, the next one gathers. Nobody else has its thread in hand, so nobody can interrupt it, and nobody's code
 * runs on it. After the first write that fails for another reason than that the task itself was refused, nothing is written
 * any more: what SQLite holds in memory then need not be what the disk holds.
 */
final class Writer {

    private static final Logger LOG = LoggerFactory.getLogger(SqliteJournal.class);

    /** Pages given back between two looks into the inbox: a few milliseconds. */
    private static final int SHRINK_PAGES = 256;

    private static final long BATCH_BYTES = 8L * 1024 * 1024;

    private final Store store;
    private final Inbox inbox;
    private final int maxBatch;
    private final Commit commit;
    private final FileWatch watch;
    private final Consumer<Store> last;
    private final AtomicLong commits = new AtomicLong();
    private final Thread thread = new Thread(this::run, "flotilla-journal");
    private volatile @Nullable JournalPoisonedException poison;
    private boolean shrinking;

    /** {@code last} is called on the writer's thread when all is written, and closes what is left. */
    Writer(
            Store store,
            Inbox inbox,
            int maxBatch,
            Commit commit,
            FileWatch watch,
            @Nullable Throwable damage,
            Consumer<Store> last) {
        this.watch = watch;
        this.store = store;
        this.inbox = inbox;
        this.maxBatch = maxBatch;
        this.commit = commit;
        this.last = last;
        this.poison = damage == null ? null : new JournalPoisonedException(damage);
        thread.setDaemon(true); // a process that ends without closing is a process that was killed: nothing is lost
    }

    void start() {
        thread.start();
    }

    /** Hands a task in, or throws: it will be written, or failed with the reason. */
    void accept(WriteTask task) {
        JournalPoisonedException poisoned = poison;
        if (poisoned != null) {
            throw poisonedBy(poisoned);
        }
        switch (inbox.offer(task)) {
            case IN -> {}
            case CLOSED -> throw new JournalClosedException();
            case TOO_MANY -> throw new JournalOverloadedException("another write that waits", inbox.maxTasks());
            case TOO_LARGE ->
                throw new JournalOverloadedException("the bytes of another write that waits", inbox.maxBytes());
        }
    }

    /** One a caller: an exception that many subscribers share would gather what each of them adds to it. */
    private static JournalPoisonedException poisonedBy(JournalPoisonedException first) {
        return new JournalPoisonedException(first.getCause() == null ? first : first.getCause());
    }

    long commits() {
        return commits.get();
    }

    boolean isPoisoned() {
        return poison != null;
    }

    private void run() {
        List<WriteTask> batch = new ArrayList<>();
        try {
            writeUntilClosed(batch);
        } catch (Throwable failed) { // nothing is left that throws, but if there is, nobody may wait for ever
            inbox.close();
            poison(failed, batch);
            while (inbox.take(batch, maxBatch, BATCH_BYTES)) {
                work(batch);
                batch.clear();
            }
        } finally {
            last.accept(store);
        }
    }

    private void writeUntilClosed(List<WriteTask> batch) {
        while (true) {
            shrinkWhileIdle();
            batch.clear();
            if (!inbox.take(batch, maxBatch, BATCH_BYTES)) {
                return;
            }
            work(batch);
        }
    }

    /** A signal runs on the user's scheduler, which may throw; the others are signalled all the same. */
    private static void tell(List<WriteTask> batch, Consumer<WriteTask> how) {
        for (WriteTask task : batch) {
            try {
                how.accept(task);
            } catch (Throwable failed) {
                LOG.error("a subscriber of an append could not be signalled", failed);
            }
        }
    }

    private void work(List<WriteTask> batch) {
        JournalPoisonedException poisoned = poison;
        if (poisoned != null) {
            tell(batch, task -> task.fail(poisonedBy(poisoned)));
            return;
        }
        try {
            store.begin();
        } catch (SQLException busy) {
            if (busy instanceof SQLiteException answer && answer.getResultCode() == SQLiteErrorCode.SQLITE_BUSY) {
                // Nothing was begun, so nothing is in doubt.
                tell(batch, task -> task.fail(new JournalInUseException("the file", "another program writes to it")));
            } else {
                poison(busy, batch);
            }
            return;
        }
        try {
            for (WriteTask task : batch) {
                task.apply(store);
                shrinking |= task instanceof WriteTask.Delete;
            }
            commit.run(store);
        } catch (Throwable failed) { // an OutOfMemoryError too: who waits must hear of it
            rollback(failed);
            poison(failed, batch);
            return;
        }
        if (store.hasWritten()) {
            commits.incrementAndGet();
            try {
                watch.check();
            } catch (Throwable lost) { // committed, but into a file that nobody can open again
                poison(lost, batch);
                return;
            }
        }
        tell(batch, WriteTask::tell);
    }

    private void rollback(Throwable failed) {
        try {
            store.rollback();
        } catch (SQLException alsoFailed) {
            failed.addSuppressed(alsoFailed); // SQLite may have rolled back by itself
        }
    }

    /** Nothing is written any more; the first reason counts. */
    synchronized JournalPoisonedException poison(Throwable failed) {
        JournalPoisonedException first = poison;
        if (first == null) {
            first = new JournalPoisonedException(failed);
            poison = first;
            LOG.error("journal poisoned, nothing is written any more: {}", failed.toString());
        }
        return first;
    }

    private void poison(Throwable failed, List<WriteTask> batch) {
        JournalPoisonedException poisoned = poison(failed);
        tell(batch, task -> task.fail(poisonedBy(poisoned)));
    }

    /** Space that a deletion has freed goes back to the file system whenever nobody waits. */
    private void shrinkWhileIdle() {
        try {
            while (shrinking && poison == null && inbox.isEmpty()) {
                shrinking = store.shrink(SHRINK_PAGES);
                if (!shrinking) {
                    store.checkpoint();
                }
            }
        } catch (SQLException failed) {
            // The space is free inside the file; the next deletion tries again.
            shrinking = false;
            LOG.warn("journal file not made smaller: {}", failed.toString());
        }
    }
}
