package io.flotilla.journal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
                log = new Log();
                runs.put(runId, log);
            }
            log.add(entries);
            return log.size;
        }
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
                target = new Log();
                if (source != null) {
                    target.add(Arrays.asList(source.kept).subList(0, (int) count));
                }
                target.add(checked);
                runs.put(targetRunId, target);
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
        long limit = filter.limit();
        return Flux.defer(() -> {
            List<RunSummary> found = new ArrayList<>();
            synchronized (lock) {
                checkOpen();
                runs.forEach((runId, log) -> found.add(log.summary(runId)));
            }
            return Flux.fromIterable(found).filter(filter::matches).take(limit);
        });
    }

    @Override
    public Mono<Boolean> delete(String runId) {
        JournalBounds.checkRunId(runId);
        return Mono.fromCallable(() -> {
            synchronized (lock) {
                checkOpen();
                return runs.remove(runId) != null;
            }
        });
    }

    @Override
    public Mono<Void> close() {
        return Mono.fromRunnable(() -> {
            synchronized (lock) {
                closed = true;
                runs.clear();
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

        private JournalEntry[] kept = new JournalEntry[8];
        private int size;
        private long bytes;

        void add(List<JournalEntry> more) {
            if (size + more.size() > kept.length) {
                kept = Arrays.copyOf(kept, Math.max(2 * kept.length, size + more.size()));
            }
            for (JournalEntry entry : more) {
                kept[size++] = entry;
                bytes += entry.payloadSize();
            }
        }

        RunSummary summary(String runId) {
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
