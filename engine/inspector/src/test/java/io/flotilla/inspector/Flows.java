package io.flotilla.inspector;

import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.Limits;
import io.flotilla.run.Question;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

    /** One agent that fails as soon as it may. */
    static Workflow<Object, String> failing(String name, Journal journal, Mono<Void> gate) {
        return Workflow.builder(Topology.parse("start -> Printer\nPrinter -> end"), String.class)
                .name(name)
                .journal(journal)
                .agent(
                        "Printer",
                        Agent.of(
                                "Printer",
                                (turn, context) ->
                                        gate.then(Mono.error(() -> new IllegalStateException("out of paper")))))
                .build();
    }

    /** Hands its task on to two, and answers when it has what they say. */
    private static Agent<Turn, Decision> leading(String first, String second) {
        return Agent.of(
                "Lead",
                (turn, context) -> Mono.fromSupplier(() -> turn.outcomes().isEmpty()
                        ? Decision.fanOut(Invocation.of(first, 1), Invocation.of(second, 2))
                        : Decision.answer("done")));
    }

    /** A lead with two clerks, each of whom asks a person. */
    static Workflow<Object, String> askingTwice(String name, Journal journal) {
        return Workflow.builder(
                        Topology.parse("start -> Lead\nLead <-> Clerk\nClerk <-> user\nLead -> end"), String.class)
                .name(name)
                .journal(journal)
                .agent("Lead", leading("Clerk", "Clerk"))
                .agent("Clerk", Agent.of("Clerk", (turn, context) -> Mono.just(Decision.ask("Shall I?"))))
                .build();
    }

    /** One agent that asks a person, and answers what it is answered. */
    static Workflow<Object, String> asking(String name, Journal journal) {
        return speaking(name, journal, 0);
    }

    /** As {@link #asking}; when it is answered it says so many words at once, and ends as it says the last. */
    static Workflow<Object, String> speaking(String name, Journal journal, int words) {
        Topology topology = Topology.parse("""
                start -> Clerk
                Clerk <-> user
                Clerk -> end
                """);
        Agent<Turn, Decision> clerk = Agent.of(
                "Clerk",
                (turn, context) -> Mono.fromSupplier(() -> {
                    if (turn.answer() == null) {
                        return Decision.ask(Question.of("Shall I?").choices("yes", "no"));
                    }
                    for (int word = 0; word < words; word++) {
                        context.emit("word " + word);
                    }
                    return Decision.answer("the answer is " + turn.answer());
                }));
        return Workflow.builder(topology, String.class)
                .agent("Clerk", clerk)
                .name(name)
                .journal(journal)
                .outputHistory(Math.max(1, words))
                .build();
    }

    /** A fork whose first answer counts: the slow one has used 100 and 20 tokens, and is cancelled when the quick one, with 3 and 1, answers. */
    static Workflow<Object, String> racing(String name, Journal journal) {
        return racing(name, journal, Mono.empty());
    }

    /** Quick answers when {@code gate} completes, and Slow is cancelled. */
    static Workflow<Object, String> racing(String name, Journal journal, Mono<Void> gate) {
        return Workflow.builder(Topology.parse("start -> Lead\nLead <-> Slow, Quick\nLead -> end"), String.class)
                .name(name)
                .journal(journal)
                .joinAt("Lead", Join.firstSuccess())
                .agent("Lead", leading("Slow", "Quick"))
                .agent("Slow", Agent.of("Slow", (turn, context) -> {
                    context.usage().record(Usage.ofTokens(100, 20));
                    return Mono.never();
                }))
                .agent("Quick", Agent.of("Quick", (turn, context) -> {
                    context.usage().record(Usage.ofTokens(3, 1));
                    return gate.thenReturn(Decision.answer("quick"));
                }))
                .build();
    }

    /** The run as it was recorded before what each step has used was. */
    static Journal beforeOwnUsage(Journal journal, String id) {
        PayloadCodec codec = PayloadCodec.basic();
        List<JournalEntry> entries = journal.read(id, 0)
                .map(entry -> {
                    Map<String, Object> payload = new HashMap<>(codec.decode(entry.payload()));
                    payload.remove("ownUsage");
                    return new JournalEntry(
                            entry.sequence(), entry.timestamp(), entry.type(), codec.encode(payload, text -> text));
                })
                .collectList()
                .block(Client.PATIENCE);
        Journal older = Journal.inMemory();
        older.append(id, 0, entries).block(Client.PATIENCE);
        return older;
    }

    /** One fork into so many branches, each of which takes four steps: about 12 events a branch. */
    static Workflow<Object, String> crowd(int branches, Journal journal, int eventHistory) {
        Agent<Turn, Decision> lead = Agent.of(
                "Lead",
                (turn, context) -> Mono.just(
                        turn.reason() == Turn.Reason.REQUESTED
                                ? Decision.fanOut(Collections.nCopies(branches, Invocation.of("Worker", 4)))
                                : Decision.answer("done")));
        Agent<Turn, Decision> worker = Agent.of("Worker", (turn, context) -> {
            int left = Integer.parseInt(String.valueOf(turn.input()));
            return Mono.just(left == 1 ? Decision.answer("x") : Decision.repeat(left - 1));
        });
        return Workflow.builder(Topology.parse("start -> Lead\nLead <-> Worker\nLead -> end"), String.class)
                .agent("Lead", lead)
                .agent("Worker", worker)
                .name("crowd")
                .journal(journal)
                .limits(Limits.steps(1_000_000))
                .eventHistory(eventHistory)
                .build();
    }
}
