package io.flotilla.inspector;

import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.journal.Journal;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Question;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import java.util.stream.IntStream;
import reactor.core.publisher.Mono;

/** Small workflows to look at. */
final class Flows {

    private Flows() {}

    /** A planner that forks into readers, whose answers a writer gathers. The task says how many readers. */
    static Workflow<Object, String> crew(String name, Journal journal) {
        Topology topology = Topology.parse("""
                start -> Planner
                Planner <-> Reader
                Planner -> end
                """);
        Agent<Turn, Decision> planner = Agent.of(
                "Planner",
                (turn, context) -> Mono.fromSupplier(() -> turn.outcomes().isEmpty()
                        ? Decision.fanOut(IntStream.range(0, Integer.parseInt(String.valueOf(turn.input())))
                                .mapToObj(index -> Invocation.of("Reader", index))
                                .toList())
                        : Decision.answer("read " + turn.outcomes().size())));
        Agent<Turn, Decision> reader = Agent.of(
                "Reader",
                (turn, context) -> Mono.fromSupplier(() -> {
                    context.usage().record(Usage.ofTokens(7, 3));
                    return Decision.answer("page " + turn.input());
                }));
        return Workflow.builder(topology, String.class)
                .agent("Planner", planner)
                .agent("Reader", reader)
                .name(name)
                .journal(journal)
                .build();
    }

    /** One agent that asks a person, and answers what it is answered. */
    static Workflow<Object, String> asking(String name, Journal journal) {
        Topology topology = Topology.parse("""
                start -> Clerk
                Clerk <-> user
                Clerk -> end
                """);
        Agent<Turn, Decision> clerk = Agent.of(
                "Clerk",
                (turn, context) -> Mono.fromSupplier(() -> turn.answer() == null
                        ? Decision.ask(Question.of("Shall I?").choices("yes", "no"))
                        : Decision.answer("the answer is " + turn.answer())));
        return Workflow.builder(topology, String.class)
                .agent("Clerk", clerk)
                .name(name)
                .journal(journal)
                .build();
    }
}
