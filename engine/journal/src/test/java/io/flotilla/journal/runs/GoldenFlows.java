package io.flotilla.journal.runs;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.json.JsonPayloadCodec;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.Question;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import reactor.core.publisher.Mono;

/** The workflows behind the golden journals. As those, they are never changed; for another there is another method. */
final class GoldenFlows {

    /** With a value of each kind a payload can have. */
    record Report(String title, int pages, List<String> authors, Instant at, Mood mood) {}

    enum Mood {
        GOOD,
        BAD
    }

    static final JsonPayloadCodec CODEC = JsonPayloadCodec.builder()
            .register("report", Report.class)
            .register("mood", Mood.class)
            .build();

    static final Report REPORT = new Report(
            "title with \u00e9, \u6f22 and \ud83d\ude00",
            3,
            List.of("a", "b"),
            Instant.parse("2026-11-20T12:00:00.5Z"),
            Mood.BAD);

    private GoldenFlows() {}

    static Workflow<Object, Report> simple(Journal journal) {
        return Workflow.builder(Topology.parse("start -> Reader -> Writer -> end"), Report.class)
                .name("simple")
                .agent("Reader", Agent.of("Reader", (turn, context) -> Mono.just(Decision.handOff("Writer", REPORT))))
                .agent(
                        "Writer",
                        Agent.of("Writer", (turn, context) -> Mono.just(Decision.handOff("end", turn.input()))))
                .journal(journal)
                .build();
    }

    /** Forks, a rendezvous, a step that fails, a wrong decision. */
    static Workflow<Object, String> forks(Journal journal) {
        Agent<Turn, Decision> boss = Agent.of("Boss", (turn, context) -> {
            if (turn.reason() == Turn.Reason.JOINED) {
                return Mono.just(
                        Decision.handOff("end", "joined " + turn.outcomes().size()));
            }
            return Mono.just(
                    turn.correction() == null
                            ? Decision.handOff("Nobody", null)
                            : Decision.fanOut(List.of(
                                    Invocation.of("Left", 1),
                                    Invocation.of("Right", 2L),
                                    Invocation.of("Failing", 2.5))));
        });
        return Workflow.builder(Topology.parse("""
                                start -> Boss
                                Boss -> Left, Right
                                Boss <-> Failing
                                Left -> Meeting
                                Right -> Meeting
                                Meeting -> Boss
                                Boss -> end
                                """), String.class)
                .name("forks")
                .agent("Boss", boss)
                .agent("Left", Agent.of("Left", (turn, context) -> Mono.just(Decision.handOff("Meeting", Mood.GOOD))))
                .agent("Right", Agent.of("Right", (turn, context) -> Mono.just(Decision.handOff("Meeting", null))))
                .agent(
                        "Failing",
                        Agent.of("Failing", (turn, context) -> Mono.error(new IllegalStateException("on purpose"))))
                .agent(
                        "Meeting",
                        Agent.of(
                                "Meeting",
                                (turn, context) -> Mono.just(
                                        Decision.answer("met " + turn.arrivals().size()))))
                .joinAt("Boss", Join.atLeast(1))
                .journal(journal)
                .build();
    }

    /** A branch that asks, and two that work; they only do once {@code works}. */
    static Workflow<Object, String> open(Journal journal, boolean works) {
        Agent<Turn, Decision> boss = Agent.of(
                "Boss",
                (turn, context) -> Mono.just(
                        turn.reason() == Turn.Reason.JOINED
                                ? Decision.handOff("end", String.join(", ", turn.answers(String.class)))
                                : Decision.fanOut(List.of(
                                        Invocation.of("Asker", "a"),
                                        Invocation.of("Worker", "b"),
                                        Invocation.of("Worker", "c")))));
        Agent<Turn, Decision> asker = Agent.of(
                "Asker",
                (turn, context) -> Mono.just(
                        turn.reason() == Turn.Reason.ANSWERED
                                ? Decision.answer("answer " + turn.answer())
                                : Decision.ask(Question.of("which?")
                                        .timeout(Duration.ofDays(36_500))
                                        .defaultAnswer("none"))));
        Agent<Turn, Decision> worker = Agent.of(
                "Worker", (turn, context) -> works ? Mono.just(Decision.answer("did " + turn.input())) : Mono.never());
        return Workflow.builder(
                        Topology.parse("start -> Boss\nBoss <-> Asker, Worker\nAsker -> user\nBoss -> end"),
                        String.class)
                .name("open")
                .agent("Boss", boss)
                .agent("Asker", asker)
                .agent("Worker", worker)
                .journal(journal)
                .build();
    }
}
