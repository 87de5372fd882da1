package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.topology.Topology;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** What is undone of steps that were in doubt after a crash, and of runs that are nested in others. */
@Timeout(60)
class CompensationBesideTest {

    private static final Topology TRIP = Topology.parse("start -> Book -> Check -> end");

    private final Journal journal = Journal.inMemory();
    private final List<String> undone = new CopyOnWriteArrayList<>();
    private final List<String> booked = new CopyOnWriteArrayList<>();

    private Compensation undoing() {
        return (step, context) ->
                Mono.fromRunnable(() -> undone.add(step.agent() + " " + step.input() + " " + step.value()));
    }

    private static Agent<Turn, Decision> failing() {
        return TestRuns.deciding("Check", turn -> Decision.fail("sold out"));
    }

    // --- beside reconcilers

    private Workflow.Builder<String> trip(Journal where, Mono<String> booking) {
        return Workflow.builder(TRIP, String.class)
                .agent("Book", String.class, Agent.of("booker", (input, context) -> {
                    booked.add(context.idempotencyKey());
                    return booking;
                }))
                .agent("Check", failing())
                .compensate("Book", undoing())
                .journal(where);
    }

    private void crashedWhileBooking() {
        trip(journal, Mono.never()).build().submit("trip", RunOptions.ofId("a")).block(SOON);
    }

    private RunResult<String> recovered(Mono<String> again, Reconciliation found, Reconciler.WhenUnknown unknown) {
        crashedWhileBooking();
        Workflow<Object, String> later = trip(new ForwardingJournal(journal), again)
                .reconcile("Book", (turn, context) -> Mono.just(found), unknown)
                .build();
        return TestRuns.ended(later.runs().recover("a").block(SOON));
    }

    @Test
    void inDoubt_hasHappened_isUndoneWithThatValue() {
        RunResult<String> result =
                recovered(Mono.just("seat 2"), Reconciliation.happened("seat 1"), Reconciler.WhenUnknown.RUN_AGAIN);

        assertThat(result.failure()).hasMessageContaining("sold out");
        assertThat(undone).containsExactly("Book trip seat 1");
        assertThat(booked).hasSize(1);
    }

    @Test
    void inDoubt_hasNotHappened_isUndoneOnlyIfItDoesNow() {
        recovered(Mono.just("seat 2"), Reconciliation.didNotHappen(), Reconciler.WhenUnknown.RUN_AGAIN);

        assertThat(undone).containsExactly("Book trip seat 2");
    }

    @Test
    void inDoubt_hasNotHappenedAndFailsNow_isNotUndone() {
        RunResult<String> result = recovered(
                Mono.error(new IllegalStateException("full")),
                Reconciliation.didNotHappen(),
                Reconciler.WhenUnknown.RUN_AGAIN);

        assertThat(result.failure()).hasMessageContaining("full");
        assertThat(undone).isEmpty();
        assertThat(booked).hasSize(2);
    }

    @Test
    void inDoubt_unknown_isRunAgainAndUndoneOnce() {
        recovered(Mono.just("seat 1"), Reconciliation.unknown(), Reconciler.WhenUnknown.RUN_AGAIN);

        assertThat(undone).containsExactly("Book trip seat 1");
    }

    /** It has failed, so nothing of it is undone: the failure says which step a person has to look after. */
    @Test
    void inDoubt_unknownAndToldToFail_isNotUndoneAndTheFailureNamesIt() {
        RunResult<String> result =
                recovered(Mono.just("seat 1"), Reconciliation.unknown(), Reconciler.WhenUnknown.FAIL);

        assertThat(result.failure()).hasMessageContaining("it is unknown whether step a/#0 of agent Book has happened");
        assertThat(undone).isEmpty();
        assertThat(result.uncompensated()).isEmpty();
    }

    @Test
    void cancel_recordedRunWithAStepInDoubt_asksNobodyAndUndoesNothingOfIt() {
        crashedWhileBooking();
        Workflow<Object, String> later = trip(new ForwardingJournal(journal), Mono.just("seat 2"))
                .reconcile("Book", (turn, context) -> Mono.error(new AssertionError("asked")))
                .build();

        assertThat(later.runs().cancel("a").block(SOON).status()).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(undone).isEmpty();
        assertThat(booked).hasSize(1);
    }

    // --- beside nested runs

    /** Packs, and then does as told. */
    private Workflow.Builder<String> inner(Agent<Turn, Decision> then) {
        return Workflow.builder(Topology.parse("start -> Pack -> Then -> end"), String.class)
                .name("inner")
                .agent("Pack", TestRuns.deciding("Pack", turn -> Decision.handOff("Then", "packed " + turn.input())))
                .agent("Then", then)
                .compensate("Pack", undoing());
    }

    /** Pays, has the nested run, and fails. */
    private Workflow.Builder<String> outer(Workflow<?, ?> inner) {
        return Workflow.builder(Topology.parse("start -> Pay -> Inner -> Check -> end"), String.class)
                .name("outer")
                .agent("Pay", TestRuns.deciding("Pay", turn -> Decision.handOff("Inner", "paid " + turn.input())))
                .agent("Inner", inner)
                .agent("Check", failing())
                .compensate("Pay", undoing());
    }

    private Workflow<Object, String> answering() {
        return inner(TestRuns.deciding("Then", turn -> Decision.answer("inner " + turn.input())))
                .build();
    }

    @Test
    void nested_hasSucceeded_isUndoneAsOneStepOfTheRunAround() {
        Workflow<Object, String> outer =
                outer(answering()).compensate("Inner", undoing()).build();

        RunResult<String> result = TestRuns.ended(outer.start("x"));

        assertThat(result.failure()).hasMessageContaining("sold out");
        assertThat(undone)
                .as("its own compensations are for a nested run that does not succeed")
                .containsExactly("Inner paid x inner packed paid x", "Pay x paid x");
    }

    @Test
    void nested_hasSucceededAndHasNoCompensation_isLeft() {
        TestRuns.ended(outer(answering()).<Object>build().start("x"));

        assertThat(undone).containsExactly("Pay x paid x");
    }

    @Test
    void nested_hasFailed_hasUndoneItsOwnFirst() {
        Workflow<Object, String> inner =
                inner(TestRuns.deciding("Then", turn -> Decision.fail("torn"))).build();

        RunResult<String> result = TestRuns.ended(
                outer(inner).compensate("Inner", undoing()).<Object>build().start("x"));

        assertThat(result.failure()).hasMessageContaining("torn");
        assertThat(undone).containsExactly("Pack paid x packed paid x", "Pay x paid x");
    }

    @Test
    void nested_cannotUndo_isInTheMessageOfTheRunAround() {
        Workflow<Object, String> inner = Workflow.builder(Topology.parse("start -> Pack -> Then -> end"), String.class)
                .name("inner")
                .agent("Pack", TestRuns.deciding("Pack", turn -> Decision.handOff("Then", "packed")))
                .agent("Then", TestRuns.deciding("Then", turn -> Decision.fail("torn")))
                .compensate("Pack", (step, context) -> Mono.just(Decision.answer("no"))) // which is refused at once
                .build();

        RunResult<String> result = TestRuns.ended(outer(inner).<Object>build().start("x"));

        assertThat(result.failure()).hasMessageContaining("torn; could not be undone: [Uncompensated[agent=Pack");
    }

    @Test
    void cancel_whileNested_itUndoesItsOwnBeforeTheRunAroundDoes() {
        for (Journal where : new Journal[] {null, journal}) {
            undone.clear();
            Sinks.Empty<Void> gate = Sinks.empty();
            Sinks.Empty<Void> asked = Sinks.empty();
            Workflow.Builder<String> flow = outer(Workflow.builder(
                            Topology.parse("start -> Slow -> Then -> end"), String.class)
                    .name("inner")
                    .agent("Slow", TestRuns.deciding("Slow", turn -> Decision.handOff("Then", "slow")))
                    .agent("Then", TestRuns.stepping("Then", turn -> {
                        asked.tryEmitEmpty();
                        return Mono.never();
                    }))
                    .compensate(
                            "Slow", (step, context) -> gate.asMono().then(Mono.fromRunnable(() -> undone.add("Slow"))))
                    .build());
            Run<String> run =
                    (where == null ? flow : flow.journal(where)).<Object>build().start("x");
            asked.asMono().block(SOON);

            run.cancel();
            assertThat(undone).isEmpty();
            gate.tryEmitEmpty();

            assertThat(TestRuns.ended(run).status()).isEqualTo(RunResult.Status.CANCELLED);
            assertThat(undone).containsExactly("Slow", "Pay x paid x");
        }
    }

    /** A run and the one nested in it, as a crash leaves them: of the one around everything is recorded but its end. */
    private Journal crashedAfterCancel() {
        Sinks.Empty<Void> asked = Sinks.empty();
        Workflow<Object, String> before = outer(waiting(asked)).journal(journal).build();
        Run<String> run = before.submit("x", RunOptions.ofId("a")).block(SOON);
        asked.asMono().block(SOON);
        List<JournalEntry> nested = journal.read("a/#1", 0).collectList().block(SOON);
        run.cancel();
        TestRuns.ended(run);
        undone.clear();
        List<JournalEntry> facts = journal.read("a", 0).collectList().block(SOON);
        int cancel = 0;
        while (!facts.get(cancel).type().equals("run-cancelled")) {
            cancel++;
        }
        Journal copy = Journal.inMemory();
        copy.append("a", 0, facts.subList(0, cancel + 1)).block(SOON);
        copy.append("a/#1", 0, nested).block(SOON);
        return copy;
    }

    private Workflow<Object, String> waiting(Sinks.Empty<Void> asked) {
        return inner(TestRuns.stepping("Then", turn -> {
                    asked.tryEmitEmpty();
                    return Mono.never();
                }))
                .build();
    }

    private static List<RunInfo.Status> statuses(Workflow<?, ?> flow) {
        return flow.runs()
                .list(RunFilter.all())
                .map(RunInfo::status)
                .collectList()
                .block(SOON);
    }

    @Test
    void recover_cancelledAndTheNestedRunWasNotYet_bothAreUndoneTheNestedOneFirst() {
        Workflow<Object, String> later =
                outer(waiting(Sinks.empty())).journal(crashedAfterCancel()).build();

        RunResult<String> result =
                later.runs().recover("a").flatMap(Run::result).block(SOON);

        assertThat(result.status()).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(undone).containsExactly("Pack paid x packed paid x", "Pay x paid x");
        assertThat(statuses(later)).containsExactly(RunInfo.Status.CANCELLED, RunInfo.Status.CANCELLED);
    }

    /** The run around goes on without it: a join was met. */
    @Test
    void recover_stragglerThatWasNestedAndNotYetCancelled_isCancelledAndUndone() {
        Sinks.Empty<Void> asked = Sinks.empty();
        Sinks.One<Decision> quick = Sinks.one();
        Workflow<Object, String> before = racing(waiting(asked), quick.asMono(), journal);
        before.submit("x", RunOptions.ofId("a")).block(SOON);
        asked.asMono().block(SOON);
        List<JournalEntry> nested = journal.read("a/0.0/#0", 0).collectList().block(SOON);
        quick.tryEmitValue(Decision.answer("first"));
        TestRuns.until(() -> statuses(before).contains(RunInfo.Status.CANCELLED) ? true : null);
        TestRuns.until(() -> undone.isEmpty() ? null : true);
        undone.clear();
        Journal copy = Journal.inMemory();
        copy.append("a", 0, journal.read("a", 0).collectList().block(SOON)).block(SOON);
        copy.append("a/0.0/#0", 0, nested).block(SOON);

        Workflow<Object, String> later = racing(waiting(Sinks.empty()), Mono.never(), copy);
        later.runs().recoverAll().block(SOON);

        TestRuns.until(() -> statuses(later).contains(RunInfo.Status.CANCELLED) ? true : null);
        assertThat(undone).containsExactly("Pack i packed i");
    }

    /** A nested run against a step: the first wins, and then the run goes on for ever. */
    private Workflow<Object, String> racing(Workflow<?, ?> inner, Mono<Decision> quick, Journal where) {
        return Workflow.builder(Topology.parse("start -> Lead\nLead <-> Inner, Quick\nLead -> end"), String.class)
                .name("outer")
                .joinAt("Lead", Join.firstSuccess())
                .agent(
                        "Lead",
                        TestRuns.stepping(
                                "Lead",
                                turn -> turn.reason() == Turn.Reason.JOINED
                                        ? Mono.never()
                                        : Mono.just(Decision.fanOut(
                                                Invocation.of("Inner", "i"), Invocation.of("Quick", "q")))))
                .agent("Inner", inner)
                .agent("Quick", TestRuns.stepping("Quick", turn -> quick))
                .journal(where)
                .build();
    }

    @Test
    void cancel_recordedRun_whatIsNestedInItIsUndoneFirst() {
        Sinks.Empty<Void> asked = Sinks.empty();
        outer(waiting(asked))
                .journal(journal)
                .<Object>build()
                .submit("x", RunOptions.ofId("a"))
                .block(SOON);
        asked.asMono().block(SOON);
        Workflow<Object, String> later = outer(waiting(Sinks.empty()))
                .journal(new ForwardingJournal(journal))
                .build();

        RunResult<String> result = later.runs().cancel("a").block(SOON);

        assertThat(result.status()).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(undone).containsExactly("Pack paid x packed paid x", "Pay x paid x");
    }

    /** The run around has not begun to undo anything: it waits for the nested one. */
    @Test
    void suspend_whileTheNestedRunUndoes_bothGoOnAfterRecovery() {
        Sinks.Empty<Void> asked = Sinks.empty();
        Sinks.Empty<Void> undoing = Sinks.empty();
        Workflow<Object, String> stuck = Workflow.builder(Topology.parse("start -> Pack -> Then -> end"), String.class)
                .name("inner")
                .agent("Pack", TestRuns.deciding("Pack", turn -> Decision.handOff("Then", "packed " + turn.input())))
                .agent("Then", TestRuns.stepping("Then", turn -> {
                    asked.tryEmitEmpty();
                    return Mono.never();
                }))
                .compensate("Pack", (step, context) -> {
                    undoing.tryEmitEmpty();
                    return Mono.never();
                })
                .build();
        Run<String> run = outer(stuck)
                .journal(journal)
                .<Object>build()
                .submit("x", RunOptions.ofId("a"))
                .block(SOON);
        asked.asMono().block(SOON);
        run.cancel();
        undoing.asMono().block(SOON);

        run.suspend().block(SOON);

        assertThat(undone).isEmpty();
        Workflow<Object, String> later =
                outer(waiting(Sinks.empty())).journal(journal).build();
        assertThat(later.runs().recover("a").flatMap(Run::result).block(SOON).status())
                .isEqualTo(RunResult.Status.CANCELLED);
        assertThat(undone).containsExactly("Pack paid x packed paid x", "Pay x paid x");
        assertThat(statuses(later)).containsExactly(RunInfo.Status.CANCELLED, RunInfo.Status.CANCELLED);
    }
}
