package io.flotilla.run;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.journal.RunSummary;
import java.time.Instant;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A journal as a process sees it that dies at one of its appends: written or not, nothing is heard of it any more. */
final class MortalJournal implements Journal {

    private final Journal journal;
    private final boolean isLastWritten;
    private long left;
    private boolean dead;
    private Instant diedAt = Instant.MAX;

    MortalJournal(Journal journal, long appends, boolean isLastWritten) {
        this.journal = journal;
        this.left = appends;
        this.isLastWritten = isLastWritten;
    }

    boolean isDead() {
        return dead;
    }

    Instant diedAt() {
        return diedAt;
    }

    @Override
    public Mono<Long> append(String runId, long expectedSequence, List<JournalEntry> entries) {
        return Mono.defer(() -> {
            if (dead) {
                return Mono.never();
            }
            left--;
            if (left > 0) {
                return journal.append(runId, expectedSequence, entries);
            }
            dead = true;
            diedAt = NestedWorld.now();
            return isLastWritten
                    ? journal.append(runId, expectedSequence, entries).then(Mono.never())
                    : Mono.never();
        });
    }

    @Override
    public Flux<JournalEntry> read(String runId, long fromSequence) {
        return Flux.defer(() -> dead ? Flux.never() : journal.read(runId, fromSequence));
    }

    @Override
    public Flux<RunSummary> list(JournalFilter filter) {
        return Flux.defer(() -> dead ? Flux.never() : journal.list(filter));
    }

    @Override
    public Mono<Boolean> delete(String runId) {
        return journal.delete(runId);
    }

    @Override
    public Mono<Void> close() {
        return Mono.empty();
    }

    @Override
    public PayloadCodec codec() {
        return journal.codec();
    }
}
