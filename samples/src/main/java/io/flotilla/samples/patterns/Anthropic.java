package io.flotilla.samples.patterns;

import static io.flotilla.samples.patterns.Pattern.asking;
import static io.flotilla.samples.patterns.Pattern.deciding;
import static io.flotilla.samples.patterns.Pattern.input;
import static io.flotilla.samples.patterns.Pattern.plain;

import io.flotilla.agent.Agent;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.Limits;
import io.flotilla.run.Turn;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import reactor.core.publisher.Mono;

/** The patterns of "Building effective agents". */
final class Anthropic {

    static final String NAME = "Anthropic, Building effective agents";

    private static final int VOTERS = 5;

    private Anthropic() {}

    static List<Pattern> patterns() {
        return List.of(
                promptChaining(),
                routing(),
                sectioning(),
                voting(),
                orchestratorWorkers(),
                evaluatorOptimizer(),
                autonomousAgent());
    }

    private static Pattern promptChaining() {
        return Pattern.of(
                "prompt-chaining",
                "Each call works on what the last one made; a gate in between, which is no model, sends back what is too thin.",
                """
                start -> Outline
                Outline <-> Gate
                Gate -> Draft -> Translate -> end
                """,
                (flow, model) -> flow.agent(
                                "Outline",
                                asking(
                                        "Outline",
                                        turn -> model.ask(
                                                        "outline",
                                                        input(turn),
                                                        random -> turn.sender().equals("Gate")
                                                                ? input(turn) + ", harbour"
                                                                : "gale, lamp")
                                                .map(points -> Decision.handOff("Gate", points))))
                        .agent(
                                "Gate",
                                deciding(
                                        "Gate",
                                        turn -> Decision.handOff(
                                                input(turn).split(", ").length < 3 ? "Outline" : "Draft", input(turn))))
                        .agent(
                                "Draft",
                                String.class,
                                plain(
                                        "Draft",
                                        (String points) -> model.ask(
                                                "draft", points, random -> "A " + points.replace(", ", ", then a "))))
                        .agent(
                                "Translate",
                                String.class,
                                plain(
                                        "Translate",
                                        (String text) ->
                                                model.ask("translate", text, random -> text.toUpperCase(Locale.ROOT)))),
                "a story of a lighthouse");
    }

    private static Pattern routing() {
        return Pattern.of(
                "routing",
                "A classifier hands each request to the one specialist for it.",
                """
                start -> Classifier
                Classifier -> Refunds, Technical, General -> end
                """,
                (flow, model) -> {
                    flow.agent(
                            "Classifier",
                            asking(
                                    "Classifier",
                                    turn -> model.ask(
                                                    "classifier",
                                                    input(turn),
                                                    random -> input(turn).contains("money back")
                                                            ? "Refunds"
                                                            : input(turn).contains("crash") ? "Technical" : "General")
                                            .map(kind -> Decision.handOff(kind, turn.input()))));
                    for (String kind : List.of("Refunds", "Technical", "General")) {
                        flow.agent(
                                kind,
                                String.class,
                                plain(
                                        kind,
                                        (String request) ->
                                                model.ask(kind, request, random -> kind + " answers: " + request)));
                    }
                    return flow;
                },
                "I want my money back",
                "It crashes at night");
    }

    private static Pattern sectioning() {
        List<String> sections = List.of("Security", "Style", "Speed");
        return Pattern.of(
                "parallelization-sectioning",
                "Independent parts of a task are worked on at the same time, each by a model with one thing in mind.",
                """
                start -> Lead
                Lead <-> Security, Style, Speed
                Lead -> end
                """,
                (flow, model) -> {
                    flow.agent(
                            "Lead",
                            deciding(
                                    "Lead",
                                    turn -> turn.reason() == Turn.Reason.JOINED
                                            ? Decision.handOff("end", String.join("; ", turn.answers(String.class)))
                                            : Decision.fanOut(sections.stream()
                                                    .map(section -> Invocation.of(section, turn.input()))
                                                    .toList())));
                    for (String section : sections) {
                        flow.agent(
                                section,
                                String.class,
                                plain(
                                        section,
                                        (String code) -> model.ask(
                                                section,
                                                code,
                                                random -> section.toLowerCase(Locale.ROOT) + " " + random.nextInt(1, 10)
                                                        + "/10")));
                    }
                    return flow;
                },
                "for (;;) { password = read(); }");
    }

    private static Pattern voting() {
        return Pattern.of(
                "parallelization-voting",
                "The same question is asked several times, and the majority decides; a voter that breaks down has no vote.",
                """
                start -> Chair
                Chair <-> Voter
                Chair -> end
                """,
                (flow, model) -> flow.agent(
                                "Chair",
                                deciding(
                                        "Chair",
                                        turn -> turn.reason() == Turn.Reason.JOINED
                                                ? Decision.handOff("end", counted(turn))
                                                : Decision.fanOut(IntStream.rangeClosed(1, VOTERS)
                                                        .mapToObj(voter ->
                                                                Invocation.of("Voter", voter + ": " + turn.input()))
                                                        .toList())))
                        .agent(
                                "Voter",
                                String.class,
                                plain(
                                        "Voter",
                                        (String question) -> question.startsWith("4")
                                                ? Mono.error(new IllegalStateException("the voter has fallen asleep"))
                                                : model.ask("voter", question, random -> random.nextInt(4) > 0)))
                        .joinAt("Chair", Join.allSettled().orProceed()),
                "Is this a phishing mail?");
    }

    private static String counted(Turn turn) {
        List<Boolean> votes = turn.answers(Boolean.class);
        long yes = votes.stream().filter(vote -> vote).count();
        return (2 * yes > votes.size() ? "yes" : "no") + ", by " + yes + " of " + votes.size() + " votes, "
                + (VOTERS - votes.size()) + " not cast";
    }

    private static Pattern orchestratorWorkers() {
        return Pattern.of(
                "orchestrator-workers",
                "A model splits the task into parts that nobody knew before, workers do them, and it puts the results together.",
                """
                start -> Orchestrator
                Orchestrator <-> Worker
                Orchestrator -> end
                """,
                (flow, model) -> flow.agent(
                                "Orchestrator",
                                asking(
                                        "Orchestrator",
                                        turn -> turn.reason() == Turn.Reason.JOINED
                                                ? model.ask(
                                                                "synthesize",
                                                                String.join(" ", turn.answers(String.class)),
                                                                random -> String.join(", ", turn.answers(String.class)))
                                                        .map(answer -> Decision.handOff("end", answer))
                                                : model.ask("plan", input(turn), random -> parts(input(turn)))
                                                        .map(Decision::fanOut)))
                        .agent(
                                "Worker",
                                String.class,
                                plain("Worker", (String part) -> model.ask("worker", part, random -> part + " done"))),
                "rename the ship; paint the hull; test the horn");
    }

    private static List<Invocation> parts(String task) {
        return Arrays.stream(task.split("; "))
                .map(part -> Invocation.of("Worker", part))
                .toList();
    }

    private static Pattern evaluatorOptimizer() {
        return Pattern.of(
                "evaluator-optimizer",
                "One model writes, another one evaluates and says what is missing, until it is good enough; a limit ends it else.",
                """
                start -> Optimizer
                Optimizer <-> Evaluator
                Evaluator -> end
                """,
                (flow, model) -> flow.agent(
                                "Optimizer",
                                asking(
                                        "Optimizer",
                                        turn -> model.ask(
                                                        "optimizer",
                                                        input(turn),
                                                        random -> input(turn).replace(" (needs rhyme)", " oh"))
                                                .map(draft -> Decision.handOff("Evaluator", draft))))
                        .agent(
                                "Evaluator",
                                asking(
                                        "Evaluator",
                                        turn -> model.ask(
                                                        "evaluator",
                                                        input(turn),
                                                        random -> input(turn).endsWith("oh oh"))
                                                .map(good -> good
                                                        ? Decision.handOff("end", input(turn))
                                                        : Decision.handOff(
                                                                "Optimizer", input(turn) + " (needs rhyme)"))))
                        .limits(Limits.steps(20)),
                "row the boat");
    }

    private static Pattern autonomousAgent() {
        return Pattern.of(
                "autonomous-agent",
                "A model in a loop picks a tool, looks at what came of it, and goes on until it is done; a limit bounds the steps.",
                """
                start -> Agent
                Agent <-> Search, Calculator
                Agent -> end
                """,
                (flow, model) -> flow.agent(
                                "Agent",
                                asking(
                                        "Agent",
                                        turn -> model.ask("agent", input(turn), random -> nextMove(turn, seen(turn)))))
                        .agent("Search", String.class, tool("Search", query -> "ships=12"))
                        .agent(
                                "Calculator",
                                String.class,
                                tool("Calculator", sum -> sum.contains("12") ? "crew=60" : "?"))
                        .limits(Limits.steps(30)),
                "How many sailors are in port, five on each ship?");
    }

    /** What it has seen so far travels with the turn: what it was called with, and what its last tool said. */
    private static List<String> seen(Turn turn) {
        return Stream.concat(Arrays.stream(input(turn).split(" \\| ")), turn.answers(String.class).stream())
                .toList();
    }

    private static Decision nextMove(Turn turn, List<String> seen) {
        String last = seen.get(seen.size() - 1);
        if (turn.reason() == Turn.Reason.JOINED && !last.startsWith("crew=")) {
            return Decision.repeat(String.join(" | ", seen)); // remembers what the tool said
        }
        return last.startsWith("crew=")
                ? Decision.handOff("end", last.substring("crew=".length()) + " sailors")
                : last.startsWith("ships=")
                        ? Decision.fanOut(Invocation.of("Calculator", last + " times 5"))
                        : Decision.fanOut(Invocation.of("Search", "ships in port"));
    }

    private static Agent<String, String> tool(String name, UnaryOperator<String> body) {
        return Agent.of(name, (input, context) -> Mono.fromSupplier(() -> body.apply(input)));
    }
}
