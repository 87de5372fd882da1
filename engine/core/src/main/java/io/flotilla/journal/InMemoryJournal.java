package io.flotilla.journal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A journal in memory, for tests and for runs that need not survive the process.
 *
 * <p>The journal keeps an entry until its run is deleted or the journal is closed. A run beyond {@link
 * Builder#maxRuns(int)} is refused with {@link JournalFullException}; no run is dropped to make room, since it might
 * still be active. The length of runs and the total size of payloads are not bounded.
 *
 * <p>All signals are emitted on the thread that subscribes or, for {@link #read} and {@link #list}, that requests. A read
 * sees the entries at subscription and copies nothing; it continues when its run is deleted or the journal is closed.
 * Thread-safe.
 *
 * @since 0.1
 */
public final class InMemoryJournal implements Journal {

    /** One lock for all: it is held for a few copies of references, never while something is signalled. */
    private final Object lock = new Object();

    private final TreeMap<String, Log> runs = new TreeMap<>();

    /** By their numbers, which say which was there first. */
    private final TreeMap<Long, Log> byNumber = new TreeMap<>();

    private long lastNumber;
    private final int maxRuns;
    private final int maxPayloadBytes;
    private boolean closed;

    private InMemoryJournal(Builder builder) {
        maxRuns = builder.maxRuns;
        maxPayloadBytes = builder.maxPayloadBytes;
    }

    /**
     * A builder with the defaults.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public Mono<Long> append(String runId, long expectedSequence, List<JournalEntry> entries) {
        List<JournalEntry> checked = JournalBounds.checkAppend(runId, expectedSequence, entries);
        return Mono.fromCallable(() -> write(runId, expectedSequence, checked));
    }

    private long write(String runId, long expected, List<JournalEntry> entries) {
        JournalBounds.checkPayloads(runId, entries, maxPayloadBytes);
        synchronized (lock) {
            checkOpen();
            Log log = runs.get(runId);
            long actual = log == null ? 0 : log.size;
            if (actual != expected) {
                throw new StaleAppendException(runId, expected, actual);
            }
            if (log == null) {
                if (runs.size() >= maxRuns) {
                    throw new JournalFullException(runId, maxRuns);
                }
                log = added(runId);
            }
            log.add(entries);
            return log.size;
        }
    }

    /** With the lock. */
    private Log added(String runId) {
        Log log = new Log(runId, ++lastNumber);
        runs.put(runId, log);
        byNumber.put(log.number, log);
        return log;
    }

    @Override
    public Mono<Long> copy(String sourceRunId, long count, String targetRunId, List<JournalEntry> entries) {
        JournalBounds.checkRunId(sourceRunId);
        List<JournalEntry> checked = JournalBounds.checkAppend(targetRunId, count, entries);
        return Mono.fromCallable(() -> {
            JournalBounds.checkPayloads(targetRunId, checked, maxPayloadBytes);
            synchronized (lock) {
                checkOpen();
                Log source = runs.get(sourceRunId);
                long actual = source == null ? 0 : source.size;
                if (actual < count) {
                    throw new StaleAppendException(sourceRunId, count, actual);
                }
                Log target = runs.get(targetRunId);
                if (target != null) {
                    throw new StaleAppendException(targetRunId, 0, target.size);
                }
                if (runs.size() >= maxRuns) {
                    throw new JournalFullException(targetRunId, maxRuns);
                }
                target = added(targetRunId);
                if (source != null) {
                    target.add(Arrays.asList(source.kept).subList(0, (int) count));
                }
                target.add(checked);
                return (long) target.size;
            }
        });
    }

    @Override
    public Flux<JournalEntry> read(String runId, long fromSequence) {
        JournalBounds.checkRunId(runId);
        JournalBounds.checkSequence("fromSequence", fromSequence);
        return Flux.defer(() -> {
            JournalEntry[] kept;
            int end;
            synchronized (lock) {
                checkOpen();
                Log log = runs.get(runId);
                if (log == null || log.size <= fromSequence) {
                    return Flux.empty();
                }
                kept = log.kept;
                end = log.size;
            }
            return Flux.range((int) fromSequence, end - (int) fromSequence).map(index -> kept[index]);
        });
    }

    @Override
    public Flux<RunSummary> list(JournalFilter filter) {
        return Flux.<List<RunSummary>, Listing>generate(() -> new Listing(filter), (listing, pages) -> {
                    List<RunSummary> page = listing.page();
                    if (listing.isDone) {
                        pages.complete();
                    } else {
                        pages.next(page);
                    }
                    return listing;
                })
                .hide() // who cancels must not have the other pages made, to discard them
                .concatMapIterable(page -> page, 1)
                .take(filter.limit());
    }

    /** A place in the list of runs. The lock is held for a page, so that appends do not wait for a long list. */
    private final class Listing {

        private static final int PAGE_RUNS = 256;

        private final JournalFilter filter;

        /** By id the run before the next page; its number otherwise, 0 if it is not known yet. */
        private String after;

        private long below;
        private boolean isDone;

        Listing(JournalFilter filter) {
            this.filter = filter;
            this.after = filter.after();
        }

        /** What matches of the runs that come next. */
        List<RunSummary> page() {
            List<RunSummary> found = new ArrayList<>();
            synchronized (lock) {
                checkOpen();
                Iterator<Log> logs = next().values().iterator();
                isDone = !logs.hasNext();
                for (int seen = 0; seen < PAGE_RUNS && logs.hasNext(); seen++) {
                    Log log = logs.next();
                    after = log.runId;
                    below = log.number;
                    RunSummary summary = log.summary();
                    if (filter.matches(summary)) {
                        found.add(summary);
                    }
                }
            }
            return found;
        }

        private Map<?, Log> next() {
            if (!filter.isNewestFirst()) {
                return runs.tailMap(after, false);
            }
            if (below == 0) {
                below = after.isEmpty() ? Long.MAX_VALUE : numberOf(after);
            }
            return byNumber.headMap(below, false).descendingMap();
        }

        private long numberOf(String runId) {
            Log log = runs.get(runId);
            if (log == null) {
                throw new RunDeletedException(runId, 0);
            }
            return log.number;
        }
    }

    @Override
    public Mono<Boolean> delete(String runId) {
        JournalBounds.checkRunId(runId);
        return Mono.fromCallable(() -> {
            synchronized (lock) {
                checkOpen();
                Log log = runs.remove(runId);
                if (log == null) {
                    return false;
                }
                byNumber.remove(log.number);
                return true;
            }
        });
    }

    @Override
    public Mono<Void> close() {
        return Mono.fromRunnable(() -> {
            synchronized (lock) {
                closed = true;
                runs.clear();
                byNumber.clear();
            }
        });
    }

    private void checkOpen() {
        if (closed) {
            throw new JournalClosedException();
        }
    }

    /** The entries of one run. A place of the array is written once, so a reader who knows array and size needs no lock. */
    private static final class Log {

        private final String runId;
        private final long number;
        private JournalEntry[] kept = new JournalEntry[8];
        private int size;
        private long bytes;

        private Log(String runId, long number) {
            this.runId = runId;
            this.number = number;
        }

        void add(List<JournalEntry> more) {
            if (size + more.size() > kept.length) {
                kept = Arrays.copyOf(kept, Math.max(2 * kept.length, size + more.size()));
            }
            for (JournalEntry entry : more) {
                kept[size++] = entry;
                bytes += entry.payloadSize();
            }
        }

        RunSummary summary() {
            JournalEntry last = kept[size - 1];
            return new RunSummary(runId, size, kept[0].timestamp(), last.timestamp(), last.type(), bytes);
        }
    }

    /** Not thread-safe. */
    public static final class Builder {

        private int maxRuns = 10_000;
        private int maxPayloadBytes = JournalBounds.DEFAULT_MAX_PAYLOAD_BYTES;

        private Builder() {}

        /**
         * The most runs that the journal keeps. A further run is refused with {@link JournalFullException} until one is
         * deleted.
         *
         * @param most 1 or more; default 10,000
         * @return this
         * @throws IllegalArgumentException if {@code most} is less than 1
         */
        public Builder maxRuns(int most) {
            maxRuns = atLeastOne("maxRuns", most);
            return this;
        }

        /**
         * The most bytes of a payload.
         *
         * @param most in bytes, 1 or more; default 16 MiB
         * @return this
         * @throws IllegalArgumentException if {@code most} is less than 1
         */
        public Builder maxPayloadBytes(int most) {
            maxPayloadBytes = atLeastOne("maxPayloadBytes", most);
            return this;
        }

        private static int atLeastOne(String what, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(what + " must be >= 1, was " + value);
            }
            return value;
        }

        /**
         * Creates the journal.
         *
         * @return an empty journal
         */
        public InMemoryJournal build() {
            return new InMemoryJournal(this);
        }
    }
}
