package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

/** The table of OPERATE.md that says what may change between two versions: a case for each row. */
@Timeout(60)
class ChangeTableTest {

    private static final Path PAGE = Path.of("OPERATE.md");

    /** As recorded: a worker that succeeds counts itself in the run's state. */
    private static Workflow.Builder<String> crew(String topology, String worker) {
        return bare(topology, worker).mergeState("count", Integer.class, Integer::sum);
    }

    private static Workflow.Builder<String> bare(String topology, String worker) {
        return Workflow.builder(Topology.parse(topology), String.class)
                .agent("Lead", TestRuns.deciding("Lead", turn -> {
                    if (turn.reason() == Turn.Reason.ANSWERED) {
                        return Decision.answer("asked");
                    }
                    return turn.reason() == Turn.Reason.JOINED
                            ? "ask".equals(turn.input()) ? Decision.ask("?") : Decision.answer(TestRuns.joined(turn))
                            : Decision.fanOut(TestRuns.invocations(worker, 3));
                }))
                .agent(worker, Agent.of(worker, (turn, context) -> {
                    context.state().merge("count", 1);
                    return Mono.just(turn.input().equals(1) ? Decision.fail("no") : Decision.answer(turn.input()));
                }))
                .join(Join.allSettled());
    }

    private static final String TOPOLOGY = "start -> Lead\nLead <-> Worker\nLead -> end, user";

    private static Workflow.Builder<String> then() {
        return crew(TOPOLOGY, "Worker");
    }

    /** By row of the page: the workflow as it is now. */
    private static Map<String, Supplier<Workflow.Builder<String>>> changes() {
        Map<String, Supplier<Workflow.Builder<String>>> changes = new LinkedHashMap<>();
        changes.put(
                "what agents do",
                () -> Workflow.builder(Topology.parse(TOPOLOGY), String.class)
                        .agent("Lead", TestRuns.deciding("Lead", turn -> Decision.answer("other")))
                        .agent("Worker", TestRuns.deciding("Worker", turn -> Decision.fail("other")))
                        .mergeState("count", Integer.class, Integer::sum)
                        .join(Join.allSettled()));
        changes.put(
                "step timeouts, guards, concurrency",
                () -> then().engine(StepEngine.builder()
                        .concurrency(1)
                        .stepTimeout(Duration.ofSeconds(7))
                        .interceptor(new io.flotilla.step.StepInterceptor() {})
                        .build()));
        changes.put("event and output history", () -> then().eventHistory(3).outputHistory(1));
        changes.put(
                "a limit that is not reached",
                () -> then().limits(Limits.steps(500).tokens(9)));
        changes.put(
                "a deadline of a run or join",
                () -> then().limits(Limits.time(Duration.ofDays(3_000)))
                        .join(Join.allSettled().within(Duration.ofDays(3_000))));
        changes.put(
                "the merge of a state key",
                () -> bare(TOPOLOGY, "Worker").mergeState("count", Integer.class, Math::max));
        changes.put(
                "agents that write the run's state, or no longer do",
                () -> Workflow.builder(Topology.parse(TOPOLOGY), String.class)
                        .agent("Lead", Agent.of("Lead", (turn, context) -> {
                            context.state().put("by", "Lead");
                            return Mono.just(Decision.answer("other"));
                        }))
                        .agent("Worker", TestRuns.deciding("Worker", turn -> Decision.fail("other")))
                        .mergeState("count", Integer.class, Integer::sum)
                        .join(Join.allSettled()));
        changes.put(
                "an agent that is new, with its edges",
                () -> crew(TOPOLOGY + "\nLead -> Extra -> end", "Worker")
                        .agent("Extra", TestRuns.deciding("Extra", turn -> Decision.answer("x"))));
        changes.put("the workflow's name", () -> then().name("renamed"));
        changes.put("the name of an agent that was called", () -> crew(TOPOLOGY.replace("Worker", "Helper"), "Helper"));
        changes.put(
                "an edge that was gone",
                () -> crew("start -> Lead\nLead -> Other -> Worker -> Lead\nLead -> end, user", "Worker")
                        .agent("Other", TestRuns.deciding("Other", turn -> Decision.answer("x"))));
        changes.put("a join, where it decides otherwise", () -> then().join(Join.firstSuccess()));
        changes.put("a limit below what was used", () -> then().limits(Limits.steps(2)));
        changes.put("the merge of a state key is gone", () -> bare(TOPOLOGY, "Worker"));
        return changes;
    }

    private static List<String> rows() throws IOException {
        String page = Files.readString(PAGE);
        String table = page.substring(page.indexOf("### What may change"), page.indexOf("## Recover"));
        return table.lines()
                .filter(line -> line.startsWith("| ") && !line.startsWith("| what changes"))
                .toList();
    }

    static List<String> names() throws IOException {
        return rows().stream().map(row -> row.split("\\|", -1)[1].strip()).toList();
    }

    @Test
    void rows_areThePageAndTheTest() throws IOException {
        assertThat(names()).containsExactlyElementsOf(changes().keySet());
    }

    @ParameterizedTest
    @MethodSource("names")
    void change_hasTheEffectThatThePageSays(String name) throws IOException {
        String effect = rows().stream()
                .map(row -> row.split("\\|"))
                .filter(row -> row[1].strip().equals(name))
                .map(row -> row[2].strip())
                .findFirst()
                .orElseThrow();
        Journal journal = Journal.inMemory();
        Workflow<Object, String> then = then().journal(journal).build();
        TestRuns.ended(then.submit("go", RunOptions.ofId("ended")).block(TestRuns.SOON));
        Run<String> asking = then.submit("ask", RunOptions.ofId("open")).block(TestRuns.SOON);
        TestRuns.until(() -> asking.questions().isEmpty() ? null : true);
        Workflow<Object, String> now = changes()
                .get(name)
                .get()
                .journal(new ForwardingJournal(journal))
                .build();

        Verification verification = now.runs().verify(RunFilter.all()).block(TestRuns.SOON);
        Recovery<String> recovery = now.runs().recoverAll().block(TestRuns.SOON);

        switch (effect.substring(0, 4)) {
            case "repl" -> {
                assertThat(verification).isEqualTo(new Verification(2, List.of()));
                assertThat(recovery.recovered()).extracting(Run::runId).containsExactly("open");
                assertThat(recovery.recovered().get(0).answer("q0", "x").block(TestRuns.SOON))
                        .isTrue();
            }
            case "dive" -> {
                assertThat(verification.failures())
                        .extracting(Recovery.Failure::runId)
                        .containsExactly("ended", "open");
                assertThat(recovery.failures())
                        .allSatisfy(failure -> assertThat(failure.cause()).isInstanceOf(DivergenceException.class))
                        .hasSize(1);
            }
            default -> {
                assertThat(verification.runs()).isZero();
                assertThat(recovery.otherWorkflows()).isEqualTo(Map.of("workflow", 1L));
            }
        }
    }
}
