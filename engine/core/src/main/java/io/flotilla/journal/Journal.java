package io.flotilla.journal;

import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A store for the facts of runs, in order. Facts are kept until their run is deleted.
 *
 * <p>The entries of a run are numbered from 0 without gaps; the number of its entries is its next sequence. A run exists
 * from its first entry on. An append states the next sequence it expects, so of two concurrent writers of one run one is
 * refused.
 *
 * <p>The tests of {@code JournalContract} specify what an implementation must do; the implementations of this project
 * pass them. Thread-safe.
 *
 * @since 0.1
 */
public interface Journal {

    /**
     * Appends entries to a run: all of them, or none.
     *
     * <p>Cold: every subscription appends. A second subscription is stale if the first has been written.
     *
     * <ul>
     *   <li><b>onNext</b>: the run's next sequence, once, when the entries are stored as durably as this journal stores
     *       entries (see its description). Every later subscription to {@code read} and {@code list} sees them.
     *   <li><b>onError</b>: {@link StaleAppendException} if the run has another next sequence; {@link
     *       JournalEntryTooLargeException}; {@link JournalOverloadedException}, {@link JournalFullException}, {@link
     *       JournalCorruptedException}, {@link JournalPoisonedException}, {@link JournalClosedException}. Then nothing is
     *       acknowledged; after {@link JournalPoisonedException}, and after {@link JournalClosedException} only if it had
     *       been accepted before, the entries may be there when the journal is opened again.
     *   <li><b>cancel</b>: only ends the waiting. A subscribed append is carried out or refused as if it had not been
     *       cancelled; the next {@code read} shows which.
     *   <li><b>demand</b>: one.
     *   <li><b>threads</b>: as the implementation says; never one that it needs for its own work.
     * </ul>
     *
     * @param runId the run: 1 to 200 printable ASCII characters, no spaces
     * @param expectedSequence the run's next sequence, which is that of the first entry; 0 for a new run
     * @param entries 1 to 10,000 entries, with sequences from {@code expectedSequence} on, each one more than the one before
     * @return the run's next sequence
     * @throws NullPointerException if an argument or an entry is null
     * @throws IllegalArgumentException if an argument is out of its bounds, or the sequences are not as described
     */
    Mono<Long> append(String runId, long expectedSequence, List<JournalEntry> entries);

    /**
     * Creates a new run from the first entries of another run, followed by further entries: all of them, or none. The
     * source is not changed.
     *
     * <p>Cold, and otherwise like an {@link #append} of all these entries to the new run, with no bound on their number.
     * The default implementation is such an append: it reads the entries into memory, at most {@link
     * JournalBounds#MAX_ENTRIES}. A journal that keeps longer runs overrides this method.
     *
     * <ul>
     *   <li><b>onNext</b>: the new run's next sequence, once, when the run is stored.
     *   <li><b>onError</b>: as for {@link #append}; {@link StaleAppendException} also if the source has fewer than {@code
     *       count} entries; {@link JournalCorruptedException} if one of them is not what was appended; {@link
     *       UnsupportedOperationException} if there are more than this journal copies. Then there is no new run.
     *   <li><b>cancel</b>: only ends the waiting, once the entries to be copied have been read.
     * </ul>
     *
     * @param sourceRunId the run to copy from
     * @param count how many of its entries; 0 or more
     * @param targetRunId the id of the new run, which must not exist yet
     * @param entries the entries that follow: 1 to 10,000, with sequences from {@code count} on
     * @return the new run's next sequence
     * @throws NullPointerException if an argument or an entry is null
     * @throws IllegalArgumentException if an argument is out of its bounds, or the sequences are not as described
     */
    default Mono<Long> copy(String sourceRunId, long count, String targetRunId, List<JournalEntry> entries) {
        JournalBounds.checkRunId(sourceRunId);
        List<JournalEntry> further = JournalBounds.checkAppend(targetRunId, count, entries);
        if (count + further.size() > JournalBounds.MAX_ENTRIES) {
            return Mono.error(() -> new UnsupportedOperationException("this journal copies at most "
                    + JournalBounds.MAX_ENTRIES + " entries at once, not " + (count + further.size())));
        }
        return read(sourceRunId, 0).take(count).collectList().flatMap(common -> {
            if (common.size() < count) {
                return Mono.error(new StaleAppendException(sourceRunId, count, common.size()));
            }
            List<JournalEntry> all = new ArrayList<>(common);
            all.addAll(further);
            return append(targetRunId, 0, all);
        });
    }

    /**
     * Appends as {@link #append} does, but may signal on a thread that the journal needs for its own work. For a caller that
     * hands every signal over to a thread of its own at once, as runs do: it is spared one hand-over. A journal whose
     * {@code append} changes threads for its signals' sake may implement it.
     *
     * <ul>
     *   <li><b>onNext</b>, <b>onError</b>, <b>cancel</b>: as for {@link #append}, which it calls by default.
     *   <li><b>threads</b>: any; whoever is signalled must neither block nor call agents there.
     * </ul>
     *
     * @param runId the run: 1 to 200 printable ASCII characters, no spaces
     * @param expectedSequence as for {@link #append}
     * @param entries as for {@link #append}
     * @return the run's next sequence, once the entries are stored
     * @throws NullPointerException if an argument or an entry is null
     * @throws IllegalArgumentException if an argument is out of its bounds
     */
    default Mono<Long> appendDirect(String runId, long expectedSequence, List<JournalEntry> entries) {
        return append(runId, expectedSequence, entries);
    }

    /**
     * Reads the entries of a run from a sequence on, as they are at subscription.
     *
     * <p>Cold: every subscription reads again.
     *
     * <ul>
     *   <li><b>onNext</b>: the entries in order, without gaps. They include all entries acknowledged before subscription;
     *       a later append does not change a read that has begun.
     *   <li><b>onError</b>: {@link JournalCorruptedException} naming the first entry that is not what was appended, after
     *       all entries before it and none after it; {@link RunDeletedException} if the run was deleted during the read;
     *       {@link JournalOverloadedException}, {@link JournalClosedException}. Entries are never missing without an
     *       error.
     *   <li><b>onComplete</b>: after the last entry; at once if the run does not exist or has no such entry.
     *   <li><b>cancel</b>: no more is read; entries that were read ahead are discarded.
     *   <li><b>demand</b>: honoured; what is read ahead of it is bounded, as the implementation says.
     *   <li><b>threads</b>: as the implementation says; never one that it needs for its own work.
     * </ul>
     *
     * @param runId the run: 1 to 200 printable ASCII characters, no spaces
     * @param fromSequence the first sequence wanted; 0 or more
     * @return the run's entries
     * @throws NullPointerException if {@code runId} is null
     * @throws IllegalArgumentException if an argument is out of its bounds
     */
    Flux<JournalEntry> read(String runId, long fromSequence);

    /**
     * Lists the runs of this journal, ordered by run id, or the {@linkplain JournalFilter#newestFirst() newest first}.
     *
     * <p>Cold: every subscription lists again.
     *
     * <ul>
     *   <li><b>onNext</b>: each matching run at most once, as it was at some moment after subscription. A run that is
     *       appended to or deleted during the listing appears in its earlier or its later state.
     *   <li><b>onError</b>: {@link JournalCorruptedException} if the summary of a run has been altered, after all runs
     *       with an intact summary; {@link RunDeletedException} if the newest come first and the run to come {@linkplain
     *       JournalFilter#after after} is not there; {@link JournalOverloadedException}, {@link JournalClosedException}.
     *   <li><b>onComplete</b>: after the last one.
     *   <li><b>cancel</b>: no more is read.
     *   <li><b>demand</b>: honoured; what is read ahead of it is bounded, as the implementation says.
     *   <li><b>threads</b>: as for {@link #read}.
     * </ul>
     *
     * @param filter which runs
     * @return the runs that match
     * @throws NullPointerException if {@code filter} is null
     */
    Flux<RunSummary> list(JournalFilter filter);

    /**
     * Deletes a run with all its entries. Its next sequence is 0 again.
     *
     * <p>Cold: every subscription deletes.
     *
     * <ul>
     *   <li><b>onNext</b>: whether the run existed, after it has been deleted durably.
     *   <li><b>onError</b>: {@link JournalOverloadedException}, {@link JournalPoisonedException}, {@link
     *       JournalClosedException}.
     *   <li><b>cancel</b>: only ends the waiting, as for {@link #append}.
     *   <li><b>threads</b>: as for {@link #append}.
     * </ul>
     *
     * @param runId the run: 1 to 200 printable ASCII characters, no spaces
     * @return whether it existed
     * @throws NullPointerException if {@code runId} is null
     * @throws IllegalArgumentException if {@code runId} is out of its bounds
     */
    Mono<Boolean> delete(String runId);

    /**
     * Closes the journal. Requests accepted before are carried out and answered; all later requests end with {@link
     * JournalClosedException}.
     *
     * <p>Cold, and idempotent: further subscriptions and further calls wait for the same end.
     *
     * <ul>
     *   <li><b>onComplete</b>: when no thread, file or lock is left open.
     *   <li><b>cancel</b>: only ends the waiting; the journal closes all the same.
     *   <li><b>threads</b>: as for {@link #append}.
     * </ul>
     *
     * @return completes when the journal is closed
     */
    Mono<Void> close();

    /**
     * The codec for the payloads of runs in this journal. The journal itself stores bytes and does not call it.
     *
     * @return the codec; {@link PayloadCodec#basic()} unless the journal was built with another
     */
    default PayloadCodec codec() {
        return PayloadCodec.basic();
    }

    /**
     * A journal that keeps up to 10,000 runs in memory.
     *
     * @return an empty journal
     * @see InMemoryJournal#builder()
     */
    static Journal inMemory() {
        return InMemoryJournal.builder().build();
    }
}
