package fleet;

import io.flotilla.agent.Agent;
import io.flotilla.journal.json.JsonPayloadCodec;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.resilience.Resilience;
import io.flotilla.resilience.RetryPolicy;
import io.flotilla.run.Workflow;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import reactor.core.publisher.Mono;

/** Records a run in the file it is given, opens the file again, and replays the run. */
public final class Main {

    private static final Duration SOON = Duration.ofSeconds(30);

    record Note(String text, int words) {}

    private Main() {}

    private static SqliteJournal journal(String file) {
        return SqliteJournal.builder(Path.of(file))
                .codec(JsonPayloadCodec.builder().register("note", Note.class).build())
                .open();
    }

    private static Workflow<String, Note> workflow(SqliteJournal journal, AtomicInteger attempts) {
        Agent<String, Note> writer = Agent.of(
                "Writer",
                (text, context) -> attempts.incrementAndGet() == 1
                        ? Mono.error(new IllegalStateException("not yet"))
                        : Mono.just(new Note(text, text.split(" ").length)));
        Resilience resilience = Resilience.builder()
                .retry(RetryPolicy.builder()
                        .maxAttempts(2)
                        .minBackoff(Duration.ofMillis(1))
                        .build())
                .build();
        return Workflow.builder(Topology.parse("start -> Writer -> end"), Note.class)
                .agent("Writer", String.class, writer)
                .engine(StepEngine.builder().interceptor(resilience).build())
                .journal(journal)
                .build();
    }

    /**
     * Runs it.
     *
     * @param args the file of the journal
     */
    public static void main(String[] args) {
        AtomicInteger attempts = new AtomicInteger();
        SqliteJournal journal = journal(args[0]);
        var run = workflow(journal, attempts).start("two words");
        System.out.println("answer " + run.result().block(SOON).answer() + " after " + attempts + " attempts");
        journal.close().block(SOON);

        SqliteJournal again = journal(args[0]);
        System.out.println("replayed "
                + workflow(again, new AtomicInteger())
                        .runs()
                        .replay(run.runId())
                        .block(SOON)
                        .status());
        again.close().block(SOON);

        System.out.println("modules "
                + Stream.of(Main.class, StepEngine.class, SqliteJournal.class, Resilience.class, Mono.class)
                        .map(type -> type.getModule().getName())
                        .collect(Collectors.joining(" ")));
    }
}
