package io.flotilla.samples.readingcrew;

import io.flotilla.agent.Agent;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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

    Workflow<Folder, Written> workflow(ChatClient chat, Resilience protection) {
        boolean strict = task.mode() == FailureMode.FAIL_FAST;
        StepEngine engine = StepEngine.builder()
                // A place for everybody, or the writer would wait for one behind all the readers: the bulkhead in
                // the protection is what bounds how many ask at the same time.
                .concurrency(quorum.files() + OTHERS)
                .stepTimeout(longest())
                .with(readings)
                .with(tally)
                .with(new ReadersOnly(protection))
                .build();
        Agent<SourceFile, Digest> reader =
                Agent.of(READER, (file, context) -> new Reader(file, chat).step(Task.WORDS, context));
        Agent<Folder, Check> checker = Agent.blocking(CHECKER, (folder, context) -> Check.of(folder));
        return Workflow.over(TOPOLOGY, Written.class)
                .agent(PLANNER, Agent.of(PLANNER, (turn, context) -> Mono.fromSupplier(() -> plan(turn))))
                .agent(READER, SourceFile.class, reader)
                .agent(CHECKER, Folder.class, checker)
                .agent(WRITER, Agent.blocking(WRITER, (turn, context) -> Decision.handOff(Topology.END, write(turn))))
                // Who has gone to the writer does not count here. What is left are failures: they are waited for and
                // not minded, unless the first of them is to end it all.
                .joinAt(PLANNER, strict ? Join.all() : Join.any().orProceed())
                .joinAt(WRITER, strict ? quorum.join() : quorum.join().orProceed())
                .joinAt(Topology.END, Join.first())
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
    private static Agent<Turn, Decision> localReader() {
        return Agent.of(
                "local-reader",
                (turn, context) -> LocalReader.read(Objects.requireNonNull(turn.input(SourceFile.class)))
                        .map(digest -> Decision.handOff(WRITER, digest)));
    }

    private static Decision plan(Turn turn) {
        if (turn.reason() == Turn.Reason.JOINED) {
            return Decision.fail("nothing was written: " + whyNot(turn.joined()));
        }
        Folder folder = Objects.requireNonNull(turn.input(Folder.class));
        List<Invocation> branches = new ArrayList<>();
        folder.files().forEach(file -> branches.add(Invocation.of(READER, file)));
        branches.add(Invocation.of(CHECKER, folder));
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
        List<Digest> digests = new ArrayList<>();
        Check check = null;
        for (Arrival arrival : turn.arrivals()) {
            if (arrival.value() instanceof Digest digest) {
                digests.add(digest);
            } else if (arrival.value() instanceof Check checked) {
                check = checked;
            }
        }
        return new Written(
                DigestFile.write(
                        task.results(), readings.report(task.folder().files(), digests), "asked " + task.endpoint()),
                digests,
                check);
    }
}
