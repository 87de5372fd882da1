package io.flotilla.samples.verify;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.run.DivergenceException;
import io.flotilla.run.Migration;
import io.flotilla.run.Run;
import io.flotilla.run.RunFilter;
import io.flotilla.run.RunOptions;
import io.flotilla.run.Verification;
import io.flotilla.run.Workflow;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.topology.Topology;
import java.util.Objects;
import reactor.core.publisher.Mono;

/**
 * What a team runs in CI before a deploy: the runs of the service so far, replayed with the code that is to be deployed. Version 2
 * has another body of an agent, which is fine; version 3 has another name for it, which is not.
 */
public final class Verify implements Sample {

    /** What {@code -Dsample} calls it. */
    public static final String NAME = "verify";

    public static void main(String[] args) {
        Shell.exit(new Verify());
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int run(Settings settings, Output output) {
        Journal journal = Journal.inMemory(); // of a service it is a copy of its file
        try {
            Workflow<String, String> deployed = version("1", "Writer", "a draft of ", journal);
            for (String task : new String[] {"apples", "pears", "plums"}) {
                Run<String> run = deployed.submit(task, RunOptions.ofId(task)).block();
                Objects.requireNonNull(run).result().block();
            }
            boolean fits = verify(version("2", "Writer", "a better draft of ", journal), output);
            boolean renamed = verify(version("3", "Author", "a draft of ", journal), output);
            migration(version("3", "Author", "a draft of ", journal), output);
            return fits && !renamed ? 0 : 1;
        } finally {
            journal.close().block();
        }
    }

    private static Workflow<String, String> version(String version, String writer, String draft, Journal journal) {
        Topology topology = Topology.parse("start -> Planner -> " + writer + " -> end");
        return Workflow.builder(topology, String.class, String.class)
                .name("articles")
                .version(version)
                .agent("Planner", String.class, Agent.of("planner", (task, context) -> Mono.just(task)))
                .agent(writer, String.class, Agent.of("writer", (task, context) -> Mono.just(draft + task)))
                .journal(journal)
                .build();
    }

    /** The check: in CI, a build fails by it. */
    private static boolean verify(Workflow<String, String> candidate, Output output) {
        Verification verification =
                Objects.requireNonNull(candidate.runs().verify(RunFilter.all()).block());
        output.line("Version %s: %s", candidate.version(), verification.isOk() ? "fits" : "does not fit");
        output.line(
                "  %d runs replayed, %d diverge",
                verification.runs(), verification.failures().size());
        verification.failures().forEach(failure -> tell(failure.cause(), output));
        return verification.isOk();
    }

    /** Where a run goes another way, and what has changed; its message has the events on both sides, too. */
    private static void tell(Throwable cause, Output output) {
        if (cause instanceof DivergenceException divergence) {
            output.line("  run %s diverges at fact %d", divergence.runId(), divergence.sequence());
            output.line("    %s", String.join(", ", divergence.changes()));
        } else {
            output.line("  %s", cause.getMessage());
        }
    }

    /** A run is asked whether it can go over; this one has ended. */
    private static void migration(Workflow<String, String> candidate, Output output) {
        String answer = candidate
                .runs()
                .checkMigration("pears", candidate.version())
                .map(Migration::isPossible)
                .map(isPossible -> isPossible ? "can go over" : "cannot go over")
                .onErrorResume(ended -> Mono.just(String.valueOf(ended.getMessage())))
                .block();
        output.line("Run pears to version %s: %s", candidate.version(), answer);
    }
}
