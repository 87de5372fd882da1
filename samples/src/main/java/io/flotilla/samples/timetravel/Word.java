package io.flotilla.samples.timetravel;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/**
 * The secret word, by agents that think no time and do nothing but decide. Keeps who was asked. Thread-safe.
 *
 * <p>All that goes over the edges is text, which every journal knows how to write.
 */
final class Word {

    static final String NAME = "secret-word";
    static final String TASK = "Collect the letters";

    private static final Topology TOPOLOGY = Topology.parse("""
            start -> Orchestrator
            Orchestrator <-> AgentA, AgentB
            Orchestrator -> AgentC -> AgentD -> Orchestrator
            Orchestrator -> end
            """);

    private final List<String> asked = Collections.synchronizedList(new ArrayList<>());

    /** A step at a time, so that the facts come in the same order each time. */
    Workflow<String, String> workflow(Journal journal) {
        return Workflow.builder(TOPOLOGY, String.class)
                .name(NAME)
                .journal(journal)
                .agent("Orchestrator", agent("Orchestrator", Word::orchestrate))
                .agent("AgentA", agent("AgentA", turn -> Decision.handOff("Orchestrator", "M")))
                .agent("AgentB", agent("AgentB", turn -> Decision.handOff("Orchestrator", "A")))
                .agent("AgentC", agent("AgentC", turn -> Decision.handOff("AgentD", "R")))
                .agent("AgentD", agent("AgentD", turn -> Decision.handOff("Orchestrator", turn.input() + "S")))
                .engine(StepEngine.builder().concurrency(1).build())
                .build();
    }

    /** Who was asked since the last call, in that order. */
    List<String> asked() {
        synchronized (asked) {
            List<String> copy = List.copyOf(asked);
            asked.clear();
            return copy;
        }
    }

    private static Decision orchestrate(Turn turn) {
        return switch (turn.reason()) {
            case JOINED -> Decision.handOff("end", String.join("", turn.answers(String.class)));
            default ->
                Decision.fanOut(
                        Invocation.of("AgentA", null), Invocation.of("AgentB", null), Invocation.of("AgentC", null));
        };
    }

    private Agent<Turn, Decision> agent(String name, Function<Turn, Decision> decide) {
        return Agent.of(
                name,
                (turn, context) -> Mono.fromSupplier(() -> {
                    asked.add(name);
                    return decide.apply(turn);
                }));
    }
}
