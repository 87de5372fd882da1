package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.topology.Topology;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** A step that was in flight when the process died is asked after before it is run again. */
@Timeout(60)
class ReconcilerTest {

    private static final Topology TRIP = Topology.parse("start -> Book -> Mail -> end");

    private final Journal journal = Journal.inMemory();
    private final List<String> booked = new CopyOnWriteArrayList<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();

    private Workflow.Builder<String> trip(Journal where, Mono<String> booking) {
        return Workflow.builder(TRIP, String.class)
                .agent("Book", String.class, Agent.of("booker", (input, context) -> {
                    booked.add(context.idempotencyKey());
                    return booking;
                }))
                .agent("Mail", String.class, Agent.of("mailer", (input, context) -> Mono.just("mailed " + input)))
                .journal(where);
    }

    /** What comes of a run whose process died while it booked. */
    private RunResult<String> recovered(Supplier<Mono<Reconciliation>> reconciliation, Reconciler.WhenUnknown unknown) {
        trip(journal, Mono.never()).build().submit("trip", RunOptions.ofId("a")).block(TestRuns.SOON);
        assertThat(booked).containsExactly("a/#0");
        Workflow<Object, String> later = trip(new ForwardingJournal(journal), Mono.just("seat 2"))
                .reconcile(
                        "Book",
                        (turn, context) -> {
                            asked.add(context.idempotencyKey() + " " + turn.input());
                            return reconciliation.get();
                        },
                        unknown)
                .build();
        return TestRuns.ended(later.runs().recover("a").block(TestRuns.SOON));
    }

    private RunResult<String> recovered(Reconciliation reconciliation) {
        return recovered(() -> Mono.just(reconciliation), Reconciler.WhenUnknown.RUN_AGAIN);
    }

    @Test
    void happened_isItsValueAndTheAgentIsNotCalledAgain() {
        assertThat(recovered(Reconciliation.happened("seat 1")).answers()).containsExactly("mailed seat 1");
        assertThat(booked).hasSize(1);
        assertThat(asked).containsExactly("a/#0 trip");
    }

    @Test
    void happened_aDecisionIsTaken() {
        assertThat(recovered(Reconciliation.happened(Decision.handOff("Mail", "seat 9")))
                        .answers())
                .containsExactly("mailed seat 9");
    }

    @Test
    void didNotHappen_theAgentIsCalled() {
        assertThat(recovered(Reconciliation.didNotHappen()).answers()).containsExactly("mailed seat 2");
        assertThat(booked).containsExactly("a/#0", "a/#0");
    }

    @Test
    void unknown_theAgentIsCalledByDefault() {
        assertThat(recovered(Reconciliation.unknown()).answers()).containsExactly("mailed seat 2");
        assertThat(recoveredOnce(booked)).isTrue();
    }

    private static boolean recoveredOnce(List<String> calls) {
        return calls.size() == 2;
    }

    @Test
    void unknown_andToldToFail_isATypedFailure() {
        RunResult<String> result = recovered(() -> Mono.just(Reconciliation.unknown()), Reconciler.WhenUnknown.FAIL);

        assertThat(result.failure()).hasMessageContaining("it is unknown whether step a/#0 of agent Book has happened");
        assertThat(booked).hasSize(1);
    }

    @Test
    void empty_countsAsUnknown() {
        assertThat(recovered(Mono::empty, Reconciler.WhenUnknown.FAIL).status()).isEqualTo(RunResult.Status.FAILED);
    }

    @Test
    void aReconcilerThatFailsThrowsOrReturnsNull_failsTheStepAndTheAgentIsNotCalled() {
        assertThat(recovered(() -> Mono.error(new IllegalStateException("down")), Reconciler.WhenUnknown.RUN_AGAIN)
                        .failure())
                .hasMessageContaining("down");
        assertThat(booked).hasSize(1);
    }

    @Test
    void aReconcilerThatThrows_failsTheStep() {
        assertThat(recovered(
                                () -> {
                                    throw new IllegalStateException("thrown");
                                },
                                Reconciler.WhenUnknown.RUN_AGAIN)
                        .failure())
                .hasMessageContaining("thrown");
    }

    @Test
    void aReconcilerThatReturnsNull_failsTheStep() {
        assertThat(recovered(() -> null, Reconciler.WhenUnknown.RUN_AGAIN).failure())
                .hasMessageContaining("returned null");
    }

    @Test
    void aStepThatWasNotInFlight_isNotAskedAfter() {
        Workflow<Object, String> flow = trip(journal, Mono.just("seat 1"))
                .reconcile("Book", (turn, context) -> Mono.error(new AssertionError("asked")))
                .reconcile("Mail", (turn, context) -> Mono.error(new AssertionError("asked")))
                .build();

        assertThat(TestRuns.ended(flow.start("trip")).answers()).containsExactly("mailed seat 1");
    }

    @Test
    void reconcile_badInput() {
        assertThatThrownBy(() -> trip(journal, Mono.empty())
                        .reconcile("Nobody", (turn, context) -> Mono.empty())
                        .build())
                .isInstanceOf(InvalidWorkflowException.class)
                .hasMessageContaining("there is no agent Nobody in the topology to reconcile");
        assertThatThrownBy(() -> trip(journal, Mono.empty())
                        .reconcile("Book", (turn, context) -> Mono.empty())
                        .reconcile("Book", (turn, context) -> Mono.empty())
                        .build())
                .isInstanceOf(InvalidWorkflowException.class)
                .hasMessageContaining("the reconciler of agent Book is given twice");
        assertThatNullPointerException()
                .isThrownBy(() -> trip(journal, Mono.empty()).reconcile("Book", null));
        assertThatNullPointerException()
                .isThrownBy(() -> trip(journal, Mono.empty()).reconcile("Book", (turn, context) -> Mono.empty(), null));
    }
}
