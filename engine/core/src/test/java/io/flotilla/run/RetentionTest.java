package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalException;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import io.flotilla.step.StepEngine;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Runs that have ended are deleted by age, count and status; others never. */
@Timeout(60)
class RetentionTest {

    private final Journal journal = Journal.inMemory();
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));

    private final Clock clock = new Clock() {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now.get();
        }
    };

    private final StepEngine engine = StepEngine.builder().clock(clock).build();

    private Workflow<Object, String> flow(String name) {
        return TestRuns.alone(TestRuns.deciding("Solo", turn -> {
                    String task = String.valueOf(turn.input());
                    if (task.equals("ask")) {
                        return Decision.ask("?");
                    }
                    return task.equals("fail") ? Decision.fail("as told") : Decision.answer(task);
                }))
                .name(name)
                .engine(engine)
                .journal(journal)
                .build();
    }

    private final Workflow<Object, String> flow = flow("flow");

    private void run(Workflow<Object, String> which, String id, String task) {
        Run<String> run = which.submit(task, RunOptions.ofId(id)).block(TestRuns.SOON);
        if (!task.equals("ask")) {
            TestRuns.ended(run);
        }
        now.updateAndGet(time -> time.plusSeconds(60));
    }

    private List<String> ids() {
        return journal.list(JournalFilter.all())
                .map(RunSummary::runId)
                .collectList()
                .block(TestRuns.SOON);
    }

    private long sweep(RetentionPolicy policy) {
        return flow.runs().sweep(policy).block(TestRuns.SOON);
    }

    @Test
    void sweep_keepAll_deletesNothing() {
        run(flow, "a", "x");
        assertThat(sweep(RetentionPolicy.keepAll())).isZero();
        assertThat(ids()).containsExactly("a");
    }

    @Test
    void sweep_byAge_deletesEndedRunsThatAreOlderAndNoOthers() {
        run(flow, "a", "ask");
        run(flow, "b", "x");
        run(flow, "c", "fail");
        run(flow("others"), "d", "x");
        run(flow, "e", "x");

        assertThat(sweep(RetentionPolicy.keepAll().maxAge(Duration.ofMinutes(3))))
                .as("b is 240 s old, c exactly 180 s")
                .isEqualTo(1);

        assertThat(ids()).containsExactly("a", "c", "d", "e");
    }

    @Test
    void sweep_byCount_deletesThoseThatEndedFirst() {
        for (String id : List.of("e", "d", "c", "b", "a")) {
            run(flow, id, "x");
        }
        run(flow, "z", "ask");

        assertThat(sweep(RetentionPolicy.keepAll().maxRuns(2))).isEqualTo(3);

        assertThat(ids()).containsExactly("a", "b", "z");
        assertThat(sweep(RetentionPolicy.keepAll().maxRuns(0))).isEqualTo(2);
        assertThat(ids()).containsExactly("z");
    }

    @Test
    void sweep_byStatus_keepsTheOthers() {
        run(flow, "a", "x");
        run(flow, "b", "fail");
        flow.runs().live();

        assertThat(sweep(RetentionPolicy.keepAll().maxRuns(0).status(RunInfo.Status.SUCCEEDED)))
                .isEqualTo(1);
        assertThat(ids()).containsExactly("b");
    }

    @Test
    void sweep_nestedRuns_areDeletedOnceTheRunAroundIsGone() {
        Workflow<Object, String> inner = TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.answer("in")))
                .name("inner")
                .engine(engine)
                .build();
        Workflow<Object, String> outer = TestRuns.crew(
                        TestRuns.deciding(
                                "Lead",
                                turn -> turn.reason() == Turn.Reason.JOINED
                                        ? Decision.answer("x")
                                        : Decision.fanOut(Invocation.of("Worker", "go"))),
                        TestRuns.deciding("Worker", turn -> Decision.answer("never")))
                .build();
        Workflow<Object, String> nesting = Workflow.builder(TestRuns.CREW, String.class)
                .name("outer")
                .engine(engine)
                .journal(journal)
                .agent(
                        "Lead",
                        TestRuns.deciding(
                                "Lead",
                                turn -> turn.reason() == Turn.Reason.JOINED
                                        ? Decision.answer("x")
                                        : Decision.fanOut(Invocation.of("Worker", "go"))))
                .agent("Worker", inner)
                .build();
        assertThat(outer.topology()).isEqualTo(nesting.topology());
        run(nesting, "a", "x");
        assertThat(ids()).hasSize(2);

        assertThat(nesting.runs().sweep(RetentionPolicy.keepAll().maxRuns(1)).block(TestRuns.SOON))
                .as("the nested run does not count, and is kept with its parent")
                .isZero();
        assertThat(nesting.runs().sweep(RetentionPolicy.keepAll().maxRuns(0)).block(TestRuns.SOON))
                .isEqualTo(2);
        assertThat(ids()).isEmpty();
    }

    /** A run with one nested in it, and one in that, which fails; what is around it answers all the same. */
    private Workflow<Object, String> nesting() {
        Workflow<Object, String> failing = TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.fail("as told")))
                .name("innermost")
                .engine(engine)
                .build();
        Workflow<Object, String> inner = around(failing).name("inner").build();
        return around(inner).name("flow").journal(journal).build();
    }

    private Workflow.Builder<String> around(Workflow<?, ?> inner) {
        return Workflow.builder(TestRuns.CREW, String.class)
                .engine(engine)
                .join(Join.allSettled().orProceed())
                .agent(
                        "Lead",
                        TestRuns.deciding(
                                "Lead",
                                turn -> turn.reason() == Turn.Reason.JOINED
                                        ? Decision.answer("x")
                                        : Decision.fanOut(Invocation.of("Worker", "go"))))
                .agent("Worker", inner);
    }

    @Test
    void sweep_nestedRuns_goWithTheRunAroundHoweverTheyEnded() {
        Workflow<Object, String> nesting = nesting();
        run(nesting, "a", "x");
        run(flow, "a!x", "x");
        run(flow, "a0", "x");
        RetentionPolicy succeeded =
                RetentionPolicy.keepAll().status(RunInfo.Status.SUCCEEDED).maxRuns(2);
        assertThat(ids()).hasSize(5);

        assertThat(nesting.runs().sweep(succeeded).block(TestRuns.SOON)).isEqualTo(3);

        assertThat(ids()).as("what only begins like it is not nested in it").containsExactly("a!x", "a0");
    }

    @Test
    void sweep_runsOfANestedWorkflowThatAreNotNested_areNotThisPolicysToDelete() {
        Workflow<Object, String> inner = flow("inner");
        Workflow<Object, String> nesting =
                around(inner).name("flow").journal(journal).build();
        run(inner, "alone", "x");
        run(nesting, "a", "x");

        assertThat(nesting.runs().sweep(RetentionPolicy.keepAll().maxRuns(0)).block(TestRuns.SOON))
                .isEqualTo(2);

        assertThat(ids()).containsExactly("alone");
    }

    @Test
    void sweep_nestedRunsWhoseParentIsGone_areDeletedHoweverTheyEnded() {
        Workflow<Object, String> nesting = nesting();
        run(nesting, "a", "x");
        journal.delete("a").block(TestRuns.SOON);

        RetentionPolicy cancelled = RetentionPolicy.keepAll().status(RunInfo.Status.CANCELLED);
        assertThat(nesting.runs().sweep(cancelled).block(TestRuns.SOON)).isEqualTo(2);

        assertThat(ids()).isEmpty();
    }

    // --- others who look at the same run meanwhile

    /** A journal in which reads wait. */
    private final class Gated extends ForwardingJournal {

        private volatile Mono<Void> gate = Mono.empty();

        Gated() {
            super(journal);
        }

        @Override
        public Flux<JournalEntry> read(String runId, long fromSequence) {
            Mono<Void> before = gate;
            return super.read(runId, fromSequence)
                    .concatMap(entry -> entry.sequence() == 0 ? Mono.just(entry) : before.thenReturn(entry), 1);
        }
    }

    private Workflow<Object, String> answering(Journal where) {
        return TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.answer("x")))
                .name("flow")
                .engine(engine)
                .journal(where)
                .build();
    }

    @Test
    void sweep_ofARunThatIsBeingRecovered_leavesItUntilThen() {
        Gated gated = new Gated();
        Workflow<Object, String> slow = answering(gated);
        run(slow, "a", "x");
        Sinks.Empty<Void> open = Sinks.empty();
        gated.gate = open.asMono();
        AtomicReference<RunResult<String>> recovered = new AtomicReference<>();
        slow.runs().recover("a").flatMap(Run::result).subscribe(recovered::set);
        gated.gate = Mono.empty();

        assertThat(slow.runs().sweep(RetentionPolicy.keepAll().maxRuns(0)).block(TestRuns.SOON))
                .isZero();
        assertThat(ids()).containsExactly("a");

        open.tryEmitEmpty();
        assertThat(TestRuns.until(recovered::get).answer()).isEqualTo("x");
        TestRuns.until(
                () -> slow.runs().sweep(RetentionPolicy.keepAll().maxRuns(0)).block(TestRuns.SOON) == 1 ? true : null);
        assertThat(ids()).isEmpty();
    }

    @Test
    void sweep_ofARunThatIsBeingForked_theForkIsAnErrorAndLeavesNoHalfRun() {
        Gated gated = new Gated();
        Workflow<Object, String> slow = answering(gated);
        run(slow, "a", "x");
        Sinks.Empty<Void> open = Sinks.empty();
        gated.gate = open.asMono();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        slow.runs().fork("a", 1, Decision.answer("y")).subscribe(null, failure::set);
        gated.gate = Mono.empty();

        assertThat(slow.runs().sweep(RetentionPolicy.keepAll().maxRuns(0)).block(TestRuns.SOON))
                .isEqualTo(1);
        open.tryEmitEmpty();

        assertThat(TestRuns.until(failure::get)).isInstanceOf(JournalException.class);
        assertThat(ids()).isEmpty();
    }

    @Test
    void retention_begunManyTimes_neverStopsByItself() {
        for (int round = 0; round < 200; round++) {
            Disposable retention =
                    flow.runs().retention(RetentionPolicy.keepAll().maxRuns(0).every(Duration.ofMillis(1)));
            TestRuns.until(() -> ids().isEmpty() ? true : null);
            run(flow, "again-" + round, "x");
            TestRuns.until(() -> ids().isEmpty() ? true : null);
            retention.dispose();
        }
    }

    @Test
    void retention_sweepsInTheBackgroundUntilItIsDisposedOf() {
        run(flow, "a", "x");
        Disposable retention =
                flow.runs().retention(RetentionPolicy.keepAll().maxRuns(0).every(Duration.ofMillis(20)));
        TestRuns.until(() -> ids().isEmpty() ? true : null);

        run(flow, "b", "x");
        TestRuns.until(() -> ids().isEmpty() ? true : null);

        retention.dispose();
        assertThat(retention.isDisposed()).isTrue();
    }

    @Test
    void policies_badInput() {
        RetentionPolicy all = RetentionPolicy.keepAll();
        assertThatIllegalArgumentException().isThrownBy(() -> all.maxAge(Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> all.maxRuns(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> all.every(Duration.ofSeconds(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> all.status(RunInfo.Status.UNFINISHED));
        assertThatNullPointerException().isThrownBy(() -> all.maxAge(null));
        assertThatNullPointerException().isThrownBy(() -> flow.runs().retention(null));
        assertThatNullPointerException().isThrownBy(() -> flow.runs().sweep(null));
    }
}
