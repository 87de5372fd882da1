package io.flotilla.run;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.journal.RunSummary;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A journal as another process sees it: the same runs, and none of them live here. */
record OtherProcess(Journal journal) implements Journal {

    @Override
    public Mono<Long> append(String runId, long expectedSequence, List<JournalEntry> entries) {
        return journal.append(runId, expectedSequence, entries);
    }

    @Override
    public Flux<JournalEntry> read(String runId, long fromSequence) {
        return journal.read(runId, fromSequence);
    }

    @Override
    public Flux<RunSummary> list(JournalFilter filter) {
        return journal.list(filter);
    }

    @Override
    public Mono<Boolean> delete(String runId) {
        return journal.delete(runId);
    }

    @Override
    public Mono<Void> close() {
        return journal.close();
    }

    @Override
    public PayloadCodec codec() {
        return journal.codec();
    }
}
