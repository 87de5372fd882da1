package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepInterceptor;
import io.flotilla.topology.Topology;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** What each step of a run has used, told by the event of its end, also where steps go on side by side. */
@Timeout(60)
class StepUsageTest {

    private static final Topology TOPOLOGY = Topology.parse("start -> Lead\nLead <-> Slow, Quick");

    private final Journal journal = Journal.inMemory();
    private final Sinks.Empty<Void> gate = Sinks.empty();

    private static Agent<Turn, Decision> lead() {
        return TestRuns.deciding(
                "Lead",
                turn -> turn.reason() == Turn.Reason.REQUESTED
                        ? Decision.fanOut(Invocation.of("Slow", 1), Invocation.of("Quick", 2))
                        : Decision.answer("done"));
    }

    /** Writes down what it uses when it begins, and answers when the other one is over. */
    private Agent<Turn, Decision> slow() {
        return Agent.of("Slow", (turn, context) -> {
            context.usage().record(Usage.ofTokens(100, 20));
            return gate.asMono().thenReturn(Decision.answer("slow"));
        });
    }

    private Agent<Turn, Decision> quick() {
        return Agent.of("Quick", (turn, context) -> {
            context.usage().record(new Usage(3, 1, new BigDecimal("0.25")));
            return Mono.just(Decision.answer("quick"));
        });
    }

    private Workflow.Builder<String> flow() {
        return flow(journal).agent("Lead", lead()).agent("Quick", quick());
    }

    /** Without a lead and a quick one. */
    private Workflow.Builder<String> flow(Journal where) {
        return Workflow.builder(TOPOLOGY, String.class)
                .name("crew")
                .journal(where)
                .agent("Slow", slow());
    }

    private static boolean hasSettled(RunEvent event, String agent) {
        return event instanceof RunEvent.StepSettled step && step.agent().equals(agent);
    }

    /** A run in which the slow one ends after the quick one. */
    private Run<String> ended(Workflow<Object, String> flow) {
        Run<String> run = flow.start("go");
        run.events().filter(event -> hasSettled(event, "Quick")).next().block(SOON);
        gate.tryEmitEmpty();
        TestRuns.ended(run);
        return run;
    }

    /** Agents and what their steps have used, in the order in which they ended. */
    private static List<String> used(List<RunEvent> events) {
        List<String> used = new ArrayList<>();
        for (RunEvent event : events) {
            if (event instanceof RunEvent.StepSettled step) {
                used.add(step.agent() + " " + words(step.usage()));
            } else if (event instanceof RunEvent.CompensationSettled step) {
                used.add("undo " + step.agent() + " " + words(step.usage()));
            }
        }
        return used;
    }

    private static String words(Usage usage) {
        return usage == null ? "?" : usage.inputTokens() + " " + usage.outputTokens() + " " + usage.cost();
    }

    private static List<RunEvent> recorded(Workflow<Object, String> flow, String runId) {
        return flow.runs().events(runId).collectList().block(SOON);
    }

    @Test
    void steps_sideBySide_eachHasWhatItHasUsedItself() {
        Workflow<Object, String> flow = flow().build();
        Run<String> run = ended(flow);

        assertThat(used(TestRuns.events(run)))
                .containsExactly("Lead 0 0 0", "Quick 3 1 0.25", "Slow 100 20 0", "Lead 0 0 0");
        assertThat(recorded(flow, run.runId())).as("recorded").isEqualTo(TestRuns.events(run));
    }

    @Test
    void step_withoutAJournal_hasItsUsage() {
        Run<String> run = ended(Workflow.builder(TOPOLOGY, String.class)
                .agent("Lead", lead())
                .agent("Slow", slow())
                .agent("Quick", quick())
                .build());

        assertThat(used(TestRuns.events(run))).contains("Quick 3 1 0.25", "Slow 100 20 0");
    }

    @Test
    void step_triedTwice_hasWhatBothAttemptsHaveUsed() {
        Agent<Turn, Decision> failing = Agent.of("Quick", (turn, context) -> {
            context.usage().record(Usage.ofTokens(5, context.attempt()));
            return context.attempt() == 1
                    ? Mono.error(new IllegalStateException("once"))
                    : Mono.just(Decision.answer("x"));
        });
        Workflow<Object, String> flow = flow(journal)
                .agent("Lead", lead())
                .agent("Quick", failing)
                .engine(StepEngine.builder()
                        .interceptor(StepInterceptor.ofStep(steps -> steps.retry(1)))
                        .build())
                .build();

        assertThat(used(TestRuns.events(ended(flow)))).contains("Quick 10 3 0");
    }

    @Test
    void step_thatFails_hasWhatItHasUsed() {
        Agent<Turn, Decision> failing = Agent.of("Quick", (turn, context) -> {
            context.usage().record(Usage.ofTokens(5, 5));
            return Mono.error(new IllegalStateException("broken"));
        });
        Workflow<Object, String> flow = flow(journal)
                .agent("Lead", lead())
                .agent("Quick", failing)
                .join(Join.allSettled().orProceed())
                .build();
        Run<String> run = ended(flow);

        assertThat(used(TestRuns.events(run))).contains("Quick 5 5 0");
        assertThat(used(recorded(flow, run.runId()))).isEqualTo(used(TestRuns.events(run)));
    }

    @Test
    void step_thatIsARun_hasWhatThatRunHasUsed() {
        Workflow<Object, String> inner = TestRuns.alone(Agent.of("Solo", (turn, context) -> {
                    context.usage().record(Usage.ofTokens(7, 6));
                    return Mono.just(Decision.answer("inner"));
                }))
                .name("inner")
                .build();
        Workflow<Object, String> flow =
                flow(journal).agent("Lead", lead()).agent("Quick", inner).build();
        Run<String> run = ended(flow);

        assertThat(used(TestRuns.events(run))).contains("Quick 7 6 0", "Slow 100 20 0");
        assertThat(used(recorded(flow, run.runId()))).isEqualTo(used(TestRuns.events(run)));
    }

    @Test
    void compensation_hasWhatItHasUsed() {
        gate.tryEmitEmpty();
        Workflow<Object, String> flow = flow(journal)
                .agent("Quick", quick())
                .agent(
                        "Lead",
                        TestRuns.deciding(
                                "Lead",
                                turn -> turn.reason() == Turn.Reason.REQUESTED
                                        ? Decision.fanOut(Invocation.of("Quick", 2))
                                        : Decision.compensate("no")))
                .compensate("Quick", (step, context) -> {
                    context.usage().record(Usage.ofTokens(9, 0));
                    return Mono.empty();
                })
                .build();
        Run<String> run = flow.start("go");
        run.result().block(SOON);

        assertThat(used(TestRuns.events(run)))
                .containsExactly("Lead 0 0 0", "Quick 3 1 0.25", "Lead 0 0 0", "undo Quick 9 0 0");
        assertThat(used(recorded(flow, run.runId()))).isEqualTo(used(TestRuns.events(run)));
    }

    @Test
    void toMap_ofTheEnd_hasTheUsage() {
        List<RunEvent> events = TestRuns.events(ended(flow().build()));
        RunEvent quick = events.stream()
                .filter(event -> hasSettled(event, "Quick"))
                .findFirst()
                .orElseThrow();

        assertThat(quick.toMap().get("usage"))
                .isEqualTo(Map.of("inputTokens", 3L, "outputTokens", 1L, "cost", new BigDecimal("0.25")));
    }

    /** As a run was recorded before there was the key. */
    private static JournalEntry before(JournalEntry entry) {
        Map<String, Object> payload = new HashMap<>(PayloadCodec.basic().decode(entry.payload()));
        payload.remove("ownUsage");
        return new JournalEntry(
                entry.sequence(),
                entry.timestamp(),
                entry.type(),
                PayloadCodec.basic().encode(payload, text -> text));
    }

    @Test
    void run_recordedBeforeItWas_isReadAndItsUsageIsNotKnown() {
        String id = ended(flow().build()).runId();
        Journal old = Journal.inMemory();
        old.append(
                        id,
                        0,
                        journal.read(id, 0)
                                .map(StepUsageTest::before)
                                .collectList()
                                .block(SOON))
                .block(SOON);
        Workflow<Object, String> flow =
                flow(old).agent("Lead", lead()).agent("Quick", quick()).build();

        List<RunEvent> events = recorded(flow, id);

        assertThat(used(events))
                .as("before the first tokens it is known that there were none")
                .containsExactly("Lead 0 0 0", "Quick ?", "Slow ?", "Lead ?");
        assertThat(events.get(events.size() - 1)).isInstanceOf(RunEvent.RunFinished.class);
        assertThat(flow.runs().replay(id).block(SOON).usage().inputTokens()).isEqualTo(103);
        assertThat(events.stream()
                        .filter(event -> hasSettled(event, "Slow"))
                        .findFirst()
                        .orElseThrow()
                        .toMap())
                .containsEntry("usage", null);
    }
}
