package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import io.flotilla.topology.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** Runs that are recorded, and gone on with. */
@Timeout(60)
class RecoveryTest {

    private static final Topology TOPOLOGY =
            Topology.parse("start -> Boss\nBoss <-> Worker\nBoss -> end\nBoss -> user");

    private final Map<String, AtomicInteger> stepped = new ConcurrentHashMap<>();

    private Workflow<String, String> workflow(Journal journal) {
        Agent<Turn, Decision> boss = Agent.of("Boss", (turn, context) -> {
            stepped.computeIfAbsent(context.idempotencyKey(), any -> new AtomicInteger())
                    .incrementAndGet();
            int round = turn.outcomes().size();
            return Mono.just(
                    round < 20
                            ? Decision.fanOut(java.util.Collections.nCopies(round + 1, Invocation.of("Worker", round)))
                            : Decision.handOff("end", "done " + turn.answers(Integer.class)));
        });
        Agent<Turn, Decision> worker = Agent.of("Worker", (turn, context) -> {
            stepped.computeIfAbsent(context.idempotencyKey(), any -> new AtomicInteger())
                    .incrementAndGet();
            return Mono.just(Decision.answer(turn.input()));
        });
        return Workflow.builder(TOPOLOGY, String.class)
                .agent("Boss", boss)
                .agent("Worker", worker)
                .journal(journal)
                .build();
    }

    @Test
    void recoverAll_runOfAnotherWorkflowInTheJournal_isLeftAlone() {
        Journal journal = Journal.inMemory();
        Workflow<String, String> other = Workflow.builder(Topology.parse("start -> Silent -> end"), String.class)
                .name("other")
                .agent("Silent", Agent.of("Silent", (turn, context) -> Mono.never()))
                .journal(journal)
                .build();
        Run<String> wait = other.start("wait");

        assertThat(workflow(journal).runs().recoverAll().block().live())
                .as("whatever its workflow")
                .containsExactly(wait.runId());
        Recovery<String> recovery =
                workflow(new ForwardingJournal(journal)).runs().recoverAll().block();
        assertThat(recovery.recovered()).isEmpty();
        assertThat(recovery.otherWorkflows()).containsExactly(Map.entry("other", 1L));
    }

    @Test
    void recover_atEveryFact_theSameResultAndEvents() {
        Journal journal = Journal.inMemory();
        Run<String> whole = workflow(journal).start("go");
        RunResult<String> expected = whole.result().block();
        List<JournalEntry> facts = journal.read(whole.runId(), 0).collectList().block();
        List<String> events = told(whole);

        assertThat(facts).hasSizeGreaterThan(200);
        for (int stop = 1; stop <= facts.size(); stop++) {
            stepped.clear();
            Journal copy = Journal.inMemory();
            copy.append(whole.runId(), 0, facts.subList(0, stop)).block();
            Run<String> resumed = workflow(copy).runs().recover(whole.runId()).block();
            RunResult<String> result = resumed.result().block();

            assertThat(result.answers()).as("stopped after %s", stop).isEqualTo(expected.answers());
            assertThat(result.steps()).isEqualTo(expected.steps());
            assertThat(told(resumed)).isEqualTo(events);
            assertThat(stepped.values()).allMatch(times -> times.get() == 1);
            assertThat(copy.list(JournalFilter.all())
                            .map(RunSummary::lastType)
                            .collectList()
                            .block())
                    .containsExactly("run-finished");
        }
    }

    private static List<String> told(Run<String> run) {
        return run.events()
                .map(event -> event.toString().replaceAll("at=[^,\\]]*", "at"))
                .collectList()
                .block();
    }

    @Test
    void stateAt_everyPrefix_hasTheStateOfThatMoment() {
        Journal journal = Journal.inMemory();
        Run<String> run = workflow(journal).start("go");
        run.result().block();
        Runs<String> runs = workflow(journal).runs();
        List<RunState> states = new ArrayList<>();
        long facts = journal.read(run.runId(), 0).count().block();
        for (long at = 0; at <= facts; at++) {
            states.add(runs.stateAt(run.runId(), at).block());
        }

        assertThat(states.get(0).branches()).isEmpty();
        assertThat(states.get(1).branches()).hasSize(1);
        assertThat(states.get((int) facts).status()).isEqualTo(RunState.Status.SUCCEEDED);
        assertThat(runs.replay(run.runId()).block()).isEqualTo(states.get((int) facts));
    }

    @Test
    void fork_withAnotherTask_isARunOfItsOwn() {
        Journal journal = Journal.inMemory();
        Workflow<String, String> workflow = workflow(journal);
        Run<String> run = workflow.start("go");
        run.result().block();

        Run<String> other =
                workflow.runs().fork(run.runId(), 1, Decision.answer("at once")).block();

        assertThat(other.runId()).isNotEqualTo(run.runId());
        assertThat(other.result().block().answers()).containsExactly("at once");
        assertThat(workflow.runs().replay(other.runId()).block().status()).isEqualTo(RunState.Status.SUCCEEDED);
    }

    @Test
    void journal_aStepThatWasRetried_hasItsAttemptsInItsFact() {
        Journal journal = Journal.inMemory();
        io.flotilla.step.StepInterceptor twice = new io.flotilla.step.StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(io.flotilla.step.StepCall<I, O> call, Mono<O> attempts) {
                return attempts.retry(1);
            }
        };
        Run<String> run = Workflow.builder(Topology.parse("start -> A"), String.class)
                .agent(
                        "A",
                        Agent.of(
                                "A",
                                (turn, context) -> context.attempt() == 1
                                        ? Mono.error(new IllegalStateException("not yet"))
                                        : Mono.just(Decision.answer("now"))))
                .engine(io.flotilla.step.StepEngine.builder().interceptor(twice).build())
                .journal(journal)
                .build()
                .start("go");
        run.result().block();

        JournalEntry settled = journal.read(run.runId(), 1).blockFirst();
        assertThat(journal.codec().decode(settled.payload())).containsEntry("attempts", 2);
    }
}
