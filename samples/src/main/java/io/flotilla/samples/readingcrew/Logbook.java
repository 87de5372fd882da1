package io.flotilla.samples.readingcrew;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import io.flotilla.journal.json.JsonPayloadCodec;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.samples.shell.BadInput;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/** The journal of the crew's runs, {@code journal.sqlite} beside what they have written. Its methods block. */
final class Logbook implements AutoCloseable {

    private static final String FILE = "journal.sqlite";

    /** What the last fact of a run that has ended is called. */
    private static final String RUN_FINISHED = "run-finished";

    private final Path file;
    private final Journal journal;

    private Logbook(Path file, Journal journal) {
        this.file = file;
        this.journal = journal;
    }

    /** Names the types that tasks, requests and answers of the crew are made of. */
    static JsonPayloadCodec codec() {
        return JsonPayloadCodec.builder()
                .register("assignment", Assignment.class)
                .register("read", Read.class)
                .register("check", Check.class)
                .register("written", Written.class)
                .build();
    }

    /**
     * Opens it, or makes it.
     *
     * @param resume whether there must be one already
     * @throws BadInput if there must be one and is none
     */
    static Logbook open(Path folder, boolean resume) {
        Path file = folder.resolve(FILE);
        if (resume && !Files.exists(file)) {
            throw new BadInput("-Dresume=true: there is no run to go on with, there is no " + file);
        }
        try {
            Files.createDirectories(folder);
        } catch (IOException failed) {
            throw new UncheckedIOException("cannot make " + folder, failed);
        }
        return new Logbook(file, SqliteJournal.builder(file).codec(codec()).open());
    }

    Journal journal() {
        return journal;
    }

    /**
     * The newest run that has not ended.
     *
     * @throws BadInput if there is none
     */
    RunSummary unfinished() {
        List<RunSummary> runs =
                Objects.requireNonNull(journal.list(JournalFilter.all().lastTypeNotIn(RUN_FINISHED))
                        .collectList()
                        .block());
        return runs.stream()
                .max(Comparator.comparing(RunSummary::startedAt))
                .orElseThrow(() -> new BadInput(
                        "-Dresume=true: there is no run to go on with, all of those in " + file + " have ended"));
    }

    /** The task of a run, which is in its first fact. */
    Assignment assignment(RunSummary summary) {
        JournalEntry first =
                Objects.requireNonNull(journal.read(summary.runId(), 0).next().block());
        if (journal.codec().decode(first.payload()).get("task") instanceof Assignment assignment) {
            return assignment;
        }
        throw new BadInput("-Dresume=true: run " + summary.runId() + " is no reading crew's");
    }

    @Override
    public void close() {
        journal.close().block();
    }
}
