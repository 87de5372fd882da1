package io.flotilla.journal.sqlite;

import io.flotilla.journal.JournalClosedException;
import io.flotilla.journal.JournalOverloadedException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;

/**
 * Threads that read, each with a connection of its own for as long as a page takes; they wait for the writer never. No cancel
 * reaches them: a page that has begun is read to its end and thrown away. Thread-safe.
 */
final class Readers {

    /** Something to be read, with a connection nobody else has. */
    @FunctionalInterface
    interface Job<T> {
        T read(Connection connection) throws Exception;
    }

    /** How many reads may be open; each has one page on its way at most, so there is always room for it. */
    private static final int MAX_OPEN = 10_000;

    private final JournalFile file;
    private final Scheduler signals;
    private final ThreadPoolExecutor pool;
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger named = new AtomicInteger();

    /** Idle connections; guarded by itself. */
    private final ArrayDeque<Connection> idle = new ArrayDeque<>();

    private final Runnable check;
    private volatile boolean closed;

    /** {@code check} throws if the file is not to be read any more. */
    Readers(JournalFile file, int threads, Scheduler signals, Runnable check) {
        this.check = check;
        this.file = file;
        this.signals = signals;
        this.pool = new ThreadPoolExecutor(
                threads, threads, 30, TimeUnit.SECONDS, new ArrayBlockingQueue<>(2 * MAX_OPEN), this::thread);
        pool.allowCoreThreadTimeOut(true);
    }

    private Thread thread(Runnable work) {
        Thread thread = new Thread(work, "flotilla-journal-reader-" + named.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    }

    /** A read of many pages, if there is room for another one. */
    <T> Flux<T> open(java.util.function.Supplier<Flux<T>> pages) {
        return Flux.using(this::enter, entered -> pages.get(), left -> open.decrementAndGet());
    }

    private Object enter() {
        if (closed) {
            throw new JournalClosedException();
        }
        if (open.incrementAndGet() > MAX_OPEN) {
            open.decrementAndGet();
            throw new JournalOverloadedException("another read", MAX_OPEN);
        }
        return this;
    }

    /** Runs a job on a reader's thread and tells on the scheduler for signals. */
    <T> Mono<T> read(Job<T> job) {
        return Mono.defer(() -> {
                    Sinks.One<T> end = Sinks.one();
                    try {
                        pool.execute(() -> run(job, end));
                    } catch (RejectedExecutionException rejected) {
                        throw closed
                                ? new JournalClosedException()
                                : new JournalOverloadedException("another page to read", 2 * MAX_OPEN);
                    }
                    return end.asMono();
                })
                .publishOn(signals);
    }

    private <T> void run(Job<T> job, Sinks.One<T> end) {
        if (closed) {
            end.tryEmitError(new JournalClosedException());
            return;
        }
        Connection connection = null;
        try {
            check.run();
            connection = take();
            T value = job.read(connection);
            give(connection);
            connection = null;
            end.tryEmitValue(value);
        } catch (Throwable failed) { // also what is no Exception: who waits must hear of it
            end.tryEmitError(failed);
        } finally {
            closeQuietly(connection);
        }
    }

    private Connection take() throws SQLException {
        synchronized (idle) {
            Connection kept = idle.poll();
            if (kept != null) {
                return kept;
            }
        }
        return file.connectReader();
    }

    private void give(Connection connection) {
        synchronized (idle) {
            idle.push(connection);
        }
    }

    private static void closeQuietly(@org.jspecify.annotations.Nullable Connection connection) {
        if (connection != null) {
            try {
                connection.close();
            } catch (SQLException ignored) {
                // It has been read from only.
            }
        }
    }

    /** Waits for the pages that are being read; those that wait end with {@link JournalClosedException}. */
    void close() {
        closed = true;
        pool.shutdown();
        boolean done = false;
        while (!done) {
            try {
                done = pool.awaitTermination(1, TimeUnit.MINUTES);
            } catch (InterruptedException nobodyMay) {
                // The writer's thread is nobody's to interrupt; a page ends by itself.
            }
        }
        synchronized (idle) {
            idle.forEach(Readers::closeQuietly);
            idle.clear();
        }
    }
}
