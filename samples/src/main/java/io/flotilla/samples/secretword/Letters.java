package io.flotilla.samples.secretword;

import io.flotilla.agent.Agent;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;

/**
 * The workflow. A and B bring their letter back to the one who asked; C may not: its only edge leads to D, which adds a
 * letter and brings both.
 *
 * @param witness watches who takes which step
 */
record Letters(Witness witness) {

    static final Topology TOPOLOGY = Topology.parse("""
            start -> Orchestrator
            Orchestrator <-> AgentA, AgentB
            Orchestrator -> AgentC -> AgentD -> Orchestrator
            Orchestrator -> end
            """);

    static final String TASK = "Collect the letters";

    /** A workflow whose agents think for so long. */
    Workflow<String, String> workflow(
            Supplier<Duration> orchestrator,
            Supplier<Duration> a,
            Supplier<Duration> b,
            Supplier<Duration> c,
            Supplier<Duration> d) {
        return Workflow.builder(TOPOLOGY, String.class)
                .agent("Orchestrator", thinking("Orchestrator", orchestrator, Letters::orchestrate))
                .agent("AgentA", thinking("AgentA", a, turn -> Decision.handOff("Orchestrator", "M")))
                .agent("AgentB", thinking("AgentB", b, turn -> Decision.handOff("Orchestrator", "A")))
                .agent("AgentC", thinking("AgentC", c, turn -> Decision.handOff("AgentD", "R")))
                .agent("AgentD", thinking("AgentD", d, turn -> Decision.handOff("Orchestrator", turn.input() + "S")))
                .build();
    }

    /** Asks three; what they bring comes in the order they were asked, whoever was first. */
    private static Decision orchestrate(Turn turn) {
        return switch (turn.reason()) {
            case JOINED -> Decision.handOff("end", String.join("", turn.answers(String.class)));
            default ->
                Decision.fanOut(
                        Invocation.of("AgentA", null), Invocation.of("AgentB", null), Invocation.of("AgentC", null));
        };
    }

    private Agent<Turn, Decision> thinking(String name, Supplier<Duration> time, Thought thought) {
        return Agent.of(name, (turn, context) -> {
            witness.begins(name);
            Duration thinks = time.get();
            Mono<Decision> decision = Mono.fromSupplier(() -> {
                witness.ends(name, context);
                return thought.decide(turn);
            });
            return thinks.isZero() ? decision : Mono.delay(thinks).then(decision);
        });
    }

    private interface Thought {
        Decision decide(Turn turn);
    }
}
