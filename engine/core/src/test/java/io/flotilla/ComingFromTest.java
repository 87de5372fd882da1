package io.flotilla;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.journal.Journal;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.Question;
import io.flotilla.run.Run;
import io.flotilla.run.RunOptions;
import io.flotilla.run.RunResult;
import io.flotilla.run.RunState;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.simulation.AgentSet;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import io.flotilla.topology.Topology;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** What the page for those who come from other frameworks shows of ours is here, and runs. */
@Timeout(30)
class ComingFromTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    @Test
    void page_everyJavaBlock_standsHere() throws IOException {
        String here = squeezed(Files.readString(Path.of("src/test/java/io/flotilla/ComingFromTest.java")));
        List<String> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(Files.readString(Path.of("COMING_FROM.md")));
        while (matcher.find()) {
            blocks.add(matcher.group(1));
        }

        assertThat(blocks).hasSize(5).allSatisfy(block -> assertThat(here).contains(squeezed(block)));
    }

    private static String squeezed(String code) {
        return code.lines()
                .map(line -> line.replaceFirst("//.*$", ""))
                .collect(Collectors.joining())
                .replaceAll("\\s+", "");
    }

    // --- a simulation framework

    private static final class Trader {

        private final AgentId id;
        private int wealth = 1;

        Trader(int number) {
            id = AgentId.of("trader", number);
        }

        AgentId id() {
            return id;
        }

        Mono<Integer> trade(StepContext context) {
            return Mono.fromCallable(() -> {
                if (context.agentId().instance() != null
                        && context.agentId().instance().equals("2")) {
                    throw new IllegalStateException("bankrupt");
                }
                return ++wealth;
            });
        }
    }

    @Test
    void simulation_oneAgentFails_theOthersHaveStepped() {
        List<Trader> people = List.of(new Trader(1), new Trader(2), new Trader(3));
        AgentSet<Trader> traders = AgentSet.of(42, Trader::id, people);
        StepEngine engine = StepEngine.builder().build();

        Mono<StepReport<Integer>> tick = traders.step(engine.withOrder(traders.shuffledOrder()), Trader::trade);

        StepReport<Integer> report = tick.block(SOON);
        assertThat(report.values()).containsExactly(2, 2);
        assertThat(report.failures()).hasSize(1);
        assertThat(report.failures().get(0).cause()).hasMessage("bankrupt");
    }

    // --- an orchestrator with topologies

    @Test
    void orchestrator_rulesAndConvergence_areTheTopologysAndItsJoins() {
        Agent<Turn, Decision> planner = Agent.of(
                "Planner",
                (turn, context) -> Mono.just(
                        Decision.fanOut(Invocation.of("Searcher", "papers"), Invocation.of("Checker", "news"))));
        Agent<String, String> searcher =
                Agent.of("Searcher", (what, context) -> what.equals("news") ? Mono.never() : Mono.just(what));
        Agent<Turn, Decision> writer = Agent.of(
                "Writer",
                (turn, context) -> Mono.just(Decision.handOff("end", "about " + turn.arrivals(String.class))));

        Topology research = Topology.of(
                List.of("Planner", "Searcher", "Checker", "Writer"),
                List.of(
                        "start -> Planner",
                        "Planner -> Searcher, Checker",
                        "Searcher, Checker -> Writer",
                        "Writer -> end"),
                List.of("max_steps(30)", "timeout(180)"));

        Workflow<String, String> workflow = Workflow.builder(research, String.class)
                .agent("Planner", planner)
                .agent("Searcher", String.class, searcher)
                .agent("Checker", String.class, searcher)
                .agent("Writer", writer)
                .joinAt("Writer", Join.atLeast(1).within(Duration.ofSeconds(60)).orProceed())
                .joinAt("end", Join.firstSuccess()) // and who still searches is cancelled
                .build();

        RunResult<String> result = workflow.run("what is new?").block(SOON);
        assertThat(result.answers()).containsExactly("about [papers]");
    }

    // --- a Reactor agent framework

    @Test
    void fanOut_oneFails_theOthersValuesAndItsCauseAreThere() {
        Agent<String, String> optimist = Agent.of("optimist", (topic, context) -> Mono.just("good"));
        Agent<String, String> pessimist = Agent.of("pessimist", (topic, context) -> Mono.just("bad"));
        Agent<String, String> realist =
                Agent.of("realist", (topic, context) -> Mono.error(new IllegalStateException("no model")));

        StepEngine engine = StepEngine.builder()
                .concurrency(16)
                .stepTimeout(Duration.ofSeconds(60))
                .build();
        Mono<StepReport<String>> views = engine.run(List.of(optimist, pessimist, realist), "the economy");

        StepReport<String> report = views.block(SOON);
        assertThat(report.values()).containsExactly("good", "bad");
        assertThat(report.resultsOf("realist").get(0).cause()).hasMessage("no model");
    }

    // --- a graph library with checkpoints

    private static Collection<String> published(List<String> into, String text) {
        into.add(text);
        return into;
    }

    @Test
    void graph_interruptedAndResumed_isAQuestionAndARecovery() {
        List<String> printed = new ArrayList<>();
        Journal journal = Journal.inMemory();
        Agent<Turn, Decision> draft = Agent.of(
                "Draft",
                (turn, context) -> Mono.just(
                        turn.reason() == Turn.Reason.ANSWERED
                                ? turn.answer().equals("yes")
                                        ? Decision.handOff("Publish", turn.carried())
                                        : Decision.fail("rejected")
                                : Decision.ask(
                                        Question.of("publish this?").choices("yes", "no"), "text on " + turn.input())));
        Agent<String, String> publish = Agent.of(
                "Publish",
                (text, context) ->
                        Mono.fromCallable(() -> published(printed, text).toString()));

        Workflow<String, String> workflow = Workflow.builder(
                        Topology.parse("start -> Draft\nDraft -> user, Publish\nPublish -> end"), String.class)
                .agent("Draft", draft)
                .agent("Publish", String.class, publish)
                .journal(journal)
                .build();
        Run<String> run = workflow.submit("whales", RunOptions.ofId("thread-1")).block(SOON);

        run.suspend().block(SOON);

        Mono<RunResult<String>> later = workflow.runs()
                .recover("thread-1")
                .flatMap(again -> again.answer("q0", "yes").then(again.result()));
        Mono<RunState> before = workflow.runs().stateAt("thread-1", 2);

        assertThat(later.block(SOON).answers()).containsExactly("[text on whales]");
        assertThat(before.block(SOON).questions()).hasSize(1);
        assertThat(printed).hasSize(1);
    }
}
