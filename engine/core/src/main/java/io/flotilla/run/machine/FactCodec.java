package io.flotilla.run.machine;

import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.observe.Redactor;
import io.flotilla.run.Decision;
import io.flotilla.run.RunResult;
import io.flotilla.run.machine.FactFormat.EntryType;
import io.flotilla.run.machine.FactFormat.FactKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Facts as they stand in a journal, see {@code format.md} beside this file. What it once wrote it reads for ever; a change
 * is a new type or a new key that may be missing. Thread-safe.
 *
 * @since 0.1
 */
public final class FactCodec {

    /** The type of the last entry of a run that has ended. */
    public static final String RUN_FINISHED = EntryType.RUN_FINISHED;

    private final PayloadCodec codec;
    private final FactWriter writer;

    /**
     * A codec of facts.
     *
     * @param codec turns payloads into bytes
     * @param redactor goes over the texts in what agents and people say
     */
    public FactCodec(PayloadCodec codec, Redactor redactor) {
        this.codec = codec;
        this.writer = new FactWriter(codec, redactor);
    }

    /**
     * Encodes a fact.
     *
     * @param sequence its place in the journal
     * @param recorded the fact
     * @return the entry
     */
    public JournalEntry entry(long sequence, Recorded recorded) {
        return writer.entry(sequence, recorded);
    }

    /**
     * The same entry with the digest of what has come of its fact.
     *
     * @param entry what {@link #entry} has made of {@code recorded}
     * @param recorded the fact
     * @param digest the digest of the run after this fact
     * @return the entry with it
     */
    public JournalEntry with(JournalEntry entry, Recorded recorded, long digest) {
        byte[] payload = codec.add(entry.payload(), FactKey.DIGEST_AFTER, digest);
        return payload == null
                ? entry(entry.sequence(), recorded.with(digest))
                : new JournalEntry(entry.sequence(), entry.timestamp(), entry.type(), payload);
    }

    /**
     * The note that the run has ended, so that a list can tell without reading it. It is no fact.
     *
     * @param sequence its place in the journal, behind the last fact
     * @param at when
     * @param status how the run ended
     * @return the entry
     */
    public JournalEntry finished(long sequence, Instant at, RunResult.Status status) {
        return writer.finished(sequence, at, status);
    }

    /**
     * The note that the run is of another version from here on. It is no fact.
     *
     * @param sequence its place in the journal
     * @param at when
     * @param header of the workflow's new version
     * @return the entry
     */
    public JournalEntry migrated(long sequence, Instant at, RunHeader header) {
        return writer.migrated(sequence, at, header);
    }

    /**
     * Whether an entry is the first of a run; a journal may have entries of other things than runs.
     *
     * @param entry the first entry under some id
     * @return whether a run has it
     */
    public static boolean isStart(JournalEntry entry) {
        return entry.type().equals(EntryType.RUN_STARTED);
    }

    private FactReader reader(JournalEntry entry) {
        return new FactReader(entry, codec.decode(entry.payload()), codec);
    }

    /**
     * Applies an entry to a replay.
     *
     * @param entry the next entry of the run
     * @param replay where to
     * @throws io.flotilla.journal.PayloadException if the entry cannot be read
     * @throws io.flotilla.run.DivergenceException if something else comes of it than did then
     * @throws io.flotilla.run.UnsupportedRunFormatException if the run was recorded by a version that compares otherwise
     */
    public void read(JournalEntry entry, Replay replay) {
        FactReader reader = reader(entry);
        if (entry.type().equals(EntryType.RUN_FINISHED)) {
            replay.end(reader.text(FactKey.STATUS));
        } else if (entry.type().equals(EntryType.RUN_MIGRATED)) {
            replay.migrate(reader.migrated());
        } else {
            replay.apply(reader.recorded());
        }
    }

    /**
     * How many bytes a value takes in a fact.
     *
     * @param value any value
     * @return the number, about
     * @throws io.flotilla.journal.PayloadException if it has a type that the codec does not know, or is too large or too deep
     */
    public int sizeOf(Object value) {
        return writer.value(value).length;
    }

    /**
     * What is read of a value once it was written: the same content, but lists, sets and maps may be of another class.
     *
     * @param value any value
     * @return what is read
     * @throws io.flotilla.journal.PayloadException if it cannot be written or read
     */
    public Object readBack(Object value) {
        return Objects.requireNonNull(codec.decode(writer.value(value)).get(FactKey.VALUE), "value");
    }

    /** The fact of an entry, for tests. */
    Fact fact(JournalEntry entry) {
        return reader(entry).recorded().fact();
    }

    /**
     * Which workflow a run is of.
     *
     * @param started the first entry of the run
     * @return the name of the workflow
     */
    public String workflow(JournalEntry started) {
        return reader(started).text(FactKey.WORKFLOW);
    }

    /**
     * What a run's first entry says of the run.
     *
     * @param started the first entry of the run
     * @return the header
     * @throws io.flotilla.journal.PayloadException if it is none
     */
    public RunHeader header(JournalEntry started) {
        return reader(started).checkedHeader();
    }

    /**
     * The version that an entry moves its run to.
     *
     * @param entry any entry of a run
     * @return the version; null if it is not the note of a new version
     */
    public @Nullable String migratedTo(JournalEntry entry) {
        return entry.type().equals(EntryType.RUN_MIGRATED)
                ? reader(entry).migrated().version()
                : null;
    }

    /**
     * How a run has ended.
     *
     * @param entry any entry of the run
     * @return the status; null if it is not the note of the end
     */
    public RunResult.@Nullable Status endedAs(JournalEntry entry) {
        if (!entry.type().equals(EntryType.RUN_FINISHED)) {
            return null;
        }
        String status = reader(entry).text(FactKey.STATUS);
        for (RunResult.Status known : RunResult.Status.values()) {
            if (FactFormat.of(known).equals(status)) {
                return known;
            }
        }
        throw reader(entry).wrong("has an unknown status, " + status);
    }

    /**
     * The task of a run.
     *
     * @param started the first entry of the run
     * @return the task as it is read back
     */
    public @Nullable Object task(JournalEntry started) {
        return reader(started).values().get(FactKey.TASK);
    }

    /**
     * Whether two tasks are the same once they are recorded.
     *
     * @param one a task
     * @param other another, or one that was read back
     * @return true if they are equal, or are written as the same bytes, or equal when they are read back
     * @throws io.flotilla.journal.PayloadException if one cannot be written
     */
    public boolean isSameTask(@Nullable Object one, @Nullable Object other) {
        if (Objects.equals(one, other)) {
            return true;
        }
        byte[] first = writer.task(one);
        byte[] second = writer.task(other);
        return Arrays.equals(first, second) || codec.decode(first).equals(codec.decode(second));
    }

    /**
     * The same fact with another input.
     *
     * @param entry the start of a run, the end of a step, the answer to a question, or a signal
     * @param input the task, the decision or what the agent answers, the answer, or the value of the signal
     * @return the fact; what a step has written into the run's state stays
     * @throws IllegalArgumentException if the fact has no input
     * @see io.flotilla.run.Runs#fork
     */
    public Fact with(JournalEntry entry, @Nullable Object input) {
        FactReader reader = reader(entry);
        return switch (entry.type()) {
            case EntryType.RUN_STARTED -> new Fact.Started(entry.timestamp(), input);
            case EntryType.QUESTION_ANSWERED ->
                new Fact.QuestionAnswered(entry.timestamp(), reader.text(FactKey.QUESTION), input);
            case EntryType.SIGNAL_RECEIVED ->
                new Fact.SignalReceived(
                        entry.timestamp(), reader.text(FactKey.SIGNAL), input, reader.has(FactKey.IF_AWAITED));
            case EntryType.STEP_SETTLED ->
                new Fact.StepSettled(
                        entry.timestamp(),
                        reader.number(FactKey.STEP),
                        input instanceof Decision decision ? decision : Decision.answer(input),
                        null,
                        null,
                        reader.used(),
                        1,
                        false,
                        reader.writes(),
                        reader.ownUsage());
            default ->
                throw new IllegalArgumentException(
                        "fact " + entry.sequence() + " is a " + entry.type() + ", which has no input to exchange");
        };
    }
}
