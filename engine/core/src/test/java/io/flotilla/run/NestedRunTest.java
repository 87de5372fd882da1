package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** A place of a topology may be a run of another workflow. */
@Timeout(60)
class NestedRunTest {

    private static final Topology OUTER = Topology.parse("""
            start -> Boss
            Boss -> Inner -> Last -> end
            """);

    private final Journal journal = Journal.inMemory();
    private final AtomicInteger innerCalls = new AtomicInteger();
    private final AtomicInteger lastCalls = new AtomicInteger();

    /** Asks, and answers with what it is told. */
    private Workflow<Object, String> inner() {
        return TestRuns.alone(TestRuns.deciding("Solo", turn -> {
                    innerCalls.incrementAndGet();
                    if (turn.reason() != Turn.Reason.ANSWERED) {
                        return Decision.ask("about " + turn.input() + "?");
                    }
                    return "fail".equals(turn.answer())
                            ? Decision.fail("as told")
                            : Decision.answer("inner " + turn.answer());
                }))
                .name("inner")
                .build();
    }

    private Workflow.Builder<String> outer(Workflow<?, ?> inner) {
        return Workflow.builder(OUTER, String.class)
                .name("outer")
                .agent("Boss", TestRuns.deciding("Boss", turn -> Decision.handOff("Inner", "task of " + turn.input())))
                .agent("Inner", inner)
                .agent("Last", TestRuns.deciding("Last", turn -> {
                    lastCalls.incrementAndGet();
                    return Decision.answer("last " + turn.input());
                }));
    }

    private Workflow<Object, String> recorded(Journal where) {
        return outer(inner()).journal(where).build();
    }

    private static Run<String> started(Workflow<Object, String> flow, RunOptions options) {
        return flow.submit("go", options).block(TestRuns.SOON);
    }

    /** The nested run, when it has asked; of a workflow with the nested one's name over the same journal. */
    private Run<String> nestedRun(Journal where, String runId) {
        Runs<String> runs = TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.fail("not called")))
                .name("inner")
                .journal(where)
                .<Object>build()
                .runs();
        return TestRuns.until(
                () -> runs.find(runId).filter(run -> !run.questions().isEmpty()).orElse(null));
    }

    private static final String ID = "a/#1";

    @Test
    void nested_answers_whatItIsHandedIsItsTaskAndItsAnswerIsHandedOn() {
        Workflow<Object, String> inner = TestRuns.alone(
                        TestRuns.deciding("Solo", turn -> Decision.answer("inner of " + turn.input())))
                .build();

        RunResult<String> result = TestRuns.ended(outer(inner).<Object>build().start("go"));

        assertThat(result.answers()).containsExactly("last inner of task of go");
    }

    @Test
    void nested_fails_isTheStepsFailureWithItsIdAndReason() {
        Workflow<Object, String> inner = TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.fail("no paper")))
                .build();

        RunResult<String> result = TestRuns.ended(outer(inner).<Object>build().start("go", RunOptions.ofId("a")));

        assertThat(result.failure()).hasMessageContaining("nested run a/#1").hasMessageContaining("no paper");
        assertThat(lastCalls).hasValue(0);
    }

    /** The cancel is on its way to the nested run when the journal refuses that one's start. */
    @Test
    void nested_cannotBeginWhileItIsBeingCancelled_theRunAroundEndsAllTheSame() {
        for (int round = 0; round < 50; round++) {
            Sinks.Empty<Void> beginning = Sinks.empty();
            Sinks.One<Long> appended = Sinks.one();
            Journal refusing = new ForwardingJournal(journal) {
                @Override
                public Mono<Long> append(String runId, long expectedSequence, List<JournalEntry> entries) {
                    if (!runId.contains("/")) {
                        return super.append(runId, expectedSequence, entries);
                    }
                    beginning.tryEmitEmpty();
                    return appended.asMono();
                }
            };
            Workflow<String, String> flow = Workflow.builder(
                            Topology.parse("start -> Lead\nLead <-> Inner, Worker\nLead -> end"), String.class)
                    .agent("Lead", TestRuns.deciding("Lead", turn -> {
                        if (turn.reason() == Turn.Reason.JOINED) {
                            appended.tryEmitError(new IllegalStateException("no journal"));
                            return Decision.answer("done");
                        }
                        return Decision.fanOut(Invocation.of("Inner", "go"), Invocation.of("Worker", "go"));
                    }))
                    .agent("Inner", inner())
                    .agent(
                            "Worker",
                            TestRuns.stepping(
                                    "Worker", turn -> beginning.asMono().thenReturn(Decision.answer("first"))))
                    .join(Join.firstSuccess())
                    .name("outer")
                    .journal(refusing)
                    .build();

            assertThat(TestRuns.ended(flow.start("go")).answer()).isEqualTo("done");
        }
    }

    @Test
    void submit_idOfARunThatWasDeleted_whatIsNestedIsRunAnew() {
        AtomicInteger calls = new AtomicInteger();
        Workflow<Object, String> flow = outer(TestRuns.alone(
                                TestRuns.deciding("Solo", turn -> Decision.answer("call " + calls.incrementAndGet())))
                        .name("inner")
                        .build())
                .journal(journal)
                .build();
        assertThat(TestRuns.ended(started(flow, RunOptions.ofId("a"))).answer()).isEqualTo("last call 1");
        journal.delete("a").block(TestRuns.SOON);

        assertThat(TestRuns.ended(started(flow, RunOptions.ofId("a"))).answer()).isEqualTo("last call 2");
    }

    @Test
    void submit_idOfARunThatWasDeletedWhileItsNestedOneHadNotEnded_doesNotTakeThatForItsOwn() {
        started(recorded(new ForwardingJournal(journal)), RunOptions.ofId("a"));
        TestRuns.until(() -> innerCalls.get() == 1 ? true : null);
        TestRuns.until(() -> journal.read(ID, 1).next().block(TestRuns.SOON));
        journal.delete("a").block(TestRuns.SOON);

        RunResult<String> result = TestRuns.ended(started(recorded(journal), RunOptions.ofId("a")));

        assertThat(result.failure())
                .hasMessageContaining("run id a/#1 is taken by a run that was nested in one which was deleted");
        assertThat(innerCalls).hasValue(1);
    }

    @Test
    void nested_isRecordedUnderTheStepsKeyWithItsParentAndLabels() {
        Workflow<Object, String> flow = recorded(journal);
        started(flow, RunOptions.ofId("a").label("tenant", "acme").priority(3));
        nestedRun(journal, ID);

        List<RunInfo> all = flow.runs().list(RunFilter.all()).collectList().block(TestRuns.SOON);

        assertThat(all).extracting(RunInfo::runId).containsExactly("a", ID);
        assertThat(all.get(1).workflow()).isEqualTo("inner");
        assertThat(all.get(1).parent()).isEqualTo("a");
        assertThat(all.get(1).labels()).isEqualTo(Map.of("tenant", "acme"));
    }

    @Test
    void nested_afterACrash_isFoundByItsParentAndNotStartedAnew() {
        started(recorded(journal), RunOptions.ofId("a"));
        nestedRun(journal, ID);
        Journal later = new ForwardingJournal(journal);
        Workflow<Object, String> again = recorded(later);

        Recovery<String> recovery = again.runs().recoverAll().block(TestRuns.SOON);

        assertThat(recovery.recovered()).extracting(Run::runId).containsExactly("a");
        assertThat(recovery.nested()).isEqualTo(1);
        Run<String> nested = nestedRun(later, ID);
        assertThat(nested.answer("q0", "me").block(TestRuns.SOON)).isTrue();
        assertThat(TestRuns.ended(recovery.recovered().get(0)).answers()).containsExactly("last inner me");
        assertThat(innerCalls).as("once to ask, once to answer").hasValue(2);
    }

    @Test
    void nested_hadEndedBeforeTheCrash_itsResultIsTaken() {
        Run<String> run = started(recorded(journal), RunOptions.ofId("a"));
        nestedRun(journal, ID);
        // the parent is suspended, and the nested run with it; then the nested one ends elsewhere
        run.suspend(Duration.ZERO).block(TestRuns.SOON);
        Workflow<Object, String> alone = TestRuns.alone(
                        TestRuns.deciding("Solo", turn -> Decision.answer("inner " + turn.answer())))
                .name("inner")
                .journal(journal)
                .build();
        Run<String> nested = alone.runs().recover(ID).block(TestRuns.SOON);
        nested.answer("q0", "me").block(TestRuns.SOON);
        TestRuns.ended(nested);
        int before = innerCalls.get();

        Run<String> recovered = recorded(journal).runs().recover("a").block(TestRuns.SOON);

        assertThat(TestRuns.ended(recovered).answers()).containsExactly("last inner me");
        assertThat(innerCalls).hasValue(before);
    }

    @Test
    void suspend_theNestedRunIsSuspendedTooAndNotCancelled() {
        Run<String> run = started(recorded(journal), RunOptions.ofId("a"));
        nestedRun(journal, ID);

        run.suspend(Duration.ZERO).block(TestRuns.SOON);

        Workflow<Object, String> again = recorded(journal);
        Run<String> recovered = again.runs().recover("a").block(TestRuns.SOON);
        nestedRun(journal, ID).answer("q0", "me").block(TestRuns.SOON);
        assertThat(TestRuns.ended(recovered).answers()).containsExactly("last inner me");
    }

    @Test
    void cancel_theNestedRunIsCancelledToo() {
        Workflow<Object, String> flow = recorded(journal);
        Run<String> run = started(flow, RunOptions.ofId("a"));
        Run<String> nested = nestedRun(journal, ID);

        run.cancel();

        assertThat(TestRuns.ended(run).status()).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(TestRuns.ended(nested).status()).isEqualTo(RunResult.Status.CANCELLED);
    }

    @Test
    void cancel_aRecordedRun_cancelsItsNestedRunToo() {
        started(recorded(journal), RunOptions.ofId("a"));
        nestedRun(journal, ID);

        Workflow<Object, String> later = recorded(new ForwardingJournal(journal));
        later.runs().cancel("a").block(TestRuns.SOON);

        assertThat(later.runs()
                        .list(RunFilter.all())
                        .map(RunInfo::status)
                        .collectList()
                        .block(TestRuns.SOON))
                .containsExactly(RunInfo.Status.CANCELLED, RunInfo.Status.CANCELLED);
        assertThat(innerCalls).hasValue(1);
    }

    @Test
    void recoverAll_aNestedRunWhoseParentHasEnded_isCancelled() {
        started(recorded(journal), RunOptions.ofId("a"));
        nestedRun(journal, ID);
        Workflow<Object, String> without = TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.fail("x")))
                .name("inner")
                .journal(new ForwardingJournal(journal))
                .build();
        journal.delete("a").block(TestRuns.SOON);

        Recovery<String> recovery =
                recorded(new ForwardingJournal(journal)).runs().recoverAll().block(TestRuns.SOON);

        assertThat(recovery.recovered()).isEmpty();
        assertThat(without.runs()
                        .list(RunFilter.all())
                        .blockFirst(TestRuns.SOON)
                        .status())
                .isEqualTo(RunInfo.Status.CANCELLED);
    }

    @Test
    void eventsAndOutput_ofTheNestedRun_areOutputOfItsStep() {
        Sinks.One<Decision> gate = Sinks.one();
        Workflow<Object, String> inner = Workflow.builder(TestRuns.ALONE, String.class)
                .agent("Solo", Agent.<Turn, Decision>of("Solo", (turn, context) -> {
                    context.emit("token");
                    return gate.asMono();
                }))
                .build();
        Run<String> run = outer(inner).<Object>build().start("go", RunOptions.ofId("a"));
        List<Object> values = new CopyOnWriteArrayList<>();
        run.output()
                .ofType(RunOutput.Emitted.class)
                .doOnNext(each -> {
                    assertThat(each.agent()).isEqualTo("Inner");
                    values.add(each.value());
                })
                .subscribe();
        gate.tryEmitValue(Decision.answer("x"));
        TestRuns.ended(run);

        TestRuns.until(() -> values.stream().anyMatch(value -> isFinished(value)) ? true : null);
        assertThat(values)
                .anySatisfy(value -> assertThat(value).isInstanceOfSatisfying(NestedOutput.class, nested -> {
                    assertThat(nested.runId()).isEqualTo(ID);
                    assertThat(nested.output())
                            .isInstanceOfSatisfying(
                                    RunOutput.Emitted.class,
                                    emitted -> assertThat(emitted.value()).isEqualTo("token"));
                }));
    }

    private static boolean isFinished(Object value) {
        return value instanceof NestedEvent nested && nested.event() instanceof RunEvent.RunFinished;
    }

    @Test
    void limits_whatIsLeftOfThemIsInherited_andUsageCountsOutside() {
        List<Instant> deadlines = new CopyOnWriteArrayList<>();
        Workflow<Object, String> inner = Workflow.builder(TestRuns.ALONE, String.class)
                .agent("Solo", Agent.<Turn, Decision>of("Solo", (turn, context) -> {
                    deadlines.add(context.deadline());
                    context.usage().record(Usage.ofTokens(10, 5));
                    return Mono.just(Decision.repeat("again"));
                }))
                .build();
        Workflow<Object, String> flow = outer(inner)
                .limits(Limits.steps(5).time(Duration.ofSeconds(30)))
                .build();

        RunResult<String> result = TestRuns.ended(flow.start("go"));

        assertThat(result.failure()).hasMessageContaining("limit exceeded: steps 3");
        assertThat(result.usage().tokens()).isEqualTo(45);
        assertThat(Duration.between(Instant.now(), deadlines.get(0))).isLessThanOrEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void stepTimeout_doesNotApplyToANestedRun() {
        Workflow<Object, String> inner = TestRuns.alone(TestRuns.deciding(
                        "Solo",
                        turn -> turn.reason() == Turn.Reason.ANSWERED ? Decision.answer("x") : Decision.ask("?")))
                .name("inner")
                .journal(journal)
                .build();
        Workflow<Object, String> flow = outer(inner)
                .journal(journal)
                .engine(io.flotilla.step.StepEngine.builder()
                        .stepTimeout(Duration.ofMillis(50))
                        .build())
                .build();
        Run<String> run = started(flow, RunOptions.ofId("a"));
        Run<String> nested = nestedRun(journal, ID);

        Mono.delay(Duration.ofMillis(200)).block();
        assertThat(nested.answer("q0", "x").block(TestRuns.SOON)).isTrue();

        assertThat(TestRuns.ended(run).answers()).containsExactly("last x");
    }

    @Test
    void idOf_aLongKey_isShortenedByAHash() {
        String key = "k".repeat(150) + "/0.1/".repeat(20) + "#1";
        assertThat(NestedRun.idOf(key)).hasSizeLessThanOrEqualTo(200).isNotEqualTo(NestedRun.idOf(key + "2"));
        assertThat(NestedRun.idOf("a/#1")).isEqualTo("a/#1");
    }

    // --- bad input

    @Test
    void build_nestedInItself_isAnError() {
        Workflow<Object, String> one = outer(inner()).build();
        Workflow<Object, String> two = outer(one).name("middle").build();

        assertThatThrownBy(() -> outer(two).name("outer").build())
                .isInstanceOf(InvalidWorkflowException.class)
                .hasMessageContaining("workflow outer is nested in itself: outer > Inner > Inner");
    }

    @Test
    void build_wrongTypesOrAnotherJournalOrNoName_areErrors() {
        Workflow<Object, Integer> wrongAnswer = Workflow.builder(TestRuns.ALONE, Integer.class, Integer.class)
                .agent("Solo", TestRuns.deciding("Solo", turn -> Decision.answer(1)))
                .build();
        Topology alone = Topology.parse("start -> X\nX -> end");

        assertThatThrownBy(() -> Workflow.builder(alone, String.class, String.class)
                        .agent("X", wrongAnswer)
                        .build())
                .isInstanceOfSatisfying(
                        InvalidWorkflowException.class,
                        invalid -> assertThat(invalid.errors())
                                .containsExactly(
                                        "the workflow at X takes a java.lang.Integer, and the task is a java.lang.String",
                                        "the workflow at X answers with a java.lang.Integer, and the run with a java.lang.String"));
        assertThatThrownBy(() -> outer(TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.answer("x")))
                                .name("inner")
                                .journal(Journal.inMemory())
                                .build())
                        .journal(journal)
                        .build())
                .hasMessageContaining("another journal");
        assertThatThrownBy(() -> outer(TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.answer("x")))
                                .build())
                        .name(Workflow.DEFAULT_NAME)
                        .journal(journal)
                        .build())
                .hasMessageContaining("give one of them a name");
        assertThatThrownBy(() -> outer(inner()).agent("Nowhere", inner()).build())
                .hasMessageContaining("there is no agent Nowhere");
        assertThatThrownBy(() -> outer(inner())
                        .reconcile("Inner", (turn, context) -> Mono.empty())
                        .build())
                .hasMessageContaining("needs no reconciler");
        assertThatNullPointerException().isThrownBy(() -> outer(null));
    }

    @Test
    void nested_handedATaskOfAnotherType_isTheStepsFailure() {
        Workflow<Object, String> inner = Workflow.builder(TestRuns.ALONE, Integer.class, String.class)
                .agent("Solo", TestRuns.deciding("Solo", turn -> Decision.answer("x")))
                .build();

        assertThat(TestRuns.ended(outer(inner).<Object>build().start("go")).failure())
                .hasMessageContaining("must be a java.lang.Integer");
    }
}
