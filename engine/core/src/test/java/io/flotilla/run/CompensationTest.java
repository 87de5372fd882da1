package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.run.machine.Plan;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** What settled steps have done outside is undone when their run does not succeed. */
@Timeout(60)
class CompensationTest {

    private static final Topology TRIP = Topology.parse("start -> Lead\nLead <-> Book, Pay\nLead -> Check");

    /** What is done outside, and what of it was undone: by key. */
    private final Map<String, String> outside = new ConcurrentHashMap<>();

    private final List<String> undone = new CopyOnWriteArrayList<>();
    private final List<String> keys = new CopyOnWriteArrayList<>();
    private Function<CompensatedStep, Mono<?>> undo = step -> Mono.empty();

    private Agent<Turn, Decision> doing(String name) {
        return Agent.of(
                name,
                (turn, context) -> Mono.fromSupplier(() -> {
                    outside.put(context.idempotencyKey(), name + turn.input());
                    return Decision.answer(name + "ed " + turn.input());
                }));
    }

    private Compensation undoing() {
        return (step, context) -> {
            keys.add(context.idempotencyKey());
            return Mono.defer(() -> undo.apply(step)).then(Mono.fromRunnable(() -> {
                undone.add(step.agent() + " " + step.input() + " " + step.value());
                outside.remove(step.idempotencyKey());
            }));
        };
    }

    /** Books twice and pays once; then {@code end}. */
    private Workflow.Builder<String> trip(Agent<Turn, Decision> end) {
        return Workflow.builder(TRIP, String.class)
                .agent(
                        "Lead",
                        TestRuns.deciding(
                                "Lead",
                                turn -> turn.reason() == Turn.Reason.REQUESTED
                                        ? Decision.fanOut(
                                                Invocation.of("Book", 1),
                                                Invocation.of("Pay", 2),
                                                Invocation.of("Book", 3))
                                        : Decision.handOff("Check", TestRuns.joined(turn))))
                .agent("Book", doing("Book"))
                .agent("Pay", doing("Pay"))
                .agent("Check", end)
                .compensate("Book", undoing())
                .compensate("Pay", undoing());
    }

    private static Agent<Turn, Decision> failing() {
        return TestRuns.deciding("Check", turn -> Decision.fail("sold out"));
    }

    private static final String[] ALL = {"Book 3 Booked 3", "Pay 2 Payed 2", "Book 1 Booked 1"};

    @Test
    void run_fails_settledStepsAreUndoneInReverseLineageOrder() {
        Run<String> run = trip(failing()).build().start("task");

        RunResult<String> result = TestRuns.ended(run);

        assertThat(result.failure()).hasMessageContaining("sold out");
        assertThat(result.uncompensated()).isEmpty();
        assertThat(undone).containsExactly(ALL);
        assertThat(outside).isEmpty();
        assertThat(keys)
                .containsExactly(run.runId() + "/0.2/undo#0", run.runId() + "/0.1/undo#0", run.runId() + "/0.0/undo#0");
        assertThat(TestRuns.events(run))
                .filteredOn(event -> event.type().startsWith("compensation"))
                .extracting(event -> event.type() + " " + event.branch())
                .containsExactly(
                        "compensation-started /0.2/",
                        "compensation-settled /0.2/",
                        "compensation-started /0.1/",
                        "compensation-settled /0.1/",
                        "compensation-started /0.0/",
                        "compensation-settled /0.0/");
    }

    @Test
    void run_succeeds_nothingIsUndone() {
        Run<String> run = trip(TestRuns.deciding("Check", turn -> Decision.answer("fine")))
                .build()
                .start("task");

        assertThat(TestRuns.ended(run).isSucceeded()).isTrue();
        assertThat(undone).isEmpty();
        assertThat(outside).hasSize(3);
    }

    @Test
    void compensate_decided_endsTheRunAndAllIsUndone() {
        Run<String> run = trip(TestRuns.deciding("Check", turn -> Decision.compensate("too dear")))
                .build()
                .start("task");

        RunResult<String> result = TestRuns.ended(run);

        assertThat(result.status()).isEqualTo(RunResult.Status.FAILED);
        assertThat(result.failure()).isInstanceOf(AgentFailedException.class).hasMessageContaining("too dear");
        assertThat(undone).containsExactly(ALL);
        assertThatNullPointerException()
                .isThrownBy(() -> Decision.compensate(null))
                .withMessage("reason");
    }

    /** A compensation under way is not cancelled, however often the run is. */
    @Test
    void cancel_once_andAgain_allIsUndone() {
        for (Journal journal : new Journal[] {null, Journal.inMemory()}) {
            undone.clear();
            Sinks.Empty<Void> gate = Sinks.empty();
            undo = step -> step.input().equals(2) ? gate.asMono() : Mono.empty();
            Workflow.Builder<String> flow = trip(TestRuns.stepping("Check", turn -> Mono.never()));
            Run<String> run =
                    (journal == null ? flow : flow.journal(journal)).build().start("task");

            run.cancel();
            run.cancel();
            run.pause();
            assertThat(undone).containsExactly(ALL[0]);
            run.cancel();
            assertThat(run.cancelBranch(BranchPath.outsideForks(0)).block(SOON)).isFalse();
            assertThat(run.signal("go", 1).block(SOON)).isFalse();
            gate.tryEmitEmpty();

            assertThat(TestRuns.ended(run).status()).isEqualTo(RunResult.Status.CANCELLED);
            assertThat(undone).containsExactly(ALL);
        }
    }

    @Test
    void run_limitOfTimeExceeded_isUndoneAfterThat() {
        UndisturbedTime.verifier(() -> {
                    undo = step -> Mono.delay(Duration.ofSeconds(10));
                    return trip(TestRuns.stepping("Check", turn -> Mono.never()))
                            .limits(Limits.time(Duration.ofSeconds(5)))
                            .build()
                            .run("task");
                })
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(35))
                .assertNext(result -> assertThat(result.failure()).isInstanceOf(LimitExceededException.class))
                .expectComplete()
                .verify(SOON);
        assertThat(undone).containsExactly(ALL);
    }

    @Test
    void undo_failsTwice_isTriedAgain() {
        AtomicInteger calls = new AtomicInteger();
        undo = step -> step.input().equals(2) && calls.incrementAndGet() < 3
                ? Mono.error(new IllegalStateException("busy"))
                : Mono.empty();
        UndisturbedTime.verifier(() -> trip(failing()).build().run("task"))
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(1_500))
                .assertNext(result -> assertThat(result.uncompensated()).isEmpty())
                .expectComplete()
                .verify(SOON);
        assertThat(undone).containsExactly(ALL);
        assertThat(keys).hasSize(5);
        assertThat(keys.get(1)).as("the same key at every call").isEqualTo(keys.get(3));
    }

    @Test
    void undo_failsForGood_isInTheResultAndTheOthersAreUndone() {
        List<Function<CompensatedStep, Mono<?>>> broken = List.of(
                step -> Mono.error(new IllegalStateException("no")),
                step -> {
                    throw new IllegalStateException("no");
                },
                step -> {
                    throw new LinkageError("no");
                });
        for (Function<CompensatedStep, Mono<?>> each : broken) {
            undone.clear();
            undo = step -> step.input().equals(2) ? each.apply(step) : Mono.empty();
            UndisturbedTime.verifier(() -> trip(failing()).build().run("task"))
                    .thenAwait(Duration.ofSeconds(30))
                    .assertNext(result -> {
                        assertThat(result.failure()).hasMessageContaining("sold out");
                        assertThat(result.uncompensated())
                                .containsExactly(new Uncompensated("Pay", BranchPath.parse("/0.1/"), 0, "no"));
                        assertThat(result).asString().contains("uncompensated=[Uncompensated[agent=Pay");
                    })
                    .expectComplete()
                    .verify(SOON);
            assertThat(undone).containsExactly(ALL[0], ALL[2]);
        }
    }

    @Test
    void undo_decidesSomething_isNestedAndRefused() {
        Workflow<String, String> flow = Workflow.builder(TestRuns.CREW, String.class)
                .agent("Lead", TestRuns.forking(1))
                .agent("Worker", TestRuns.deciding("Worker", turn -> Decision.answer("x")))
                .joinAt("end", Join.when(soFar -> Join.Verdict.UNMET))
                .compensate("Worker", (step, context) -> Mono.just(Decision.compensate("once more")))
                .build();

        RunResult<String> result = TestRuns.ended(flow.start("task"));

        assertThat(result.uncompensated())
                .hasSize(1)
                .first()
                .satisfies(step -> assertThat(step.reason()).contains("not compensated itself"));
    }

    @Test
    void undo_neverEnds_timesOut() {
        undo = step -> step.input().equals(2) ? Mono.never() : Mono.empty();
        UndisturbedTime.verifier(() -> trip(failing())
                        .engine(StepEngine.builder()
                                .stepTimeout(Duration.ofSeconds(7))
                                .build())
                        .build()
                        .run("task"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(7))
                .assertNext(result -> assertThat(result.uncompensated()).hasSize(1))
                .expectComplete()
                .verify(SOON);
        assertThat(undone).containsExactly(ALL[0], ALL[2]);
    }

    /** A crash after every single fact: nothing that is known to be undone is undone again, and nothing is left. */
    @Test
    void recover_afterEveryFact_undoesTheRestOnce() {
        Journal journal = Journal.inMemory();
        Run<String> run = trip(failing()).journal(journal).build().start("task");
        TestRuns.ended(run);
        List<JournalEntry> entries = journal.read(run.runId(), 0).collectList().block(SOON);
        int first = 0;
        for (int facts = 1; facts < entries.size(); facts++) {
            Journal copy = Journal.inMemory();
            copy.append(run.runId(), 0, entries.subList(0, facts)).block(SOON);
            Workflow<String, String> flow = trip(failing()).journal(copy).build();
            RunState state = flow.runs().stateAt(run.runId(), facts).block(SOON);
            undone.clear();

            RunResult<String> again =
                    flow.runs().recover(run.runId()).flatMap(Run::result).block(SOON);

            assertThat(again.status()).as("after %s facts", facts).isEqualTo(RunResult.Status.FAILED);
            if (state.status() == RunState.Status.COMPENSATING) {
                assertThat(undone).as("after %s facts", facts).containsExactly(rest(first++));
            }
            assertThat(flow.runs().replay(run.runId()).block(SOON).status()).isEqualTo(RunState.Status.FAILED);
        }
        assertThat(first).isEqualTo(3);
    }

    private static String[] rest(int from) {
        List<String> rest = new ArrayList<>(List.of(ALL));
        return rest.subList(from, rest.size()).toArray(String[]::new);
    }

    @Test
    void suspend_whileCompensating_goesOnAfterRecovery() {
        Journal journal = Journal.inMemory();
        undo = step -> step.input().equals(2) ? Mono.never() : Mono.empty();
        Run<String> run = trip(failing()).journal(journal).build().start("task");
        run.suspend().block(SOON);
        assertThat(undone).containsExactly(ALL[0]);
        undo = step -> Mono.empty();

        RunResult<String> again = trip(failing())
                .journal(journal)
                .build()
                .runs()
                .recover(run.runId())
                .flatMap(Run::result)
                .block(SOON);

        assertThat(again.status()).isEqualTo(RunResult.Status.FAILED);
        assertThat(undone).containsExactly(ALL);
    }

    @Test
    void cancel_runThatIsOnlyRecorded_allIsUndoneHere() {
        Workflow<String, String> trip = trip(Agent.of("Check", (turn, context) -> Mono.never()))
                .journal(Journal.inMemory())
                .build();
        Run<String> run = trip.start("task");
        run.events()
                .filter(event -> event instanceof RunEvent.StepStarted step
                        && step.agent().equals("Check"))
                .blockFirst(SOON);
        run.suspend().block(SOON);

        StepVerifier.create(trip.runs().cancel(run.runId()))
                .assertNext(result -> {
                    assertThat(result.status()).isEqualTo(RunResult.Status.CANCELLED);
                    assertThat(result.uncompensated()).isEmpty();
                })
                .expectComplete()
                .verify(SOON);

        assertThat(undone).containsExactly(ALL);
        assertThat(outside).isEmpty();
    }

    @Test
    void build_unknownOrTwice_isAnError() {
        assertThatExceptionOfType(InvalidWorkflowException.class)
                .isThrownBy(() -> trip(failing())
                        .compensate("Book", undoing())
                        .compensate("Nobody", undoing())
                        .build())
                .satisfies(invalid -> assertThat(invalid.errors())
                        .containsExactly(
                                "the compensation of agent Book is given twice",
                                "there is no agent Nobody in the topology to compensate"));
        assertThatNullPointerException().isThrownBy(() -> trip(failing()).compensate("Book", null));
        assertThatNullPointerException().isThrownBy(() -> trip(failing()).compensate(null, undoing()));
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        Plan.builder(TRIP, String.class).compensated("end").build());
    }

    @Test
    void compensatedStep_byType_isThatOrAClassCastException() {
        CompensatedStep step = new CompensatedStep("Book", 1, "x", "key");

        assertThat(step.input(Integer.class)).isEqualTo(1);
        assertThat(step.value(String.class)).isEqualTo("x");
        assertThatExceptionOfType(ClassCastException.class).isThrownBy(() -> step.value(Integer.class));
    }
}
