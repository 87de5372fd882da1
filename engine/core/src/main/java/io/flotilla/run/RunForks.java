package io.flotilla.run;

import io.flotilla.journal.JournalEntry;
import io.flotilla.run.machine.Fact;
import io.flotilla.run.machine.FactCodec;
import io.flotilla.run.machine.Recorded;
import io.flotilla.run.machine.Replay;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Forks recorded runs: what they have in common is read, and one fact is another. Thread-safe. */
final class RunForks {

    private final Workflow<?, ?> workflow;
    private final FactRecorder.Recording recording;
    private final RunReader reader;

    RunForks(Workflow<?, ?> workflow, FactRecorder.Recording recording, RunReader reader) {
        this.workflow = workflow;
        this.recording = recording;
        this.reader = reader;
    }

    /** The new run as the journal has it then. */
    Mono<Replay> fork(String runId, long sequence, @Nullable Object input) {
        return Mono.defer(() -> {
            Replay replay = workflow.past(workflow.setup().newRunId());
            AtomicReference<@Nullable JournalEntry> exchanged = new AtomicReference<>();
            return reader.entries(runId, sequence + 1)
                    .doOnNext(entry -> {
                        if (entry.sequence() < sequence) {
                            reader.read(entry, replay);
                        } else {
                            exchanged.set(entry);
                        }
                    })
                    .then(Mono.defer(() -> forked(runId, replay, sequence, exchanged.get(), input)));
        });
    }

    /** The new run with its first fact of its own: in the journal at once, or not at all. */
    private Mono<Replay> forked(
            String runId, Replay replay, long sequence, @Nullable JournalEntry exchanged, @Nullable Object input) {
        if (exchanged == null) {
            return Mono.error(new IllegalArgumentException(
                    "run " + runId + " has no fact " + sequence + ", it has " + replay.facts()));
        }
        if (sequence == 0 && input != null) {
            workflow.checkTask(input);
        }
        FactCodec codec = recording.codec();
        Fact other = RunReader.signalled(
                runId,
                exchanged,
                () -> workflow.setup()
                        .redacted(
                                codec.with(exchanged, input).at(workflow.setup().now())));
        if (other instanceof Fact.QuestionAnswered answer) {
            replay.state().questions().stream()
                    .filter(question -> question.id().equals(answer.question()))
                    .forEach(question -> question.check(answer.value()));
        }
        Recorded recorded = Recorded.of(other, replay.machine(), replay.digest(), recording.header(), true);
        JournalEntry first = RunReader.signalled(runId, exchanged, () -> codec.entry(sequence, recorded));
        return recording
                .journal()
                .copy(runId, sequence, replay.runId(), List.of(first))
                .map(next -> {
                    reader.read(first, replay);
                    return replay;
                });
    }
}
