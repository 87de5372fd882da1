package io.flotilla.run;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalOverloadedException;
import io.flotilla.journal.JournalTimeoutException;
import io.flotilla.step.EngineClock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;

/**
 * One append of a run: waits for its turn, is encoded, handed to the journal, and tried again while the journal has no room.
 *
 * <p>Ends once: with the journal's answer, or after {@code limit}. An append that was handed to the journal at once has until
 * then for its answer. One that has to wait ends when the journal completes no append of anybody's for that long.
 */
final class Append extends AppendQueue.Ticket {

    private static final Logger LOG = LoggerFactory.getLogger(Run.class);

    private static final int UNDER_WAY = 0;
    private static final int LEFT = 1;
    private static final int ENDED = 2;

    private final Journal journal;
    private final AppendQueue queue;
    private final String runId;
    private final Supplier<List<JournalEntry>> encode;
    private final EngineClock clock;
    private final Duration limit;
    private final Consumer<@Nullable Throwable> later;
    private final AtomicInteger state = new AtomicInteger(UNDER_WAY);
    private final Disposable.Swap timer = Disposables.swap();

    private List<JournalEntry> entries = List.of();
    private volatile @Nullable Throwable failure;
    private volatile @Nullable Throwable lastRefusal;

    /** How often the journal was handed this. */
    private final AtomicInteger tries = new AtomicInteger();

    /**
     * An append to be started.
     *
     * @param encode gives the entries, none if there is nothing to append
     * @param later called at the end if that comes after {@link #start} has returned false
     */
    Append(
            Journal journal,
            String runId,
            Supplier<List<JournalEntry>> encode,
            EngineClock clock,
            Duration limit,
            Consumer<@Nullable Throwable> later) {
        this.journal = journal;
        this.queue = AppendQueue.of(journal);
        this.runId = runId;
        this.encode = encode;
        this.clock = clock;
        this.limit = limit;
        this.later = later;
    }

    /** Appends entries that are there already, once it is subscribed to; a cancel ends the waiting only. */
    static Mono<Void> of(Journal journal, String runId, List<JournalEntry> entries, EngineClock clock, Duration limit) {
        return Mono.create(waiting -> {
            Append append = new Append(journal, runId, () -> entries, clock, limit, cause -> {
                if (cause == null) {
                    waiting.success();
                } else {
                    waiting.error(cause);
                }
            });
            waiting.onCancel(append::abandon);
            try {
                if (append.start()) {
                    waiting.success();
                }
            } catch (Throwable failed) {
                waiting.error(Exceptions.unwrap(failed));
            }
        });
    }

    /** True if it has ended well, false if {@code later} will be called; throws what it has failed with. */
    boolean start() {
        if (queue.enter(this)) {
            encodeAndAppend();
        }
        if (state.compareAndSet(UNDER_WAY, LEFT)) {
            watch();
            return false;
        }
        Throwable cause = failure;
        if (cause != null) {
            throw Exceptions.propagate(cause);
        }
        return true;
    }

    @Override
    void admitted() {
        elsewhere(this::encodeAndAppend);
    }

    @Override
    void tryAgain() {
        elsewhere(this::append);
    }

    @Override
    void after(Duration delay, Runnable task) {
        clock.schedule(delay, task);
    }

    @Override
    void failed(Throwable cause) {
        end(cause);
    }

    private void elsewhere(Runnable task) {
        try {
            clock.schedule(Duration.ZERO, task);
        } catch (Throwable noWorker) {
            task.run();
        }
    }

    private void encodeAndAppend() {
        try {
            if (state.get() == ENDED) {
                return;
            }
            entries = encode.get();
            queue.weigh(this, payloadBytes());
        } catch (Throwable broken) { // an OutOfMemoryError too: somebody waits
            end(broken);
            return;
        }
        if (entries.isEmpty()) {
            end(null);
        } else {
            append();
        }
    }

    private long payloadBytes() {
        long sum = 0;
        for (JournalEntry entry : entries) {
            sum += entry.payloadSize();
        }
        return sum;
    }

    private void append() {
        try {
            tries.incrementAndGet();
            journal.appendDirect(runId, entries.get(0).sequence(), entries)
                    .subscribe(sequence -> {}, this::answered, () -> answered(null));
        } catch (Throwable thrown) {
            answered(Exceptions.unwrap(thrown));
        }
    }

    private void answered(@Nullable Throwable cause) {
        if (cause instanceof JournalOverloadedException) {
            lastRefusal = cause;
            queue.refuse(this);
        } else {
            end(cause);
        }
    }

    /** Nobody waits for its end any more; what the journal has, it may write. */
    void abandon() {
        if (state.getAndSet(ENDED) != ENDED) {
            timer.dispose();
            queue.leave(this, false);
        }
    }

    private void end(@Nullable Throwable cause) {
        failure = cause;
        int before = state.getAndSet(ENDED);
        if (before == ENDED) {
            return;
        }
        timer.dispose();
        queue.leave(this, cause == null);
        if (before == LEFT) {
            later.accept(cause);
        }
    }

    // --- a journal that does not answer

    private void watch() {
        long completed = queue.completed();
        int tried = tries.get();
        try {
            timer.update(clock.schedule(limit, () -> silent(completed, tried)));
        } catch (Throwable noTimer) {
            LOG.debug("no timer can be had, so the journal is waited for without a limit", noTimer);
        }
    }

    private void silent(long completed, int tried) {
        boolean handedOver = tries.get() == tried && queue.isAdmitted(this);
        if (queue.completed() == completed || handedOver) {
            end(new JournalTimeoutException(limit, lastRefusal));
        } else if (state.get() != ENDED) {
            watch();
        }
    }
}
