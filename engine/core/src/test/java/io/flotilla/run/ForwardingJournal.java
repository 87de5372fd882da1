package io.flotilla.run;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.journal.RunSummary;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A journal that does what another does: by itself, one of another process with the same runs, none of them live here. */
class ForwardingJournal implements Journal {

    final Journal kept;

    ForwardingJournal(Journal kept) {
        this.kept = kept;
    }

    @Override
    public Mono<Long> append(String runId, long expectedSequence, List<JournalEntry> entries) {
        return kept.append(runId, expectedSequence, entries);
    }

    @Override
    public Flux<JournalEntry> read(String runId, long fromSequence) {
        return kept.read(runId, fromSequence);
    }

    @Override
    public Flux<RunSummary> list(JournalFilter filter) {
        return kept.list(filter);
    }

    @Override
    public Mono<Boolean> delete(String runId) {
        return kept.delete(runId);
    }

    @Override
    public Mono<Void> close() {
        return kept.close();
    }

    @Override
    public PayloadCodec codec() {
        return kept.codec();
    }
}
