package io.flotilla.journal;

import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Where the facts of runs are kept, in order, for as long as nobody deletes them.
 *
 * <p>The entries of a run are numbered from 0 without gaps; the number of its entries is its next sequence. A run is there
 * from its first entry on. Whoever appends says which sequence comes next: of two who write to one run, one is refused.
 *
 * <p>The tests of {@code JournalContract} say what an implementation has to do; those of this project pass them.
 * Thread-safe.
 *
 * @since 0.1
 */
public interface Journal {

    /**
     * Appends entries to a run: all of them, or none.
     *
     * <p>Cold: every subscription is an append of its own. A second one is stale if the first has been written.
     *
     * <ul>
     *   <li><b>onNext</b>: the run's next sequence, once, after the entries are kept as well as this journal keeps anything
     *       (its description says how well). From then on every {@code read} and {@code list} that is subscribed has them.
     *   <li><b>onError</b>: {@link StaleAppendException} if the run has another next sequence; {@link
     *       JournalEntryTooLargeException}; {@link JournalOverloadedException}, {@link JournalFullException}, {@link
     *       JournalCorruptedException}, {@link JournalPoisonedException}, {@link JournalClosedException}. Nothing has been
     *       acknowledged then; after {@link JournalPoisonedException}, and after {@link JournalClosedException} only if it
     *       had been accepted before, the entries may be there when the journal is opened again.
     *   <li><b>cancel</b>: only ends the waiting. An append that has been subscribed is carried out, and is refused, as if
     *       nobody had cancelled; whether it was is told by the next {@code read}.
     *   <li><b>demand</b>: one.
     *   <li><b>threads</b>: as the implementation says; never one that it needs for its own work.
     * </ul>
     *
     * @param runId which run: 1 to 200 printable ASCII characters, no spaces
     * @param expectedSequence the run's next sequence, which is that of the first entry; 0 for a run that is not there
     * @param entries 1 to 10,000 entries, with sequences from {@code expectedSequence} on, each one more than the one before
     * @return the run's next sequence
     * @throws NullPointerException if an argument or an entry is null
     * @throws IllegalArgumentException if an argument is out of its bounds, or the sequences are not as described
     */
    Mono<Long> append(String runId, long expectedSequence, List<JournalEntry> entries);

    /**
     * Makes a new run that has the first entries of another one, and further ones behind them: all of it, or nothing. The
     * source is not changed.
     *
     * <p>Cold, and otherwise like an {@link #append} of all these entries to the new run, however many they are. The default
     * implementation is one: it reads the entries into memory, and takes {@link JournalBounds#MAX_ENTRIES} at most. A journal
     * that keeps longer runs implements this method itself.
     *
     * <ul>
     *   <li><b>onNext</b>: the new run's next sequence, once, when it is kept.
     *   <li><b>onError</b>: as for {@link #append}; {@link StaleAppendException} also if the source has fewer than {@code count}
     *       entries; {@link JournalCorruptedException} if one of them is not what was appended; {@link
     *       UnsupportedOperationException} if there are more than this journal copies. There is no new run then.
     *   <li><b>cancel</b>: only ends the waiting, once the entries to be copied have been read.
     * </ul>
     *
     * @param sourceRunId the run to copy from
     * @param count how many of its entries; 0 or more
     * @param targetRunId the new run, which must not be there
     * @param entries what comes behind them: 1 to 10,000 entries, with sequences from {@code count} on
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
     * Reads a run from a sequence on, as it is at subscription.
     *
     * <p>Cold: every subscription reads anew.
     *
     * <ul>
     *   <li><b>onNext</b>: the entries in order, without gaps. All that was acknowledged before subscription is among them;
     *       an append that comes later changes nothing in a read that has begun.
     *   <li><b>onError</b>: {@link JournalCorruptedException} naming the first entry that is not what was appended, after
     *       all entries in front of it, none after it; {@link RunDeletedException} if the run was deleted meanwhile; {@link
     *       JournalOverloadedException}, {@link JournalClosedException}. Never fewer entries without an error.
     *   <li><b>onComplete</b>: after the last entry; at once for a run that is not there or has no such entry.
     *   <li><b>cancel</b>: no more is read; entries that were read ahead are discarded.
     *   <li><b>demand</b>: honoured; what is read ahead of it is bounded, as the implementation says.
     *   <li><b>threads</b>: as the implementation says; never one that it needs for its own work.
     * </ul>
     *
     * @param runId which run: 1 to 200 printable ASCII characters, no spaces
     * @param fromSequence the first sequence wanted; 0 or more
     * @return the run's entries
     * @throws NullPointerException if {@code runId} is null
     * @throws IllegalArgumentException if an argument is out of its bounds
     */
    Flux<JournalEntry> read(String runId, long fromSequence);

    /**
     * The runs that are here, ordered by run id.
     *
     * <p>Cold: every subscription looks anew.
     *
     * <ul>
     *   <li><b>onNext</b>: a run that matches, at most once each; each as it was at some moment after subscription. A run
     *       that is appended to or deleted meanwhile may be there as before or as after.
     *   <li><b>onError</b>: {@link JournalCorruptedException} if what is known of a run has been altered, after all runs of
     *       which it has not; {@link JournalOverloadedException}, {@link JournalClosedException}.
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
     * Deletes a run with all its entries. Then it is as if it had never been: its next sequence is 0.
     *
     * <p>Cold: every subscription is a deletion of its own.
     *
     * <ul>
     *   <li><b>onNext</b>: whether the run was there, after it is gone for good.
     *   <li><b>onError</b>: {@link JournalOverloadedException}, {@link JournalPoisonedException}, {@link
     *       JournalClosedException}.
     *   <li><b>cancel</b>: only ends the waiting, as for {@link #append}.
     *   <li><b>threads</b>: as for {@link #append}.
     * </ul>
     *
     * @param runId which run: 1 to 200 printable ASCII characters, no spaces
     * @return whether it was there
     * @throws NullPointerException if {@code runId} is null
     * @throws IllegalArgumentException if {@code runId} is out of its bounds
     */
    Mono<Boolean> delete(String runId);

    /**
     * Closes the journal. What was accepted before is carried out and told to those who wait; then all that is asked of the
     * journal ends with {@link JournalClosedException}.
     *
     * <p>Cold, and idempotent: a further subscription, also a further call, waits for the same end.
     *
     * <ul>
     *   <li><b>onComplete</b>: once nothing is left open: no thread, no file, no lock.
     *   <li><b>cancel</b>: only ends the waiting; the journal closes all the same.
     *   <li><b>threads</b>: as for {@link #append}.
     * </ul>
     *
     * @return the end of the journal
     */
    Mono<Void> close();

    /**
     * How the payloads of runs are written into this journal. A journal keeps bytes and does not call it.
     *
     * @return the codec; {@link PayloadCodec#basic()} unless the journal was given another
     */
    default PayloadCodec codec() {
        return PayloadCodec.basic();
    }

    /**
     * A journal that keeps up to 10,000 runs in memory.
     *
     * @return a journal that is empty
     * @see InMemoryJournal#builder()
     */
    static Journal inMemory() {
        return InMemoryJournal.builder().build();
    }
}
