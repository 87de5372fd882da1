package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.run.machine.Plan;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** Agents whose steps never overlap in a run. */
@Timeout(60)
class ExclusiveTest {

    private static final Topology OFFICE = Topology.parse("start -> Lead\nLead <-> A, B, C");

    private final AtomicInteger busy = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private final List<Object> order = new CopyOnWriteArrayList<>();
    private UndisturbedTime time;

    @BeforeEach
    void virtualTime() {
        time = UndisturbedTime.begin();
    }

    @AfterEach
    void realTimeAgain() {
        time.close();
    }

    private RunResult<String> ended(Run<String> run) {
        time.advanceTimeBy(Duration.ofSeconds(20));
        return TestRuns.ended(run);
    }

    private Agent<Turn, Decision> slow(boolean counts) {
        return TestRuns.stepping(
                "body",
                turn -> Mono.defer(() -> {
                    if (counts) {
                        most.accumulateAndGet(busy.incrementAndGet(), Math::max);
                        order.add(turn.input());
                    }
                    return Mono.delay(Duration.ofSeconds(1)).map(any -> {
                        if (counts) {
                            busy.decrementAndGet();
                        }
                        return Decision.answer(turn.input());
                    });
                }));
    }

    private Workflow.Builder<String> office(List<Invocation> work) {
        return Workflow.builder(OFFICE, String.class)
                .agent(
                        "Lead",
                        TestRuns.deciding(
                                "Lead",
                                turn -> turn.reason() == Turn.Reason.JOINED
                                        ? Decision.answer(TestRuns.joined(turn))
                                        : Decision.fanOut(work)))
                .agent("A", slow(true))
                .agent("B", slow(true))
                .agent("C", slow(false))
                .exclusive("A", "B");
    }

    private static List<Invocation> work(String agents) {
        return agents.chars()
                .mapToObj(agent -> Invocation.of(Character.toString(agent), Character.toString(agent)))
                .toList();
    }

    @Test
    void exclusive_manySteps_neverOverlapAndComeInOrderWithAnyConcurrency() {
        for (int concurrency : new int[] {1, 2, 3, 256}) {
            most.set(0);
            order.clear();
            Duration expected =
                    Duration.ofSeconds(concurrency == 1 ? 8 : 5); // of the five, while the three run beside them
            UndisturbedTime.verifier(() -> office(work("ACABCBAC"))
                            .engine(StepEngine.builder()
                                    .concurrency(concurrency)
                                    .build())
                            .build()
                            .run("task"))
                    .thenAwait(Duration.ofSeconds(20))
                    .assertNext(result -> {
                        assertThat(result.answer()).isEqualTo("A,C,A,B,C,B,A,C");
                        assertThat(result.duration())
                                .as("concurrency %s", concurrency)
                                .isEqualTo(expected);
                    })
                    .expectComplete()
                    .verify(SOON);
            assertThat(most).as("concurrency %s", concurrency).hasValue(1);
            assertThat(order).containsExactly("A", "A", "B", "B", "A");
        }
    }

    @Test
    void stateAt_oneWaits_isShownAsExcludedAndRecovers() {
        Journal journal = Journal.inMemory();
        Run<String> run = office(work("ABC")).journal(journal).build().start("task");
        Journal copy = SignalTest.copied(journal, run.runId());
        run.cancel();

        Workflow<String, String> flow = office(work("ABC")).journal(copy).build();
        RunState state = flow.runs().stateAt(run.runId(), 2).block(SOON);
        assertThat(state.branches())
                .extracting(RunState.BranchState::agent, RunState.BranchState::status)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("Lead", RunState.BranchStatus.JOINING),
                        org.assertj.core.groups.Tuple.tuple("A", RunState.BranchStatus.RUNNING),
                        org.assertj.core.groups.Tuple.tuple("B", RunState.BranchStatus.EXCLUDED),
                        org.assertj.core.groups.Tuple.tuple("C", RunState.BranchStatus.RUNNING));
        busy.set(0);
        most.set(0);
        Run<String> again = flow.runs().recover(run.runId()).block(SOON);
        assertThat(ended(again).answer()).isEqualTo("A,B,C");
        assertThat(most).hasValue(1);
    }

    /** Adding or taking away an exclusion is no divergence. */
    @Test
    void replay_withoutTheExclusion_isTheSameRun() {
        Journal journal = Journal.inMemory();
        Run<String> run = office(work("AB")).journal(journal).build().start("task");
        assertThat(ended(run).answer()).isEqualTo("A,B");

        RunState replayed = office(work("AB"))
                .exclusive("A", "Lead", "C")
                .exclusive("B", "C")
                .journal(journal)
                .build()
                .runs()
                .replay(run.runId())
                .block(SOON);

        assertThat(replayed.status()).isEqualTo(RunState.Status.SUCCEEDED);
    }

    @Test
    void cancelBranch_whoHolds_letsTheNextIn() {
        Run<String> run = office(work("AB")).build().start("task");

        assertThat(order).containsExactly("A");
        busy.set(0);
        assertThat(run.cancelBranch(BranchPath.parse("/0.0/")).block(SOON)).isTrue();
        assertThat(order).containsExactly("A", "B");

        assertThat(ended(run).answer()).isEqualTo("B");
    }

    @Test
    void cancelBranch_whoWaits_leavesTheLine() {
        Run<String> run = office(work("ABA")).build().start("task");

        assertThat(run.cancelBranch(BranchPath.parse("/0.1/")).block(SOON)).isTrue();

        assertThat(ended(run).answer()).isEqualTo("A,A");
        assertThat(most).hasValue(1);
    }

    @Test
    void build_unknownOrTooFew_isAnErrorThatNamesThem() {
        assertThatExceptionOfType(InvalidWorkflowException.class)
                .isThrownBy(() -> office(work("A"))
                        .exclusive("A", "Nobody")
                        .exclusive("A")
                        .exclusive("B", "B")
                        .exclusive()
                        .build())
                .satisfies(invalid -> assertThat(invalid.errors())
                        .containsExactly(
                                "there is no agent Nobody in the topology to be exclusive",
                                "exclusive needs two different agents, was [A]",
                                "exclusive needs two different agents, was [B, B]",
                                "exclusive needs two different agents, was []"));
        assertThatNullPointerException().isThrownBy(() -> office(work("A")).exclusive("A", null));
        Plan.Builder plan = Plan.builder(OFFICE, String.class);
        assertThatIllegalArgumentException().isThrownBy(() -> plan.exclusive(List.of("A")));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> plan.exclusive(List.of("A", "end")).build());
    }
}
