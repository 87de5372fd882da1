package io.flotilla.samples.readingcrew;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.resilience.BulkheadPolicy;
import io.flotilla.resilience.Resilience;
import io.flotilla.run.Arrival;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.Outcome;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.samples.readingcrew.chat.ChatClient;
import io.flotilla.step.FailureMode;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import reactor.core.publisher.Mono;

/**
 * The crew as a workflow. The planner forks a reader for every file, and the checker. They all go to the writer, which
 * waits for enough of them, writes, and ends the run; who has not come by then is cancelled.
 *
 * @param task what to read, and how
 * @param quorum for whom the writer waits
 * @param readings keeps what is known of each file
 * @param tally keeps what the guards did
 */
record Crew(Task task, Quorum quorum, Readings readings, Tally tally) {

    static final String PLANNER = "Planner";
    static final String READER = "Reader";
    static final String CHECKER = "Checker";
    static final String WRITER = "Writer";

    /** Two edges lead into the writer and none back, so it is where branches meet. */
    static final Topology TOPOLOGY = Topology.parse("start -> Planner -> Reader, Checker -> Writer -> end");

    /** Planner, checker and writer. */
    private static final int OTHERS = 3;

    /**
     * The workflow.
     *
     * @param chat asks the endpoint
     * @param protection is around each reader
     * @param journal keeps its runs
     * @param since how long ago the run started; zero for one that starts now
     */
    Workflow<Assignment, Written> workflow(ChatClient chat, Resilience protection, Journal journal, Duration since) {
        boolean strict = task.mode() == FailureMode.FAIL_FAST;
        StepEngine engine = StepEngine.builder()
                // A place for everybody, or the writer would wait for one behind all the readers: the bulkhead in
                // the protection is what bounds how many ask at the same time.
                .concurrency(quorum.files() + OTHERS)
                .stepTimeout(longest())
                .interceptor(new ReadersOnly(readings))
                .interceptor(tally)
                .interceptor(new ReadersOnly(protection))
                .build();
        Map<String, SourceFile> files = byName();
        Agent<String, Read> reader = Agent.of(
                READER,
                (name, context) -> new Reader(Objects.requireNonNull(files.get(name)), chat)
                        .step(Task.WORDS, context)
                        .map(digest -> readings.read(digest, false)));
        Agent<String, Check> checker = Agent.blocking(CHECKER, (name, context) -> Check.of(task.folder()));
        return Workflow.builder(TOPOLOGY, Written.class)
                .name(ReadingCrew.NAME)
                .journal(journal)
                .agent(PLANNER, Agent.of(PLANNER, (turn, context) -> Mono.fromSupplier(() -> plan(turn))))
                .agent(READER, String.class, reader)
                .agent(CHECKER, String.class, checker)
                .agent(WRITER, Agent.blocking(WRITER, (turn, context) -> Decision.handOff(Topology.END, write(turn))))
                // Who has gone to the writer does not count here. What is left are failures: they are waited for and
                // not minded, unless the first of them is to end it all.
                .joinAt(PLANNER, strict ? Join.all() : Join.allSettled().orProceed())
                .joinAt(WRITER, strict ? quorum.join(since) : quorum.join(since).orProceed())
                .joinAt(Topology.END, Join.firstSuccess())
                .engine(engine)
                .build();
    }

    /** What is around each reader. One for each engine. */
    Resilience protection() {
        BulkheadPolicy places = new BulkheadPolicy(Task.AT_A_TIME, Task.MAX_FILES, longest());
        return task.resilience()
                ? Protection.of(task.timeout(), task.seed(), localReader(), places)
                : Protection.none(task.timeout(), places);
    }

    /** Waiting for a place and all attempts; the writer's deadline comes before it. */
    private Duration longest() {
        return quorum.within().plus(Protection.stepTimeout(task.timeout()));
    }

    /** Stands in for a reader, so it decides as one. */
    private Agent<Turn, Decision> localReader() {
        Map<String, SourceFile> files = byName();
        return Agent.of(
                "local-reader",
                (turn, context) -> LocalReader.read(Objects.requireNonNull(files.get(turn.input(String.class))))
                        .map(digest -> Decision.handOff(WRITER, readings.read(digest, true))));
    }

    private Map<String, SourceFile> byName() {
        return task.folder().files().stream().collect(Collectors.toMap(SourceFile::name, file -> file));
    }

    private static Decision plan(Turn turn) {
        if (turn.reason() == Turn.Reason.JOINED) {
            return Decision.fail("nothing was written: " + whyNot(turn.outcomes()));
        }
        Assignment assignment = Objects.requireNonNull(turn.input(Assignment.class));
        List<Invocation> branches = new ArrayList<>();
        assignment.files().forEach(file -> branches.add(Invocation.of(READER, file.name())));
        branches.add(Invocation.of(CHECKER, assignment.folder()));
        return Decision.fanOut(branches);
    }

    /** The planner has another turn only if the writer has not ended the run. */
    private static String whyNot(List<Outcome> outcomes) {
        return outcomes.stream()
                .filter(outcome -> outcome.agent().equals(WRITER))
                .findFirst()
                .map(outcome -> outcome.fold(
                        answered -> "the writer went astray",
                        Outcome.Failed::reason,
                        late -> "the writer was not done within " + late.limit()))
                .orElse("nobody came to the writer");
    }

    private Written write(Turn turn) {
        List<Read> reads = new ArrayList<>();
        Check check = null;
        for (Arrival arrival : turn.arrivals()) {
            if (arrival.value() instanceof Read read) {
                reads.add(read);
            } else if (arrival.value() instanceof Check checked) {
                check = checked;
            }
        }
        if (quorum.all() && task.resilience()) {
            reads.addAll(extracts(reads));
        }
        Path file = DigestFile.write(
                task.results(), readings.report(task.folder().files(), reads), "asked " + task.endpoint());
        return new Written(file.toString(), reads, check);
    }

    /** Every file is wanted, so those whose readers are late are not left without a digest; a failure stays one. */
    private List<Read> extracts(List<Read> reads) {
        Set<String> read = reads.stream().map(one -> one.digest().file()).collect(Collectors.toSet());
        List<SourceFile> files = task.folder().files();
        List<Read> extracts = new ArrayList<>();
        for (int at = 0; at < files.size(); at++) {
            SourceFile file = files.get(at);
            if (!read.contains(file.name()) && readings.isLate(file, at)) {
                try {
                    extracts.add(readings.late(file, at, LocalReader.extract(file)));
                } catch (IOException gone) {
                    // Nobody can read it: the report has it among those without a digest.
                }
            }
        }
        return extracts;
    }
}
