package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import io.flotilla.step.InFlightLimit;
import io.flotilla.step.StepEngine;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/** A run under an id of the caller's is one run, live or recorded; and what it was started with is kept. */
@Timeout(60)
class StartByIdTest {

    private final Journal journal = Journal.inMemory();
    private final AtomicInteger called = new AtomicInteger();

    private Workflow<Object, String> asking(Journal where) {
        return TestRuns.alone(TestRuns.deciding("Solo", turn -> {
                    called.incrementAndGet();
                    return turn.reason() == Turn.Reason.ANSWERED
                            ? Decision.answer("told " + turn.answer())
                            : Decision.ask("what?");
                }))
                .journal(where)
                .build();
    }

    private static <O> Run<O> submitted(Workflow<Object, O> flow, Object task, RunOptions options) {
        return flow.submit(task, options).block(TestRuns.SOON);
    }

    // --- one run

    @Test
    void submit_anIdNobodyHas_isANewRunWithThatId() {
        Run<String> run = submitted(asking(journal), "go", RunOptions.ofId("order-17"));

        assertThat(run.runId()).isEqualTo("order-17");
        assertThat(journal.list(JournalFilter.all())
                        .map(RunSummary::runId)
                        .collectList()
                        .block())
                .containsExactly("order-17");
    }

    @Test
    void submit_theIdOfALiveRunWithTheSameTask_isThatRun() {
        Workflow<Object, String> flow = asking(journal);
        Run<String> run = submitted(flow, "go", RunOptions.ofId("order-17"));

        assertThat(submitted(flow, "go", RunOptions.ofId("order-17").label("ignored", "now")))
                .isSameAs(run);
        assertThat(submitted(asking(journal), "go", RunOptions.ofId("order-17")))
                .as("another workflow object of the same name")
                .isSameAs(run);
        assertThat(flow.start("go", RunOptions.ofId("order-17"))).isSameAs(run);
        assertThat(called).hasValue(1);
    }

    @Test
    void submit_theIdOfARecordedRun_continuesItOrHasItsResult() {
        submitted(asking(journal), Map.of("a", 1, "b", List.of(2)), RunOptions.ofId("order-17"));
        Workflow<Object, String> later = asking(new ForwardingJournal(journal));
        Map<String, Object> sameTask = new HashMap<>();
        sameTask.put("b", new ArrayList<>(List.of(2)));
        sameTask.put("a", 1);

        Run<String> run = submitted(later, sameTask, RunOptions.ofId("order-17"));
        assertThat(run.questions()).hasSize(1);
        assertThat(run.answer("q0", "me").block(TestRuns.SOON)).isTrue();
        assertThat(TestRuns.ended(run).answers()).containsExactly("told me");

        Run<String> ended = submitted(later, sameTask, RunOptions.ofId("order-17"));
        assertThat(TestRuns.ended(ended).answers()).containsExactly("told me");
        assertThat(called).as("once to ask, once to answer").hasValue(2);
    }

    @Test
    void submit_theSameIdWithAnotherTask_isATypedErrorAndTheRunIsNotTouched() {
        Workflow<Object, String> flow = asking(journal);
        Run<String> run = submitted(flow, "go", RunOptions.ofId("order-17"));

        assertThatThrownBy(() -> submitted(flow, "stay", RunOptions.ofId("order-17")))
                .isInstanceOfSatisfying(
                        RunIdTakenException.class,
                        taken -> assertThat(taken.runId()).isEqualTo("order-17"))
                .hasMessageContaining("another task");
        assertThatThrownBy(() -> flow.start("stay", RunOptions.ofId("order-17")))
                .isInstanceOf(RunIdTakenException.class);
        assertThatThrownBy(() -> submitted(asking(new ForwardingJournal(journal)), "stay", RunOptions.ofId("order-17")))
                .as("recorded only")
                .isInstanceOf(RunIdTakenException.class);
        assertThat(run.questions()).hasSize(1);
        assertThat(called).hasValue(1);
    }

    @Test
    void submit_theIdOfARunOfAnotherWorkflow_isATypedErrorThatNamesIt() {
        submitted(asking(journal), "go", RunOptions.ofId("order-17"));
        Workflow<Object, String> other = TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.answer("x")))
                .name("others")
                .journal(journal)
                .build();
        Workflow<Object, String> otherLater = TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.answer("x")))
                .name("others")
                .journal(new ForwardingJournal(journal))
                .build();

        for (Workflow<Object, String> each : List.of(other, otherLater)) {
            assertThatThrownBy(() -> submitted(each, "go", RunOptions.ofId("order-17")))
                    .isInstanceOf(RunIdTakenException.class)
                    .hasMessageContaining("the workflow workflow");
        }
    }

    @Test
    void start_theIdOfARecordedRun_breaksDownBeforeAStepIsStarted() {
        submitted(asking(journal), "go", RunOptions.ofId("order-17"));

        Run<String> run = asking(new ForwardingJournal(journal)).start("go", RunOptions.ofId("order-17"));

        assertThatThrownBy(() -> TestRuns.ended(run))
                .isInstanceOf(RunIdTakenException.class)
                .hasMessageContaining("Workflow.submit");
        assertThat(called).hasValue(1);
    }

    @Test
    void submit_withoutAJournal_anIdIsKnownAsLongAsItsRunIsLive() {
        Workflow<Object, String> flow = TestRuns.alone(TestRuns.deciding(
                        "Solo",
                        turn -> turn.reason() == Turn.Reason.ANSWERED ? Decision.answer("x") : Decision.ask("?")))
                .build();
        Run<String> run = submitted(flow, "go", RunOptions.ofId("a"));

        assertThat(submitted(flow, "go", RunOptions.ofId("a"))).isSameAs(run);
        assertThatThrownBy(() -> submitted(flow, "stay", RunOptions.ofId("a"))).isInstanceOf(RunIdTakenException.class);
        run.answer("q0", "x").block(TestRuns.SOON);
        TestRuns.ended(run);
        assertThat(submitted(flow, "stay", RunOptions.ofId("a"))).isNotSameAs(run);
    }

    @RepeatedTest(10)
    void submit_thousandAtOnce_makeOneRun() {
        Workflow<Object, String> flow = asking(journal);
        List<Run<String>> runs = new CopyOnWriteArrayList<>();

        Flux.range(0, 1_000)
                .parallel(8)
                .runOn(Schedulers.parallel())
                .flatMap(each -> flow.submit("go", RunOptions.ofId("order-17")))
                .sequential()
                .doOnNext(runs::add)
                .blockLast(TestRuns.SOON);

        assertThat(runs).hasSize(1_000).containsOnly(runs.get(0));
        assertThat(called).hasValue(1);
        assertThat(journal.list(JournalFilter.all()).count().block()).isEqualTo(1);
    }

    @RepeatedTest(10)
    void submit_manyAtOnceOfARecordedRun_recoverItOnce() {
        submitted(asking(journal), "go", RunOptions.ofId("order-17"));
        Workflow<Object, String> later = asking(new ForwardingJournal(journal));

        List<Run<String>> runs = Flux.range(0, 100)
                .parallel(8)
                .runOn(Schedulers.parallel())
                .flatMap(each -> later.submit("go", RunOptions.ofId("order-17")))
                .sequential()
                .collectList()
                .block(TestRuns.SOON);

        assertThat(runs).hasSize(100).containsOnly(runs.get(0));
    }

    @Test
    void submit_theOneWhoHasTheIdFails_theNextTries() {
        AtomicInteger appends = new AtomicInteger();
        Sinks.One<Long> first = Sinks.one();
        Journal odd = new ForwardingJournal(journal) {
            @Override
            public Mono<Long> append(String runId, long expectedSequence, List<JournalEntry> entries) {
                return Mono.defer(() -> appends.incrementAndGet() == 1
                        ? first.asMono()
                        : super.append(runId, expectedSequence, entries));
            }
        };
        Workflow<Object, String> flow = asking(odd);
        CompletableFuture<Run<String>> failing =
                flow.submit("go", RunOptions.ofId("a")).toFuture();
        first.tryEmitError(new IllegalStateException("disk"));
        assertThatThrownBy(() -> failing.get(20, TimeUnit.SECONDS)).hasRootCauseMessage("disk");

        Run<String> run = submitted(flow, "go", RunOptions.ofId("a"));

        assertThat(run.questions()).hasSize(1);
    }

    // --- live and find

    @Test
    void liveAndFind_haveTheRunsThatHaveNotEnded() {
        Workflow<Object, String> flow = asking(journal);
        Run<String> b = submitted(flow, "go", RunOptions.ofId("b"));
        Run<String> a = flow.start("go", RunOptions.ofId("a"));
        Run<String> own = flow.start("go");

        assertThat(flow.runs().live())
                .hasSize(3)
                .startsWith(own.runId().compareTo("a") < 0 ? own : a)
                .contains(a, b, own);
        assertThat(flow.runs().find("a")).containsSame(a);
        assertThat(asking(journal).runs().find("a"))
                .as("through another workflow object")
                .containsSame(a);
        assertThat(asking(new ForwardingJournal(journal)).runs().find("a"))
                .as("in another process")
                .isEmpty();
        assertThat(flow.runs().find("nobody")).isEmpty();

        a.answer("q0", "x").block(TestRuns.SOON);
        TestRuns.ended(a);
        assertThat(flow.runs().find("a")).isEmpty();
        assertThat(flow.runs().live()).containsExactlyInAnyOrder(b, own);
    }

    @Test
    void find_aRunThatNobodyRefersTo_isKeptUntilItEnds() {
        Workflow<Object, String> flow = asking(journal);
        submitted(flow, "go", RunOptions.ofId("a"));

        for (int times = 0; times < 5; times++) {
            System.gc();
        }

        assertThat(flow.runs().find("a")).isPresent();
    }

    // --- what it was started with

    @Test
    void labelsAndVersion_areInTheRunsFirstFact() {
        Workflow<Object, String> flow = TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.ask("?")))
                .journal(journal)
                .version("2")
                .build();
        submitted(flow, "go", RunOptions.ofId("a").label("tenant", "acme").labels(Map.of("region", "eu")));

        Map<String, Object> payload = journal.codec()
                .decode(journal.read("a", 0).blockFirst(TestRuns.SOON).payload());
        assertThat(payload).containsEntry("version", "2");
        assertThat(payload.get("labels")).isEqualTo(Map.of("tenant", "acme", "region", "eu"));
    }

    @Test
    void deadline_passes_theRunFailsAsByItsTimeLimit_alsoAfterARecovery() {
        Instant soon = Instant.now().plus(Duration.ofMillis(300));
        Run<String> run = submitted(asking(journal), "go", RunOptions.ofId("a").deadline(soon));
        Run<String> unnoticed =
                submitted(asking(journal), "go", RunOptions.ofId("b").deadline(soon));
        assertThat(unnoticed.questions()).hasSize(1);

        RunResult<String> result = TestRuns.ended(run);
        assertThat(result.failure())
                .isInstanceOfSatisfying(
                        LimitExceededException.class,
                        failure -> assertThat(failure.limit()).isEqualTo("time"));
        TestRuns.ended(unnoticed);

        Run<String> recovered =
                asking(new ForwardingJournal(journal)).runs().recover("b").block(TestRuns.SOON);
        assertThat(TestRuns.ended(recovered).failure()).hasMessageContaining("time");
    }

    @Test
    void deadline_isInTheStepsContext_theEarlierOneCounts() {
        Instant deadline = Instant.now().plus(Duration.ofHours(1));
        List<Instant> seen = new CopyOnWriteArrayList<>();
        Workflow.Builder<String> builder = Workflow.builder(TestRuns.ALONE, String.class)
                .agent("Solo", io.flotilla.agent.Agent.<Turn, Decision>of("Solo", (turn, context) -> {
                    seen.add(context.deadline());
                    return Mono.just(Decision.answer("x"));
                }))
                .engine(StepEngine.builder().noStepTimeout().build());
        Workflow<Object, String> free = builder.build();
        Workflow<Object, String> strict =
                builder.limits(Limits.time(Duration.ofMinutes(1))).build();

        TestRuns.ended(free.start("go", RunOptions.none().deadline(deadline)));
        TestRuns.ended(strict.start("go", RunOptions.none().deadline(deadline)));

        assertThat(Duration.between(seen.get(0), deadline).abs()).isLessThan(Duration.ofSeconds(5));
        assertThat(Duration.between(Instant.now(), seen.get(1))).isLessThan(Duration.ofMinutes(2));
    }

    @Test
    void deadline_hasPassed_isATypedErrorAndNothingStarts() {
        Instant past = Instant.now().minusSeconds(1);
        Workflow<Object, String> flow = asking(journal);

        assertThatThrownBy(() -> submitted(flow, "go", RunOptions.ofId("a").deadline(past)))
                .isInstanceOf(DeadlinePassedException.class);
        assertThatThrownBy(() -> flow.start("go", RunOptions.ofId("a").deadline(past)))
                .isInstanceOfSatisfying(
                        DeadlinePassedException.class,
                        passed -> assertThat(passed.deadline()).isEqualTo(past));
        assertThat(called).hasValue(0);
        assertThat(flow.runs().live()).isEmpty();
        assertThat(submitted(flow, "go", RunOptions.ofId("a")).runId())
                .as("the id is free")
                .isEqualTo("a");
    }

    @Test
    void limits_theLowerOfRunAndWorkflowCounts_alsoAfterARecovery() {
        Workflow<Object, String> flow = asking(journal);
        submitted(flow, "go", RunOptions.ofId("a").limits(Limits.steps(1)));

        Run<String> recovered =
                asking(new ForwardingJournal(journal)).runs().recover("a").block(TestRuns.SOON);
        recovered.answer("q0", "x").block(TestRuns.SOON);

        assertThat(TestRuns.ended(recovered).failure())
                .isInstanceOfSatisfying(LimitExceededException.class, failure -> {
                    assertThat(failure.limit()).isEqualTo("steps");
                    assertThat(failure.value()).isEqualTo("1");
                });
    }

    @Test
    void priority_theHigherRunGetsTheNextPermit_alsoAfterARecovery() {
        List<String> order = new CopyOnWriteArrayList<>();
        Sinks.One<Decision> gate = Sinks.one();
        Workflow.Builder<String> builder = TestRuns.alone(TestRuns.stepping("Solo", turn -> {
            order.add(String.valueOf(turn.input()));
            return "first".equals(turn.input()) ? gate.asMono() : Mono.just(Decision.answer("x"));
        }));
        Workflow<Object, String> flow = builder.engine(
                        StepEngine.builder().maxInFlight(InFlightLimit.of(1)).build())
                .build();
        Run<String> first = flow.start("first");
        Run<String> low = flow.start("low", RunOptions.none());
        Run<String> high = flow.start("high", RunOptions.none().priority(5));

        gate.tryEmitValue(Decision.answer("go"));
        List.of(first, low, high).forEach(TestRuns::ended);

        assertThat(order).containsExactly("first", "high", "low");
    }

    @Test
    void priority_isRecorded() {
        List<Object> priorities = new CopyOnWriteArrayList<>();
        Workflow.Builder<String> builder = TestRuns.alone(TestRuns.stepping(
                "Solo",
                turn -> Mono.deferContextual(context -> {
                    priorities.add(context.getOrDefault(InFlightLimit.PRIORITY_KEY, 0));
                    return Mono.just(turn.reason() == Turn.Reason.ANSWERED ? Decision.answer("x") : Decision.ask("?"));
                })));
        Workflow<Object, String> flow = builder.journal(journal).build();
        Workflow<Object, String> later =
                builder.journal(new ForwardingJournal(journal)).build();
        submitted(flow, "go", RunOptions.ofId("a").priority(5));

        Run<String> recovered = later.runs().recover("a").block(TestRuns.SOON);
        recovered.answer("q0", "x").block(TestRuns.SOON);
        TestRuns.ended(recovered);

        assertThat(priorities).containsExactly(5, 5);
    }

    @Test
    void parentTrace_isInTheContextOfTheSteps() {
        AtomicReference<Object> seen = new AtomicReference<>();
        Workflow<Object, String> flow = TestRuns.alone(TestRuns.stepping(
                        "Solo",
                        turn -> Mono.deferContextual(context -> {
                            seen.set(context.getOrDefault("micrometer.observation", "none"));
                            return Mono.just(Decision.answer("x"));
                        })))
                .build();
        Observation parent = Observation.start("message", ObservationRegistry.create());

        TestRuns.ended(flow.start("go", RunOptions.none().parentTrace(parent)));

        assertThat(seen.get()).isSameAs(parent);
    }

    // --- bad input

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a\u0007b", "a\n", "\u0000", "größe", "a/b", "/"})
    void ofId_charactersThatAreNotAllowed_isATypedErrorThatDoesNotRepeatThem(String runId) {
        assertThatThrownBy(() -> RunOptions.ofId(runId))
                .isInstanceOf(InvalidRunIdException.class)
                .message()
                .matches("[ -~]+");
    }

    @Test
    void ofId_length_upTo200() {
        assertThat(RunOptions.ofId("a".repeat(200))).isNotNull();
        for (int length : List.of(201, 10_000)) {
            assertThatThrownBy(() -> RunOptions.ofId("a".repeat(length)))
                    .isInstanceOf(InvalidRunIdException.class)
                    .hasMessageContaining("had " + length)
                    .hasMessageNotContaining("aaaa");
        }
    }

    @Test
    void label_outOfBounds_isAnError() {
        RunOptions none = RunOptions.none();
        assertThatIllegalArgumentException().isThrownBy(() -> none.label(" ", "x"));
        assertThatIllegalArgumentException().isThrownBy(() -> none.label("n".repeat(101), "x"));
        assertThatIllegalArgumentException().isThrownBy(() -> none.label("n", "x".repeat(1_001)));
        RunOptions full = none;
        for (int at = 0; at < 64; at++) {
            full = full.label("n" + at, "x");
        }
        RunOptions most = full.label("n0", "again");
        assertThatIllegalArgumentException().isThrownBy(() -> most.label("one more", "x"));
    }

    @Test
    void nulls_areErrorsAtTheCall() {
        Workflow<Object, String> flow = asking(journal);
        RunOptions none = RunOptions.none();
        assertThatNullPointerException().isThrownBy(() -> RunOptions.ofId(null));
        assertThatNullPointerException().isThrownBy(() -> none.label(null, "x"));
        assertThatNullPointerException().isThrownBy(() -> none.label("x", null));
        assertThatNullPointerException().isThrownBy(() -> none.labels(null));
        assertThatNullPointerException().isThrownBy(() -> none.deadline(null));
        assertThatNullPointerException().isThrownBy(() -> none.limits(null));
        assertThatNullPointerException().isThrownBy(() -> none.parentTrace(null));
        assertThatNullPointerException().isThrownBy(() -> flow.submit("go", null));
        assertThatNullPointerException().isThrownBy(() -> flow.submit(null, none));
        assertThatNullPointerException().isThrownBy(() -> flow.start("go", (RunOptions) null));
        assertThatNullPointerException().isThrownBy(() -> flow.runs().find(null));
    }
}
