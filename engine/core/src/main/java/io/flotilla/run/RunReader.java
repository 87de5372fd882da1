package io.flotilla.run;

import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.RunSummary;
import io.flotilla.run.machine.Replay;
import io.flotilla.run.machine.RunHeader;
import java.util.function.Supplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Reads the recorded runs of one workflow. Thread-safe. */
final class RunReader {

    private final FactRecorder.Recording recording;

    RunReader(FactRecorder.Recording recording) {
        this.recording = recording;
    }

    /** The replay with the first {@code facts} facts of its run, or all if there are fewer. */
    Mono<Replay> replayOf(long facts, Replay replay) {
        return entries(replay.runId(), Math.max(1, facts)) // of an unknown run it is known at the first
                .filter(entry -> entry.sequence() < facts)
                .doOnNext(entry -> read(entry, replay))
                .then(Mono.just(replay));
    }

    /** Reactor signals no {@link VirtualMachineError}, and somebody waits. */
    void read(JournalEntry entry, Replay replay) {
        signalled(replay.runId(), entry, () -> {
            recording.codec().read(entry, replay);
            return replay;
        });
    }

    static <T> T signalled(String runId, JournalEntry entry, Supplier<T> read) {
        try {
            return read.get();
        } catch (Error fatal) {
            throw new RecoveryFailedException(runId, entry.sequence(), fatal);
        }
    }

    /** What its first entry says of a run of any workflow. */
    Mono<RunHeader> header(String runId) {
        return recording
                .journal()
                .read(runId, 0)
                .next()
                .switchIfEmpty(Mono.error(() -> UnknownRunException.notThere(runId)))
                .map(first -> signalled(runId, first, () -> recording.codec().header(first)));
    }

    Flux<JournalEntry> entries(String runId, long most) {
        return recording
                .journal()
                .read(runId, 0)
                .switchIfEmpty(Flux.error(() -> UnknownRunException.notThere(runId)))
                .doOnNext(entry -> {
                    if (entry.sequence() == 0) {
                        checkWhose(runId, entry);
                    }
                })
                .take(most);
    }

    private void checkWhose(String runId, JournalEntry first) {
        if (first.type().startsWith(RunSummary.STATE_TYPE_PREFIX)) {
            throw UnknownRunException.noRun(runId);
        }
        String workflowName = signalled(runId, first, () -> recording.codec().workflow(first));
        if (!recording.header().workflow().equals(workflowName)) {
            throw UnknownRunException.ofAnother(runId, workflowName);
        }
    }
}
