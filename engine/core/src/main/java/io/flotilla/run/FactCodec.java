package io.flotilla.run;

import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.observe.Redactor;
import io.flotilla.run.FactFormat.EntryType;
import io.flotilla.run.FactFormat.FactKey;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Facts as they stand in a journal, see {@code format.md} beside this file. What it once wrote it reads for ever; a change
 * is a new type or a new key that may be missing. Thread-safe.
 */
final class FactCodec {

    private final PayloadCodec codec;
    private final FactWriter writer;

    FactCodec(PayloadCodec codec, Redactor redactor) {
        this.codec = codec;
        this.writer = new FactWriter(codec, redactor);
    }

    JournalEntry entry(long sequence, Recorded recorded) {
        return writer.entry(sequence, recorded);
    }

    /** The note that the run has ended. */
    JournalEntry finished(long sequence, Instant at, RunResult.Status status) {
        return writer.finished(sequence, at, status);
    }

    private FactReader reader(JournalEntry entry) {
        return new FactReader(entry, codec.decode(entry.payload()));
    }

    /** Drives {@code past} with an entry. */
    void read(JournalEntry entry, Replay replay) {
        FactReader reader = reader(entry);
        if (entry.type().equals(EntryType.RUN_FINISHED)) {
            replay.end(reader.text(FactKey.STATUS));
        } else {
            replay.apply(reader.recorded());
        }
    }

    /** The fact of an entry, for tests. */
    Fact fact(JournalEntry entry) {
        return reader(entry).recorded().fact();
    }

    /** Of the first entry of a run: which workflow it is of. */
    String workflow(JournalEntry started) {
        return reader(started).text(FactKey.WORKFLOW);
    }

    /** The same fact with another input, see {@link Runs#fork}. */
    Fact with(JournalEntry entry, @Nullable Object input) {
        FactReader reader = reader(entry);
        return switch (entry.type()) {
            case EntryType.RUN_STARTED -> new Fact.Started(entry.timestamp(), input);
            case EntryType.QUESTION_ANSWERED ->
                new Fact.QuestionAnswered(entry.timestamp(), reader.text(FactKey.QUESTION), input);
            case EntryType.STEP_SETTLED ->
                new Fact.StepSettled(
                        entry.timestamp(),
                        reader.number(FactKey.STEP),
                        input instanceof Decision decision ? decision : Decision.answer(input),
                        null,
                        null,
                        reader.used());
            default ->
                throw new IllegalArgumentException(
                        "fact " + entry.sequence() + " is a " + entry.type() + ", which has no input to exchange");
        };
    }
}
