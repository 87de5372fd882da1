package io.flotilla.samples.patterns;

import static io.flotilla.samples.patterns.Pattern.asking;
import static io.flotilla.samples.patterns.Pattern.deciding;
import static io.flotilla.samples.patterns.Pattern.input;
import static io.flotilla.samples.patterns.Pattern.plain;

import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.Turn;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import reactor.core.publisher.Mono;

/** The patterns of OpenAI's agent SDK. */
final class OpenAi {

    static final String NAME = "OpenAI, agent patterns";

    private static final Duration SLOW = Duration.ofMillis(20);

    private OpenAi() {}

    static List<Pattern> patterns() {
        return List.of(
                deterministicFlow(),
                handoffs(),
                agentsAsTools(),
                llmAsAJudge(),
                parallelization(),
                inputGuardrail(),
                outputGuardrail(),
                humanInTheLoop());
    }

    private record Outline(String genre, int chapters) {}

    private static Pattern deterministicFlow() {
        return Pattern.of(
                "deterministic-flow",
                "Fixed steps, each with a typed result; code between them decides whether to go on.",
                """
                start -> Outliner -> Check
                Check -> Writer, end
                Writer -> end
                """,
                (flow, model) -> flow.agent(
                                "Outliner",
                                String.class,
                                plain(
                                        "Outliner",
                                        (String task) -> model.ask(
                                                "outliner",
                                                task,
                                                random -> new Outline(
                                                        task.contains("tax") ? "form" : "sea story",
                                                        2 + random.nextInt(3)))))
                        .agent(
                                "Check",
                                deciding(
                                        "Check",
                                        turn -> turn.input() instanceof Outline outline
                                                        && outline.genre().equals("sea story")
                                                ? Decision.handOff("Writer", outline)
                                                : Decision.handOff("end", "not a sea story, so nothing is written")))
                        .agent(
                                "Writer",
                                Outline.class,
                                plain(
                                        "Writer",
                                        (Outline outline) -> model.ask(
                                                "writer",
                                                outline.toString(),
                                                random -> "a " + outline.genre() + " in " + outline.chapters()
                                                        + " chapters"))),
                "Write about the sea",
                "Write my tax return");
    }

    private static Pattern handoffs() {
        return Pattern.of(
                "handoffs",
                "A triage agent hands the whole conversation over; the one who has it may hand it on, and answers.",
                """
                start -> Triage
                Triage <-> French, Spanish
                French, Spanish -> end
                """,
                (flow, model) -> {
                    flow.agent(
                            "Triage",
                            asking(
                                    "Triage",
                                    turn -> model.ask(
                                                    "triage",
                                                    input(turn),
                                                    random -> input(turn).contains("hola") ? "Spanish" : "French")
                                            .map(language -> Decision.handOff(language, turn.input()))));
                    flow.agent(
                            "French",
                            asking(
                                    "French",
                                    turn -> model.ask(
                                            "french",
                                            input(turn),
                                            random -> input(turn).contains("puerto")
                                                    ? Decision.handOff("Triage", "hola, " + turn.input())
                                                    : Decision.handOff("end", "Bonjour!"))));
                    return flow.agent(
                            "Spanish",
                            asking(
                                    "Spanish",
                                    turn -> model.ask(
                                            "spanish", input(turn), random -> Decision.handOff("end", "Hola!"))));
                },
                "bonjour",
                "un puerto, por favor");
    }

    private static Pattern agentsAsTools() {
        return Pattern.of(
                "agents-as-tools",
                "An agent calls others as tools and keeps the conversation: their answers come back to it.",
                """
                start -> Desk
                Desk <-> ToFrench, ToGerman
                Desk -> end
                """,
                (flow, model) -> flow.agent(
                                "Desk",
                                asking(
                                        "Desk",
                                        turn -> turn.reason() == Turn.Reason.JOINED
                                                ? Mono.just(Decision.handOff(
                                                        "end", String.join(" / ", turn.answers(String.class))))
                                                : model.ask(
                                                                "desk",
                                                                input(turn),
                                                                random -> Stream.of("French", "German")
                                                                        .filter(input(turn)::contains)
                                                                        .map(language -> Invocation.of(
                                                                                "To" + language, "the ship"))
                                                                        .toList())
                                                        .map(Decision::fanOut)))
                        .agent(
                                "ToFrench",
                                String.class,
                                plain("ToFrench", (String text) -> model.ask("to french", text, random -> "le navire")))
                        .agent(
                                "ToGerman",
                                String.class,
                                plain(
                                        "ToGerman",
                                        (String text) -> model.ask("to german", text, random -> "das Schiff"))),
                "the ship, in French and German");
    }

    private record Draft(String text, int round) {}

    private static Pattern llmAsAJudge() {
        return Pattern.of(
                "llm-as-a-judge",
                "The writer lets a judge grade each draft and revises it until it passes, three times at most.",
                """
                start -> Writer
                Writer <-> Judge
                Writer -> end
                """,
                (flow, model) -> flow.agent("Writer", asking("Writer", turn -> {
                            if (turn.reason() != Turn.Reason.JOINED) {
                                return Mono.just(
                                        turn.input() instanceof Draft draft
                                                ? Decision.fanOut(Invocation.of("Judge", draft.text()))
                                                : Decision.repeat(new Draft(input(turn), 1)));
                            }
                            Draft draft = Objects.requireNonNull(turn.input(Draft.class));
                            String grade = turn.answers(String.class).get(0);
                            return grade.equals("pass") || draft.round() == 3
                                    ? Mono.just(Decision.handOff("end", draft.text() + ": " + grade))
                                    : model.ask(
                                            "writer",
                                            draft.text(),
                                            random -> Decision.repeat(
                                                    new Draft(draft.text() + " at dawn", draft.round() + 1)));
                        }))
                        .agent(
                                "Judge",
                                String.class,
                                plain(
                                        "Judge",
                                        (String text) -> model.ask(
                                                "judge",
                                                text,
                                                random -> text.strip().split(" ").length >= 5
                                                        ? "pass"
                                                        : "needs more colour"))),
                "the tide turns");
    }

    private static Pattern parallelization() {
        return Pattern.of(
                "parallelization",
                "The same agent works several times at once, and another one picks the best.",
                """
                start -> Desk
                Desk <-> Translator
                Desk -> Picker -> end
                """,
                (flow, model) -> flow.agent(
                                "Desk",
                                deciding(
                                        "Desk",
                                        turn -> turn.reason() == Turn.Reason.JOINED
                                                ? Decision.handOff(
                                                        "Picker", String.join(",", turn.answers(String.class)))
                                                : Decision.fanOut(Stream.of("1", "2", "3")
                                                        .map(attempt -> Invocation.of("Translator", attempt))
                                                        .toList())))
                        .agent(
                                "Translator",
                                String.class,
                                plain(
                                        "Translator",
                                        (String attempt) -> model.ask(
                                                "translator",
                                                attempt,
                                                random -> "ahoi" + "!".repeat(random.nextInt(1, 6)))))
                        .agent(
                                "Picker",
                                String.class,
                                plain(
                                        "Picker",
                                        (String all) -> model.ask(
                                                "picker",
                                                all,
                                                random -> Stream.of(all.split(","))
                                                        .max(Comparator.comparingInt(String::length))
                                                        .orElseThrow()))),
                "ahoy");
    }

    private static Pattern inputGuardrail() {
        return Pattern.of(
                "input-guardrail",
                "A quick check runs beside the expensive agent; if it trips, the agent is cancelled and the run fails with its reason.",
                """
                start -> Desk
                Desk <-> Guard, Expert
                Desk -> end
                """,
                (flow, model) -> flow.agent(
                                "Desk",
                                deciding(
                                        "Desk",
                                        turn -> turn.reason() == Turn.Reason.JOINED
                                                ? Decision.handOff(
                                                        "end",
                                                        turn.answers(String.class)
                                                                .get(1))
                                                : Decision.fanOut(
                                                        Invocation.of("Guard", turn.input()),
                                                        Invocation.of("Expert", turn.input()))))
                        .agent(
                                "Guard",
                                asking(
                                        "Guard",
                                        turn -> model.ask(
                                                        "guard",
                                                        input(turn),
                                                        random -> input(turn).contains("homework"))
                                                .map(tripped -> tripped
                                                        ? Decision.fail("no homework is done here")
                                                        : Decision.answer("fine"))))
                        .agent(
                                "Expert",
                                String.class,
                                plain(
                                        "Expert",
                                        (String question) -> Mono.delay(SLOW)
                                                .then(model.ask("expert", question, random -> "steer by the stars")))),
                "How do I find north?",
                "Do my homework");
    }

    private static Pattern outputGuardrail() {
        return Pattern.of(
                "output-guardrail",
                "What the agent says is checked before anybody sees it; the first time it is sent back, the second time the run fails.",
                """
                start -> Clerk
                Clerk <-> Guard
                Guard -> end
                """,
                (flow, model) -> flow.agent(
                                "Clerk",
                                asking(
                                        "Clerk",
                                        turn -> model.ask(
                                                        "clerk",
                                                        input(turn),
                                                        random -> turn.sender().equals("Guard")
                                                                        && input(turn)
                                                                                .contains("office")
                                                                ? "ask at the office"
                                                                : "the " + input(turn) + " is 555-0100")
                                                .map(said -> Decision.handOff(
                                                        "Guard",
                                                        turn.sender().equals("Guard") ? "again: " + said : said))))
                        .agent(
                                "Guard",
                                asking(
                                        "Guard",
                                        turn -> model.ask(
                                                        "guard",
                                                        input(turn),
                                                        random -> input(turn).contains("555"))
                                                .map(leak -> !leak
                                                        ? Decision.handOff(
                                                                "end",
                                                                input(turn).replace("again: ", ""))
                                                        : input(turn).startsWith("again: ")
                                                                ? Decision.fail("the answer has a phone number in it")
                                                                : Decision.handOff(
                                                                        "Clerk",
                                                                        input(turn)
                                                                                .replaceAll("the (\\S+) .*", "$1"))))),
                "office number",
                "captain's number");
    }

    private static Pattern humanInTheLoop() {
        return Pattern.of(
                        "human-in-the-loop",
                        "Before it does something that cannot be undone the agent asks a person; its branch waits, and takes no thread.",
                        """
                        start -> Purser
                        Purser -> user, end
                        """,
                        (flow, model) -> flow.agent(
                                "Purser",
                                asking(
                                        "Purser",
                                        turn -> turn.reason() == Turn.Reason.ANSWERED
                                                ? Mono.just(Decision.handOff(
                                                        "end",
                                                        "yes".equals(turn.answer())
                                                                ? "done: " + turn.input()
                                                                : "left as it is"))
                                                : model.ask(
                                                                "purser",
                                                                input(turn),
                                                                random -> input(turn)
                                                                        .contains("pay"))
                                                        .map(sensitive -> sensitive
                                                                ? Decision.ask(input(turn) + "?")
                                                                : Decision.handOff("end", "done: " + turn.input())))),
                        "list the cargo",
                        "pay 20 coins",
                        "pay 2000 coins")
                .with(OpenAi::approveSmallAmounts);
    }

    private static void approveSmallAmounts(Run<String> run) {
        run.events()
                .ofType(RunEvent.QuestionAsked.class)
                .concatMap(asked -> run.answer(
                        asked.question().id(),
                        asked.question().text().toLowerCase(Locale.ROOT).contains("2000") ? "no" : "yes"))
                .subscribe();
    }
}
