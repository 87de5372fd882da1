package io.flotilla.inspector;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.Usage;
import io.flotilla.journal.Journal;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.Question;
import io.flotilla.run.RunOptions;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import reactor.core.publisher.Mono;

/** What a page may stumble over: markup in every text, names that fit nowhere or run from right to left, endless texts, large topologies. */
final class Awkward {

    static final String MARKUP = "<script>alert(1)</script><img class=evil src=x onerror=alert(2)>";

    private static final String LEAD = "<img class=evil src=x onerror=alert(3)>";
    private static final String HEBREW = "מנהל התרגום הראשי של המערכת";
    private static final String CHINESE = "审查员与最终批准负责人兼首席编辑";
    private static final String LONG = "An agent whose name does not fit into any box at all and goes on and on";
    private static final int ENDLESS = 30_000;

    private Awkward() {}

    static RunOptions options() {
        return RunOptions.none().label("<b class=evil>tenant</b>", MARKUP + "v".repeat(600));
    }

    /** Three work, one of whom fails; then a person is asked, if that is the task. */
    static Workflow<Object, String> workflow(Journal journal) {
        Topology topology = Topology.parse("start -> %1$s\n%1$s <-> %2$s, %3$s, %4$s\n%1$s -> end\n%1$s <-> user"
                .formatted(LEAD, HEBREW, LONG, CHINESE));
        return Workflow.builder(topology, String.class)
                .name("<i class=evil>awkward</i>")
                .journal(journal)
                .joinAt(LEAD, Join.allSettled().orProceed())
                .agent(LEAD, Agent.of(LEAD, (turn, context) -> Mono.fromSupplier(() -> led(turn, context))))
                .agent(HEBREW, worker(HEBREW))
                .agent(LONG, worker(LONG))
                .agent(CHINESE, worker(CHINESE))
                .build();
    }

    private static Decision led(Turn turn, StepContext context) {
        if (turn.reason() == Turn.Reason.REQUESTED) {
            context.state().put("<b class=evil>plan</b>", MARKUP + "p".repeat(ENDLESS));
            context.state().put("asks", Objects.equals(turn.input(), "ask"));
            return Decision.fanOut(Invocation.of(HEBREW, 1), Invocation.of(LONG, 2), Invocation.of(CHINESE, 3));
        }
        if (turn.reason() == Turn.Reason.JOINED
                && Boolean.TRUE.equals(context.state().get("asks", Boolean.class))) {
            return Decision.ask(Question.of(MARKUP + "q".repeat(ENDLESS)).choices("yes", MARKUP));
        }
        return Decision.answer(MARKUP + "a".repeat(ENDLESS));
    }

    private static Agent<Turn, Decision> worker(String name) {
        return Agent.of(
                name,
                (turn, context) -> Mono.fromSupplier(() -> {
                    context.emit(MARKUP + "o".repeat(ENDLESS));
                    context.usage().record(Usage.ofTokens(100, 10));
                    context.state().put("done by " + name.length(), name);
                    if (name.equals(LONG)) {
                        throw new IllegalStateException(
                                MARKUP + "f".repeat(ENDLESS), new IllegalArgumentException(MARKUP));
                    }
                    return Decision.answer(name);
                }));
    }

    /** Fifty agents: a tree whose leaves stand in a chain, with edges back and edges of an agent to itself. */
    static Topology fifty() {
        return Topology.parse(IntStream.rangeClosed(1, 50)
                .mapToObj(at -> "Agent " + at + " -> "
                        + IntStream.of(
                                        at * 2,
                                        at * 2 + 1,
                                        at % 7 == 0 ? at / 3 : 0,
                                        at % 5 == 0 ? at : 0,
                                        at > 25 ? at + 1 : 0)
                                .filter(to -> to > 0 && to <= 50)
                                .distinct()
                                .mapToObj(to -> "Agent " + to)
                                .collect(Collectors.joining(", ", "", at == 50 ? ", end" : "")))
                .collect(Collectors.joining("\n", "start -> Agent 1\n", "")));
    }

    /** One agent with 49 others around it. */
    static Topology hub() {
        return Topology.parse("start -> Lead\nLead -> end\nLead <-> "
                + IntStream.range(1, 50).mapToObj(at -> "Reader " + at).collect(Collectors.joining(", ")));
    }

    /** Where everyone knows everyone. */
    static Topology mesh() {
        return Topology.mesh(
                IntStream.rangeClosed(1, 12).mapToObj(at -> "Peer " + at).toArray(String[]::new));
    }

    /** The first agent answers. */
    static Workflow<Object, String> drawn(String name, Topology topology, Journal journal) {
        Workflow.Builder<String> builder =
                Workflow.builder(topology, String.class).name(name).journal(journal);
        for (String agent : topology.agents()) {
            builder = builder.agent(agent, Agent.of(agent, (turn, context) -> Mono.just(Decision.answer(agent))));
        }
        return builder.build();
    }
}
