package io.flotilla.security;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalBounds;
import io.flotilla.journal.JournalCorruptedException;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalEntryTooLargeException;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.journal.RunSummary;
import io.flotilla.journal.StaleAppendException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A journal whose entries are sealed: a keyed hash over each entry and the seal of the one before it, so who has the file
 * alone cannot alter, exchange, insert or move an entry unseen, nor present one run as another. Payloads may be encrypted
 * besides.
 *
 * <pre>{@code
 * Journal journal = SealedJournal.builder(SqliteJournal.open(file), ring).encrypting().build();
 * }</pre>
 *
 * <p>Seals with the newest HMAC key of the ring that is not retired and of nobody in particular, encrypts with the newest such
 * AES key. What was written before is read with whichever such key of the ring has written it, retired ones too: remove a key only
 * when nothing is left that it has written. Every entry grows by {@value #OVERHEAD_BYTES} bytes. Types, timestamps and sizes
 * are sealed, and not encrypted.
 *
 * <p>What no seal inside a file can show is that its end was cut off, or all of it replaced by an older copy: {@link #head}
 * and {@link #verify} do, with a value that is kept elsewhere.
 *
 * <p>Use one sealed journal for a journal, and let nobody else write into that. Copies, and so forks of runs, are limited to
 * {@link JournalBounds#MAX_ENTRIES} entries: they are sealed anew. Signals come as from the journal below. Thread-safe.
 *
 * @since 0.1
 */
public final class SealedJournal implements Journal {

    /** What an entry grows by. */
    public static final int OVERHEAD_BYTES = SealChain.OVERHEAD;

    private static final int MAX_HEADS = 10_000;

    /** Where a run ends, as far as this object knows. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves the class
    private record Head(long entries, byte[] seal) {}

    private final Journal journal;
    private final SealKeys keys;
    private final boolean isEncrypting;

    private final RunQueues queues = new RunQueues();

    /** Of the runs that were written last; guarded by itself. */
    private final Map<String, Head> heads = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Head> eldest) {
            return size() > MAX_HEADS;
        }
    };

    private SealedJournal(Builder from) {
        this.journal = from.journal;
        this.keys = new SealKeys(from.ring);
        this.isEncrypting = from.isEncrypting;
    }

    /**
     * Starts a sealed journal.
     *
     * @param journal where the sealed entries go; empty, or written by a sealed journal
     * @param ring has an HMAC key, and for encryption an AES key, of nobody in particular
     * @return a builder with all defaults
     * @throws NullPointerException if an argument is null
     */
    public static Builder builder(Journal journal, KeyRing ring) {
        return new Builder(Objects.requireNonNull(journal, "journal"), Objects.requireNonNull(ring, "ring"));
    }

    // --- writing

    /** How the journal below is written to. */
    private interface Writer {
        Mono<Long> write(String runId, long expectedSequence, List<JournalEntry> sealedEntries);
    }

    @Override
    public Mono<Long> append(String runId, long expectedSequence, List<JournalEntry> entries) {
        return append(runId, expectedSequence, entries, journal::append);
    }

    @Override
    public Mono<Long> appendDirect(String runId, long expectedSequence, List<JournalEntry> entries) {
        return append(runId, expectedSequence, entries, journal::appendDirect);
    }

    private Mono<Long> append(String runId, long expected, List<JournalEntry> entries, Writer writer) {
        List<JournalEntry> checked = JournalBounds.checkAppend(runId, expected, entries);
        return queues.inTurn(
                runId,
                Mono.defer(() -> sealBefore(runId, expected))
                        .flatMap(
                                before -> write(runId, expected, checked, new SealChain(keys, runId, before), writer)));
    }

    private Mono<Long> write(String runId, long expected, List<JournalEntry> entries, SealChain chain, Writer writer) {
        List<JournalEntry> sealedEntries = new ArrayList<>(entries.size());
        for (JournalEntry entry : entries) {
            sealedEntries.add(chain.seal(entry, isEncrypting));
        }
        return writer.write(runId, expected, sealedEntries)
                .doOnNext(next -> {
                    synchronized (heads) {
                        heads.put(runId, new Head(next, chain.last()));
                    }
                })
                .onErrorMap(
                        JournalEntryTooLargeException.class,
                        sealedSize -> new JournalEntryTooLargeException(
                                runId,
                                sealedSize.sequence(),
                                sealedSize.size() - OVERHEAD_BYTES,
                                sealedSize.maxSize() - OVERHEAD_BYTES));
    }

    /** The seal that an entry follows. */
    private Mono<byte[]> sealBefore(String runId, long sequence) {
        if (sequence == 0) {
            return Mono.just(SealChain.beginning());
        }
        Head known;
        synchronized (heads) {
            known = heads.get(runId);
        }
        if (known != null && known.entries() == sequence) {
            return Mono.just(known.seal());
        }
        return journal.read(runId, sequence - 1)
                .next()
                .map(stored -> seal(runId, stored))
                .switchIfEmpty(Mono.defer(() -> journal.read(runId, 0)
                        .count()
                        .flatMap(actual -> Mono.error(new StaleAppendException(runId, sequence, actual)))));
    }

    private static byte[] seal(String runId, JournalEntry stored) {
        byte[] seal = SealChain.sealOf(stored);
        if (seal == null) {
            throw new JournalCorruptedException(runId, stored.sequence(), "it has no seal", null);
        }
        return seal;
    }

    // --- reading

    @Override
    public Flux<JournalEntry> read(String runId, long fromSequence) {
        if (fromSequence == 0) {
            return journal.read(runId, 0).transformDeferred(stored -> open(runId, stored));
        }
        JournalBounds.checkRunId(runId);
        JournalBounds.checkSequence("fromSequence", fromSequence);
        // The entry before the first one is read for its seal alone: if it is another one, the first one's does not
        // fit.
        return journal.read(runId, fromSequence - 1).transformDeferred(stored -> {
            SealChain[] chain = new SealChain[1];
            return stored.handle((entry, sink) -> {
                if (chain[0] != null) {
                    sink.next(chain[0].open(entry));
                } else if (entry.sequence() == fromSequence - 1) {
                    chain[0] = new SealChain(keys, runId, seal(runId, entry));
                } else {
                    sink.error(new JournalCorruptedException(runId, fromSequence - 1, "it is missing", null));
                }
            });
        });
    }

    private Flux<JournalEntry> open(String runId, Flux<JournalEntry> stored) {
        SealChain chain = new SealChain(keys, runId, SealChain.beginning());
        return stored.map(chain::open);
    }

    @Override
    public Flux<RunSummary> list(JournalFilter filter) {
        return journal.list(filter)
                .map(stored -> new RunSummary(
                        stored.runId(),
                        stored.entries(),
                        stored.startedAt(),
                        stored.lastAppendedAt(),
                        stored.lastType(),
                        stored.bytes() - stored.entries() * OVERHEAD_BYTES));
    }

    // --- what no seal in the file can show

    /**
     * Verifies a run from its first entry to its last, and says where it stands.
     *
     * <p>Cold: every subscription reads the run.
     *
     * <ul>
     *   <li><b>onNext</b>: the run's head, to be kept elsewhere.
     *   <li><b>onComplete</b>: without a head if there is no such run.
     *   <li><b>onError</b>: as for {@link #read}.
     * </ul>
     *
     * @param runId the run: 1 to 200 printable ASCII characters, no spaces
     * @return its head
     * @throws NullPointerException if {@code runId} is null
     * @throws IllegalArgumentException if {@code runId} is out of its bounds
     */
    public Mono<SealHead> head(String runId) {
        JournalBounds.checkRunId(runId);
        return Mono.defer(() -> {
            SealChain chain = new SealChain(keys, runId, SealChain.beginning());
            return journal.read(runId, 0)
                    .map(chain::open)
                    .count()
                    .flatMap(entries -> entries == 0
                            ? Mono.empty()
                            : Mono.just(
                                    new SealHead(runId, entries, HexFormat.of().formatHex(chain.last()))));
        });
    }

    /**
     * Verifies that a run still has all that it had.
     *
     * <p>Cold: every subscription reads the run.
     *
     * <ul>
     *   <li><b>onNext</b>: the run's head now: the same, or a later one.
     *   <li><b>onError</b>: {@link JournalCorruptedException} if it has fewer entries than then, or others; else as for {@link
     *       #read}.
     * </ul>
     *
     * @param then what {@link #head} has returned before
     * @return the run's head
     * @throws NullPointerException if {@code then} is null
     */
    public Mono<SealHead> verify(SealHead then) {
        String runId = then.runId();
        return Mono.defer(() -> {
            SealChain chain = new SealChain(keys, runId, SealChain.beginning());
            long[] count = new long[1];
            return journal.read(runId, 0)
                    .doOnNext(stored -> {
                        JournalEntry opened = chain.open(stored);
                        count[0]++;
                        if (count[0] == then.entries()
                                && !then.seal().equals(HexFormat.of().formatHex(chain.last()))) {
                            throw new JournalCorruptedException(
                                    runId, opened.sequence(), "its seal was another one", null);
                        }
                    })
                    .then(Mono.defer(() -> count[0] < then.entries()
                            ? Mono.error(new JournalCorruptedException(
                                    runId,
                                    count[0],
                                    "it had " + then.entries() + " entries, and has " + count[0],
                                    null))
                            : Mono.just(
                                    new SealHead(runId, count[0], HexFormat.of().formatHex(chain.last())))));
        });
    }

    // --- the rest

    @Override
    public Mono<Boolean> delete(String runId) {
        return journal.delete(runId).doOnNext(was -> {
            synchronized (heads) {
                heads.remove(runId);
            }
        });
    }

    @Override
    public Mono<Void> close() {
        return journal.close();
    }

    @Override
    public PayloadCodec codec() {
        return journal.codec();
    }

    /** The journal below, without keys. */
    @Override
    public String toString() {
        return "SealedJournal[" + journal + (isEncrypting ? ", encrypting" : "") + "]";
    }

    /** Makes a sealed journal. Not thread-safe. */
    public static final class Builder {

        private final Journal journal;
        private final KeyRing ring;
        private boolean isEncrypting;

        private Builder(Journal journal, KeyRing ring) {
            this.journal = journal;
            this.ring = ring;
        }

        /**
         * Encrypts payloads. What was written before stays as it is, and is read as well.
         *
         * @return this
         */
        public Builder encrypting() {
            this.isEncrypting = true;
            return this;
        }

        /**
         * Makes the sealed journal.
         *
         * @return a journal
         * @throws KeyUnavailableException if the ring has no key to seal or encrypt with
         */
        public SealedJournal build() {
            SealedJournal built = new SealedJournal(this);
            built.keys.current(KeyAlgorithm.HMAC_SHA256);
            if (isEncrypting) {
                built.keys.current(KeyAlgorithm.AES_256_GCM);
            }
            return built;
        }
    }
}
