package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.journal.Journal;
import io.flotilla.run.JournalFailureTest.Odd;
import io.flotilla.step.NothingDropped;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.util.RaceTestUtils;

/** A live run says what it is like, as its journal does. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class StateTest {

    private final Journal journal = Journal.inMemory();

    private static Agent<Turn, Decision> lead() {
        return TestRuns.deciding(
                "Lead",
                turn -> turn.reason() == Turn.Reason.JOINED
                        ? Decision.answer(TestRuns.joined(turn))
                        : Decision.fanOut(TestRuns.invocations("Worker", 3)));
    }

    /** Whoever looks at runs in a browser goes away at any time. */
    @Test
    void facts_whoseReaderCancelsAsTheyBegin_areDroppedWithoutAWord() {
        Workflow<String, String> flow = TestRuns.crew(
                        lead(), Agent.of("Worker", (turn, context) -> Mono.just(Decision.answer("x"))))
                .journal(journal)
                .<String>build();
        String runId = TestRuns.ended(flow.start("go")).runId();

        for (int round = 0; round < 5_000; round++) {
            BaseSubscriber<RunFact> reader = new BaseSubscriber<>() {};
            Flux<RunFact> facts = flow.runs().recorded(runId).facts();
            RaceTestUtils.race(() -> facts.subscribe(reader), reader::cancel);
        }
    }

    @Test
    void state_ofARunWithoutAJournal_saysWhatItIsDoing() {
        Sinks.One<Decision> last = Sinks.one();
        Run<String> run = TestRuns.crew(lead(), Agent.of("Worker", (turn, context) -> {
                    context.usage().record(Usage.ofTokens(1, 2));
                    return turn.input().equals(2) ? last.asMono() : Mono.just(Decision.answer("x"));
                }))
                .<String>build()
                .start("go");

        RunState state = run.state().block(SOON);

        assertThat(state.runId()).isEqualTo(run.runId());
        assertThat(state.facts()).isEqualTo(4);
        assertThat(state.status()).isEqualTo(RunState.Status.RUNNING);
        assertThat(state.branches())
                .extracting(RunState.BranchState::agent, RunState.BranchState::status)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("Lead", RunState.BranchStatus.JOINING),
                        org.assertj.core.groups.Tuple.tuple("Worker", RunState.BranchStatus.RUNNING));
        assertThat(state.ended().answered()).isEqualTo(2);
        assertThat(state.steps()).isEqualTo(4);
        assertThat(state.usage().inputTokens()).isPositive();
        run.pause();
        assertThat(run.state().block(SOON).status()).isEqualTo(RunState.Status.PAUSED);
        run.resume();
        last.tryEmitValue(Decision.answer("y"));
        assertThat(TestRuns.ended(run).answer()).isEqualTo("x,x,y");
        assertThat(run.state().block(SOON).status()).isEqualTo(RunState.Status.SUCCEEDED);
        assertThat(run.state().block(SOON).branches()).isEmpty();
    }

    private Workflow<String, String> asking(Journal where) {
        return TestRuns.alone(TestRuns.deciding(
                        "Solo",
                        turn -> turn.reason() == Turn.Reason.ANSWERED
                                ? Decision.answer("told")
                                : Decision.ask(Question.of("what?").timeout(Duration.ofHours(1)))))
                .journal(where)
                .build();
    }

    @Test
    void state_ofRecoveredAndSuspendedRuns_isThatOfTheJournal() {
        Workflow<String, String> flow = asking(journal);
        Run<String> run = flow.start("go");
        run.pause();
        RunState paused = run.state().block(SOON);
        assertThat(paused).isEqualTo(flow.runs().replay(run.runId()).block(SOON));
        assertThat(paused.questions()).hasSize(1);
        run.suspend().block(SOON);
        assertThat(run.state().block(SOON)).isEqualTo(paused);

        Run<String> recovered = flow.runs().recover(run.runId()).block(SOON);

        assertThat(recovered.state().block(SOON)).isEqualTo(paused);
        recovered.resume();
        recovered.answer("q0", "x").block(SOON);
        TestRuns.ended(recovered);
        assertThat(recovered.state().block(SOON))
                .isEqualTo(flow.runs().replay(run.runId()).block(SOON));
        assertThat(flow.runs().recover(run.runId()).block(SOON).state().block(SOON))
                .as("of one that had ended")
                .isEqualTo(flow.runs().replay(run.runId()).block(SOON));
    }

    @Test
    void state_whileTheJournalIsWritten_comesAfterwards() {
        Sinks.Empty<Void> gate = Sinks.empty();
        Odd slow = new Odd(append -> append.number() == 3 ? gate.asMono().then(append.as()) : append.as());
        Run<String> run = asking(slow).start("go");
        run.answer("q0", "x").subscribe();
        List<RunState> told = new CopyOnWriteArrayList<>();
        Mono<RunState> state = run.state().doOnNext(told::add).cache();
        state.subscribe();
        assertThat(told).isEmpty();

        gate.tryEmitEmpty();

        assertThat(state.block(SOON).questions()).isEmpty();
    }

    @Test
    void state_ofARunThatHasBrokenDown_isItsError() {
        Odd broken =
                new Odd(append -> append.number() == 3 ? Mono.error(new IllegalStateException("disk")) : append.as());
        Run<String> run = asking(broken).start("go");
        StepVerifier.create(run.answer("q0", "x")).expectErrorMessage("disk").verify(SOON);

        StepVerifier.create(run.state()).expectErrorMessage("disk").verify(SOON);
    }

    @Test
    void state_subscriberThrows_theRunDoesNotNotice() {
        Run<String> run = asking(journal).start("go");
        List<Throwable> errors = new CopyOnWriteArrayList<>();
        run.state().subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnNext(RunState state) {
                throw new LinkageError("its own");
            }

            @Override
            protected void hookOnError(Throwable thrown) {
                errors.add(thrown);
            }
        });

        assertThat(run.answer("q0", "x").block(SOON)).isTrue();
        assertThat(TestRuns.ended(run).answer()).isEqualTo("told");
        assertThat(errors).hasSizeLessThanOrEqualTo(1);
    }

    @RepeatedTest(20)
    void state_underRealThreads_isOneThatTheJournalHad() {
        Workflow<String, String> flow = TestRuns.crew(
                        TestRuns.forking(100),
                        TestRuns.stepping(
                                "Worker",
                                turn -> Mono.just(Decision.answer(turn.input())).publishOn(Schedulers.parallel())))
                .journal(journal)
                .build();
        Run<String> run = flow.start("go");
        List<RunState> states = run.state().repeat(20).collectList().block(SOON);
        TestRuns.ended(run);

        for (RunState state : states) {
            assertThat(flow.runs().stateAt(run.runId(), state.facts()).block(SOON))
                    .isEqualTo(state);
        }
    }
}
