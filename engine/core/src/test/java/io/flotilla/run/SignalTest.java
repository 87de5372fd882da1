package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadException;
import io.flotilla.journal.StaleAppendException;
import io.flotilla.run.JournalFailureTest.Odd;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Signals from outside: what true, false and an error mean, and what survives a restart. */
@Timeout(60)
class SignalTest {

    /** Waits for {@code go}, then answers with its value and what it has carried. */
    private static Workflow.Builder<String> awaiting() {
        return TestRuns.alone(TestRuns.deciding(
                "Solo",
                turn -> turn.reason() == Turn.Reason.SIGNALLED
                        ? Decision.answer(turn.carried(String.class) + " " + turn.signal())
                        : Decision.await("go", "carried")));
    }

    /** Waits for the first signal, then asks, so that signals are kept. */
    private static Workflow.Builder<String> asking() {
        return TestRuns.alone(TestRuns.deciding("Solo", turn -> switch (turn.reason()) {
            case REQUESTED -> Decision.ask("well?");
            case ANSWERED -> Decision.await("go");
            default -> Decision.answer("" + turn.signal());
        }));
    }

    private static Boolean signal(Run<?> run, String name, Object value) {
        return run.signal(name, value).block(SOON);
    }

    @Test
    void signal_aBranchWaits_goesOnWithItsValue() {
        Run<String> run = awaiting().build().start("task");
        Mono<Boolean> signal = run.signal("go", 7);
        assertThat(run.signal("other", 1).block(SOON)).isTrue();

        assertThat(signal.block(SOON)).isTrue();

        assertThat(TestRuns.ended(run).answer()).isEqualTo("carried 7");
        assertThat(signal.block(SOON)).as("the run has ended").isFalse();
        assertThat(run.signalIfAwaited("go", 8).block(SOON)).isFalse();
    }

    @Test
    void signal_ofNull_isNull() {
        Run<String> run = awaiting().build().start("task");

        assertThat(signal(run, "go", null)).isTrue();

        assertThat(TestRuns.ended(run).answer()).isEqualTo("carried null");
    }

    @Test
    void signalIfAwaited_nobodyWaits_isFalseAndLost() {
        Run<String> run = asking().build().start("task");

        assertThat(run.signalIfAwaited("go", "lost").block(SOON)).isFalse();
        assertThat(signal(run, "go", "kept")).isTrue();
        assertThat(run.answer("q0", "yes").block(SOON)).isTrue();

        assertThat(TestRuns.ended(run).answer()).isEqualTo("kept");
    }

    @Test
    void signal_asManyAsAreKept_oneMoreIsRefusedAndTheRunGoesOn() {
        Run<String> run = asking().maxPendingSignals(2).build().start("task");
        assertThat(signal(run, "go", 1)).isTrue();
        assertThat(signal(run, "other", 2)).isTrue();

        StepVerifier.create(run.signal("go", 3))
                .verifyErrorSatisfies(refused -> assertThat(refused)
                        .isInstanceOfSatisfying(
                                SignalRefusedException.class,
                                typed -> assertThat(typed.signal()).isEqualTo("go")));
        assertThat(run.signalIfAwaited("go", 4).block(SOON)).isFalse();

        assertThat(run.answer("q0", "yes").block(SOON)).isTrue();
        assertThat(TestRuns.ended(run).answer()).isEqualTo("1");
    }

    @Test
    void signal_noneAreKept_isTakenByWhoWaits() {
        Run<String> run = awaiting().maxPendingSignals(0).build().start("task");

        StepVerifier.create(run.signal("other", 1)).verifyError(SignalRefusedException.class);
        assertThat(signal(run, "go", 1)).isTrue();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> awaiting().maxPendingSignals(-1))
                .withMessageContaining("-1");
    }

    @Test
    void signal_tooLargeOrUnwritable_isRefusedAndTheRunGoesOn() {
        Run<String> run = awaiting().journal(Journal.inMemory()).build().start("task");

        StepVerifier.create(run.signal("go", "x".repeat(1_000_001))).verifyError(SignalRefusedException.class);
        StepVerifier.create(run.signal("go", new Object())).verifyError(PayloadException.class);
        assertThat(signal(run, "go", "x".repeat(900_000))).isTrue();

        assertThat(TestRuns.ended(run).answer()).hasSize(900_008);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a\u0000b", "a\nb", "\u007f"})
    void signal_aNameThatIsNone_isRefused(String name) {
        Run<String> run = awaiting().build().start("task");

        assertThatIllegalArgumentException().isThrownBy(() -> run.signal(name, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> run.signalIfAwaited(name, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> Await.of(name));
        assertThatIllegalArgumentException().isThrownBy(() -> Decision.await(name));
        run.cancel();
    }

    @Test
    void name_lengths_areBounded() {
        assertThat(Await.of("n".repeat(256)).name()).hasSize(256);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Await.of("n".repeat(257)))
                .withMessageContaining("256")
                .withMessageContaining("257");
        assertThatNullPointerException().isThrownBy(() -> Await.of(null)).withMessage("name");
        assertThatNullPointerException().isThrownBy(() -> Decision.await((Await) null));
    }

    @Test
    void await_itsTimeout_isChecked() {
        assertThatIllegalArgumentException().isThrownBy(() -> Await.of("go").timeout(Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> Await.of("go").timeout(Duration.ofSeconds(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> Await.of("go").timeout(Duration.ofDays(200_000)));
        Await await = Await.of("go").timeout(Duration.ofSeconds(1)).defaultValue(null);
        assertThat(await).hasToString("go (within PT1S)");
        assertThat(await.hasDefault()).isTrue();
        assertThat(await).isEqualTo(Await.of("go").defaultValue(null).timeout(Duration.ofSeconds(1)));
        assertThat(await).isNotEqualTo(Await.of("go").timeout(Duration.ofSeconds(1)));
    }

    /** Facts: the start, the wait, the signal. */
    @Test
    void signal_whileItIsBeingWritten_saysNothing() {
        Sinks.Empty<Void> gate = Sinks.empty();
        Odd journal = new Odd(append -> append.number() == 3 ? gate.asMono().then(append.as()) : append.as());
        Run<String> run = awaiting().journal(journal).build().start("task");
        List<Object> told = new CopyOnWriteArrayList<>();
        Sinks.One<Boolean> heard = Sinks.one();

        run.signal("go", 7).doOnNext(told::add).subscribe(heard::tryEmitValue, heard::tryEmitError);

        assertThat(told).isEmpty();
        gate.tryEmitEmpty();
        assertThat(heard.asMono().block(SOON)).isTrue();
        assertThat(TestRuns.ended(run).answer()).isEqualTo("carried 7");
    }

    @Test
    void signal_refusedByTheJournal_isItsErrorAndThatOfTheRun() {
        Odd journal = new Odd(Odd.Append::as);
        Run<String> run = awaiting().journal(journal).build().start("task");
        journal.kept.delete(run.runId()).block();

        StepVerifier.create(run.signal("go", 7))
                .expectError(StaleAppendException.class)
                .verify(SOON);
        StepVerifier.create(run.result())
                .expectError(StaleAppendException.class)
                .verify(SOON);
    }

    @Test
    void signal_runIsCancelledBeforeItIsWritten_isFalse() {
        Sinks.Empty<Void> gate = Sinks.empty();
        Odd journal = new Odd(append -> append.number() == 3 ? gate.asMono().then(append.as()) : append.as());
        Run<String> run = awaiting().journal(journal).build().start("task");
        run.pause(); // append 3
        run.cancel();
        Sinks.One<Boolean> told = Sinks.one();
        run.signal("go", 7).subscribe(told::tryEmitValue, told::tryEmitError);
        gate.tryEmitEmpty();

        assertThat(told.asMono().block(SOON)).isFalse();
    }

    @Test
    void signal_subscriberThatThrows_doesNotBreakTheRun() {
        Run<String> run = awaiting().build().start("task");

        run.signal("other", 1)
                .subscribe(
                        any -> {
                            throw new IllegalStateException("a subscriber's");
                        },
                        any -> {});

        assertThat(signal(run, "go", 7)).isTrue();
        assertThat(TestRuns.ended(run).answer()).isEqualTo("carried 7");
    }

    /** What was acknowledged is there after a kill, wherever it stopped. */
    @Test
    void recover_afterASignal_itIsKeptAndTakenOnce() {
        Journal journal = Journal.inMemory();
        Run<String> run = asking().journal(journal).build().start("task");
        assertThat(signal(run, "go", List.of("a", 1))).isTrue();
        assertThat(signal(run, "go", "second")).isTrue();
        Journal copy = copied(journal, run.runId());
        run.cancel();

        Workflow<String, String> flow = asking().journal(copy).build();
        RunState state = flow.runs().stateAt(run.runId(), 4).block(SOON);
        assertThat(state.signals()).extracting(PendingSignal::name).containsExactly("go", "go");
        Run<String> again = flow.runs().recover(run.runId()).block(SOON);
        assertThat(again.answer("q0", "yes").block(SOON)).isTrue();

        assertThat(TestRuns.ended(again).answer()).isEqualTo("[a, 1]");
        assertThat(flow.runs().replay(run.runId()).block(SOON).status()).isEqualTo(RunState.Status.SUCCEEDED);
    }

    @Test
    void recover_aBranchThatWaits_isThereAndTakesTheSignal() {
        Journal journal = Journal.inMemory();
        Run<String> run = awaiting().journal(journal).build().start("task");
        Journal copy = copied(journal, run.runId());
        run.cancel();

        Workflow<String, String> flow = awaiting().journal(copy).build();
        RunState state = flow.runs().stateAt(run.runId(), 2).block(SOON);
        assertThat(state.waits()).containsExactly(new PendingWait(BranchPath.outsideForks(0), "Solo", "go", null));
        assertThat(state.branches())
                .extracting(RunState.BranchState::status)
                .containsExactly(RunState.BranchStatus.AWAITING_SIGNAL);
        Run<String> again = flow.runs().recover(run.runId()).block(SOON);
        assertThat(signal(again, "go", 7)).isTrue();

        assertThat(TestRuns.ended(again).answer()).isEqualTo("carried 7");
    }

    @Test
    void signal_toASuspendedRun_isItsErrorAndTheBranchWaitsAfterRecovery() {
        Journal journal = Journal.inMemory();
        Workflow<String, String> flow = awaiting().journal(journal).build();
        Run<String> run = flow.start("task");
        run.suspend().block(SOON);

        StepVerifier.create(run.signal("go", 7))
                .expectError(RunSuspendedException.class)
                .verify(SOON);
        Run<String> again =
                awaiting().journal(journal).build().runs().recover(run.runId()).block(SOON);
        assertThat(signal(again, "go", 8)).isTrue();

        assertThat(TestRuns.ended(again).answer()).isEqualTo("carried 8");
    }

    /** What if another value had been signalled. */
    @Test
    void fork_ofASignal_hasAnotherValue() {
        Journal journal = Journal.inMemory();
        Workflow<String, String> flow = awaiting().journal(journal).build();
        Run<String> run = flow.start("task");
        assertThat(signal(run, "go", 7)).isTrue();
        assertThat(TestRuns.ended(run).answer()).isEqualTo("carried 7");

        Run<String> forked = flow.runs().fork(run.runId(), 2, 8).block(SOON);

        assertThat(TestRuns.ended(forked).answer()).isEqualTo("carried 8");
    }

    static Journal copied(Journal journal, String runId) {
        List<JournalEntry> entries = journal.read(runId, 0).collectList().block(SOON);
        Journal copy = Journal.inMemory();
        copy.append(runId, 0, entries).block(SOON);
        return copy;
    }
}
