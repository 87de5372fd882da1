package io.flotilla.samples.patterns;

import io.flotilla.agent.Agent;
import io.flotilla.run.Decision;
import io.flotilla.run.Run;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/**
 * A pattern: a topology, the agents on it, and tasks that show what it does.
 *
 * @param name what {@code -Dpattern} calls it
 * @param about what it is, in a sentence
 * @param topology who may hand over to whom
 * @param agents adds the agents, which ask the model
 * @param tasks each is a run
 * @param person who watches a run, and answers what it asks
 */
record Pattern(
        String name,
        String about,
        String topology,
        BiFunction<Workflow.Builder<String>, Model, Workflow.Builder<String>> agents,
        List<String> tasks,
        Consumer<Run<String>> person) {

    /** One without a person. */
    static Pattern of(
            String name,
            String about,
            String topology,
            BiFunction<Workflow.Builder<String>, Model, Workflow.Builder<String>> agents,
            String... tasks) {
        return new Pattern(name, about, topology, agents, List.of(tasks), run -> {});
    }

    /** The same with a person who watches each run. */
    Pattern with(Consumer<Run<String>> somebody) {
        return new Pattern(name, about, topology, agents, tasks, somebody);
    }

    Workflow<String, String> workflow(Model model) {
        return agents.apply(Workflow.builder(Topology.parse(topology), String.class, String.class), model)
                .build();
    }

    /** An agent that decides at once. */
    static Agent<Turn, Decision> deciding(String name, Function<Turn, Decision> decision) {
        return asking(name, turn -> Mono.just(decision.apply(turn)));
    }

    /** An agent that asks the model, and decides by its answer. */
    static Agent<Turn, Decision> asking(String name, Function<Turn, Mono<Decision>> decision) {
        return Agent.of(name, (turn, context) -> decision.apply(turn));
    }

    /** An agent that knows nothing of runs. */
    static <I, O> Agent<I, O> plain(String name, Function<I, Mono<O>> body) {
        return Agent.of(name, (input, context) -> body.apply(input));
    }

    /** What the agent has been given, as text. */
    static String input(Turn turn) {
        return String.valueOf(turn.input());
    }
}
