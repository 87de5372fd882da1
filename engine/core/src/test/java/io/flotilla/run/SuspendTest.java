package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.UndisturbedTime;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalTimeoutException;
import io.flotilla.run.JournalFailureTest.Odd;
import io.flotilla.step.NothingDropped;
import io.flotilla.step.StepEngine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** A run that is suspended is in its journal as after a kill: nothing that comes after the call counts but success. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class SuspendTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final Journal journal = Journal.inMemory();
    private final List<String> called = new CopyOnWriteArrayList<>();
    private final List<String> cancelled = new CopyOnWriteArrayList<>();

    /** Two workers, whose steps are what {@code worker} makes of their number; then what they answered, with commas. */
    private Workflow<String, String> crew(Function<Integer, Mono<Decision>> worker) {
        return TestRuns.crew(TestRuns.forking(2), TestRuns.stepping("Worker", turn -> {
                    int number = turn.input(Integer.class);
                    called.add("Worker " + number);
                    return worker.apply(number).doOnCancel(() -> cancelled.add("Worker " + number));
                }))
                .journal(journal)
                .build();
    }

    private static Mono<Decision> answer(int number) {
        return Mono.just(Decision.answer(number));
    }

    /** What comes of a run in the next process. */
    private RunResult<String> recovered(String runId) {
        called.clear();
        return TestRuns.ended(crew(SuspendTest::answer).runs().recover(runId).block(SOON));
    }

    @Test
    void suspend_stepInFlight_isCancelledAndNotRecorded() {
        Run<String> run = crew(number -> number == 0 ? answer(0) : Mono.never()).start("go");
        List<RunEvent> events = new CopyOnWriteArrayList<>();
        Mono<Void> seen = run.events().doOnNext(events::add).then();
        seen.subscribe();

        StepVerifier.create(run.suspend()).expectComplete().verify(SOON);

        assertThat(cancelled).containsExactly("Worker 1");
        StepVerifier.create(run.result())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                RunSuspendedException.class,
                                why -> assertThat(why.runId()).isEqualTo(run.runId())))
                .verify(SOON);
        StepVerifier.create(seen).expectComplete().verify(SOON);
        StepVerifier.create(run.output()).expectComplete().verify(SOON);
        assertThat(events).noneMatch(event -> event instanceof RunEvent.BranchCancelled);
        assertThat(recovered(run.runId()).answer()).isEqualTo("0,1");
        assertThat(called).as("the one that had not ended").containsExactly("Worker 1");
    }

    @Test
    void suspend_stepSucceedsWithinTheGrace_isRecordedAndNoOtherStarts() {
        Sinks.One<Decision> first = Sinks.one();
        Sinks.One<Decision> second = Sinks.one();
        Run<String> run =
                crew(number -> (number == 0 ? first : second).asMono()).start("go");
        Mono<Void> suspended = run.suspend(MINUTE).cache();
        suspended.subscribe();

        first.tryEmitValue(Decision.answer("a"));
        second.tryEmitValue(Decision.answer("b")); // the lead's turn

        StepVerifier.create(suspended).expectComplete().verify(SOON);
        assertThat(cancelled).isEmpty();
        assertThatThrownBy(() -> TestRuns.ended(run)).isInstanceOf(RunSuspendedException.class);
        assertThat(recovered(run.runId()).answer()).isEqualTo("a,b");
        assertThat(called).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void suspend_stepFailsWithinTheGrace_isNotRecorded(boolean byItsOwnDecision) {
        Sinks.One<Decision> cut = Sinks.one();
        Run<String> run = crew(number -> number == 0 ? answer(0) : cut.asMono()).start("go");
        Mono<Void> suspended = run.suspend(MINUTE).cache();
        suspended.subscribe();

        if (byItsOwnDecision) {
            cut.tryEmitValue(Decision.fail("connection closed"));
        } else {
            cut.tryEmitError(new IllegalStateException("connection closed"));
        }

        StepVerifier.create(suspended)
                .as("nothing is in flight any more")
                .expectComplete()
                .verify(SOON);
        assertThatThrownBy(() -> TestRuns.ended(run)).isInstanceOf(RunSuspendedException.class);
        assertThat(recovered(run.runId()).answer()).isEqualTo("0,1");
        assertThat(called).containsExactly("Worker 1");
    }

    @Test
    void suspend_stepFailedBefore_isRecorded() {
        Workflow<String, String> flow =
                crew(number -> number == 0 ? answer(0) : Mono.error(new IllegalStateException("its own fault")));
        Run<String> run = flow.start("go");
        assertThat(TestRuns.ended(run).status()).isEqualTo(RunResult.Status.FAILED);

        StepVerifier.create(run.suspend()).expectComplete().verify(SOON);
        StepVerifier.create(run.suspend(MINUTE)).expectComplete().verify(SOON);

        assertThat(TestRuns.ended(run).status()).isEqualTo(RunResult.Status.FAILED);
    }

    @Test
    void suspend_lastStepSucceedsWithinTheGrace_theRunEnds() {
        Sinks.One<Decision> last = Sinks.one();
        Run<String> run = TestRuns.alone(TestRuns.stepping("Solo", turn -> last.asMono()))
                .journal(journal)
                .<String>build()
                .start("go");
        Mono<Void> suspended = run.suspend(MINUTE).cache();
        suspended.subscribe();

        last.tryEmitValue(Decision.answer("done"));

        StepVerifier.create(suspended).expectComplete().verify(SOON);
        assertThat(TestRuns.ended(run).answer()).isEqualTo("done");
    }

    @Test
    void suspend_graceLessThanTheStep_isCutExactlyThen() {
        try (UndisturbedTime time = UndisturbedTime.begin()) {
            Run<String> run = crew(number -> Mono.delay(Duration.ofSeconds(10)).map(any -> Decision.answer(number)))
                    .start("go");
            List<String> done = new ArrayList<>();
            run.suspend(Duration.ofMillis(9_999)).subscribe(any -> {}, any -> {}, () -> done.add("suspended"));

            time.advanceTimeBy(Duration.ofMillis(9_998));
            assertThat(done).isEmpty();
            assertThat(cancelled).isEmpty();
            time.advanceTimeBy(Duration.ofMillis(1));

            assertThat(done).containsExactly("suspended");
            assertThat(cancelled).containsExactlyInAnyOrder("Worker 0", "Worker 1");
        }
    }

    @Test
    void suspend_deadlinesThatPassWithinTheGrace_areNotRecorded() {
        try (UndisturbedTime time = UndisturbedTime.begin()) {
            Sinks.One<Decision> late = Sinks.one();
            Workflow<String, String> flow = TestRuns.crew(
                            TestRuns.forking(2),
                            TestRuns.stepping("Worker", turn -> turn.input().equals(0) ? answer(0) : late.asMono()))
                    .join(Join.all().within(Duration.ofSeconds(5)))
                    .limits(Limits.time(Duration.ofSeconds(6)))
                    .journal(journal)
                    .build();
            Run<String> run = flow.start("go");
            run.suspend(MINUTE).subscribe();
            long before = journal.read(run.runId(), 0).count().block();

            time.advanceTimeBy(Duration.ofSeconds(30));

            assertThat(journal.read(run.runId(), 0).count().block()).isEqualTo(before);
        }
    }

    @Test
    void suspend_calledByMany_isOnce() {
        Run<String> run = crew(number -> Mono.never()).start("go");
        List<Mono<Void>> all = new ArrayList<>();
        for (int at = 0; at < 8; at++) {
            Mono<Void> one =
                    run.suspend(at == 0 ? Duration.ofMillis(20) : MINUTE).cache();
            one.subscribe();
            all.add(one);
        }

        StepVerifier.create(Mono.when(all)).expectComplete().verify(SOON);
        assertThat(cancelled).hasSize(2);
    }

    @Test
    void suspend_notSubscribed_doesNothing() {
        Sinks.One<Decision> last = Sinks.one();
        Run<String> run = crew(number -> last.asMono()).start("go");
        var unused = run.suspend();

        last.tryEmitValue(Decision.answer("x"));

        assertThat(TestRuns.ended(run).answer()).isEqualTo("x,x");
    }

    @Test
    void suspend_withoutAJournal_isAnError() {
        Run<String> run = TestRuns.alone(TestRuns.stepping("Solo", turn -> Mono.never()))
                .<String>build()
                .start("go");

        StepVerifier.create(run.suspend())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining(run.runId())
                        .hasMessageContaining("no journal"))
                .verify(SOON);
        run.cancel();
        assertThat(TestRuns.ended(run).status()).isEqualTo(RunResult.Status.CANCELLED);
    }

    @Test
    void suspend_badGrace_isRefused() {
        Run<String> run = crew(number -> Mono.never()).start("go");

        assertThatNullPointerException().isThrownBy(() -> run.suspend(null)).withMessage("grace");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> run.suspend(Duration.ofMillis(-1)))
                .withMessageContaining("-0.001");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> run.suspend(Duration.ofSeconds(Long.MAX_VALUE)))
                .withMessageContaining("292 years");
        run.suspend().block(SOON);
    }

    // --- what else is called meanwhile

    @Test
    void cancelAndPause_afterTheCall_areNotRecorded() {
        Run<String> run = crew(number -> Mono.never()).start("go");
        Mono<Void> suspended = run.suspend(Duration.ofMillis(50)).cache();
        suspended.subscribe();

        run.cancel();
        run.pause();
        run.resume();

        assertThat(cancelled).isEmpty();
        StepVerifier.create(suspended).expectComplete().verify(SOON);
        assertThat(recovered(run.runId()).answer()).isEqualTo("0,1");
    }

    @Test
    void run_itsSubscriberIsCancelledAfterTheCall_isNotRecorded() {
        Workflow<String, String> flow = crew(number -> Mono.never());
        var subscription = flow.run("go").subscribe(any -> {}, any -> {});
        Mono<Drained> drained = flow.runs().shutdown(Duration.ofMillis(50)).cache();
        drained.subscribe();

        subscription.dispose(); // as a server does that closes its connections

        assertThat(drained.block(SOON).suspended()).isOne();
        Recovery<String> recovery =
                crew(SuspendTest::answer).runs().recoverAll().block(SOON);
        assertThat(recovery.recovered())
                .singleElement()
                .satisfies(run -> assertThat(TestRuns.ended(run).answer()).isEqualTo("0,1"));
    }

    private Workflow<String, String> asking(Journal where) {
        return TestRuns.alone(TestRuns.deciding(
                        "Solo",
                        turn -> turn.reason() == Turn.Reason.ANSWERED
                                ? Decision.answer("told " + turn.answer())
                                : Decision.ask("what?")))
                .journal(where)
                .build();
    }

    @Test
    void answer_afterTheCall_isAnErrorAndTheQuestionStays() {
        Run<String> run = asking(journal).start("go");
        run.suspend().block(SOON);

        StepVerifier.create(run.answer("q0", "lost"))
                .expectError(RunSuspendedException.class)
                .verify(SOON);

        Run<String> recovered = asking(journal).runs().recover(run.runId()).block(SOON);
        assertThat(recovered.questions()).hasSize(1);
        assertThat(recovered.answer("q0", "me").block(SOON)).isTrue();
        assertThat(TestRuns.ended(recovered).answer()).isEqualTo("told me");
    }

    @Test
    void answer_thatIsBeingWritten_isTrueAndInTheJournal() {
        Sinks.Empty<Void> gate = Sinks.empty();
        Odd slow = new Odd(append -> append.number() == 3 ? gate.asMono().then(append.as()) : append.as());
        Run<String> run = asking(slow).start("go");
        Mono<Boolean> answer = run.answer("q0", "me").cache();
        answer.subscribe();
        Mono<Void> suspended = run.suspend().cache();
        suspended.subscribe();

        gate.tryEmitEmpty();

        assertThat(answer.block(SOON)).isTrue();
        StepVerifier.create(suspended).expectComplete().verify(SOON);
        Run<String> recovered = asking(slow).runs().recover(run.runId()).block(SOON);
        assertThat(TestRuns.ended(recovered).answer()).isEqualTo("told me");
    }

    // --- what does not end by itself

    @Test
    void suspend_stepsWaitForAPermit_theyNeverStart() {
        Sinks.One<Decision> first = Sinks.one();
        StepEngine engine = StepEngine.builder().maxInFlight(1).build();
        Workflow<String, String> flow = TestRuns.crew(
                        TestRuns.deciding(
                                "Lead",
                                turn -> turn.reason() == Turn.Reason.JOINED
                                        ? Decision.answer(TestRuns.joined(turn))
                                        : Decision.fanOut(TestRuns.invocations("Worker", 3))),
                        TestRuns.stepping("Worker", turn -> {
                            called.add("Worker " + turn.input());
                            return first.asMono();
                        }))
                .engine(engine)
                .journal(journal)
                .build();
        Run<String> run = flow.start("go");
        Mono<Drained> drained = flow.runs().shutdown(MINUTE).cache();
        drained.subscribe();

        first.tryEmitValue(Decision.answer("x"));

        assertThat(drained.block(SOON)).isEqualTo(new Drained(0, 1, 0, 1, 0));
        assertThat(called).containsExactly("Worker 0");
        assertThatThrownBy(() -> TestRuns.ended(run)).isInstanceOf(RunSuspendedException.class);
    }

    @Test
    void suspend_anAgentKeepsTheThread_isSuspendedAllTheSame() throws Exception {
        CountDownLatch kept = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        Workflow<String, String> flow = TestRuns.alone(TestRuns.stepping("Solo", turn -> {
                    called.add("Solo");
                    if (called.size() == 1) {
                        kept.countDown();
                        TestRuns.awaitUninterruptibly(release);
                    }
                    return Mono.just(Decision.answer("x"));
                }))
                .journal(journal)
                .build();
        Thread starter = new Thread(() -> flow.start("go"));
        starter.setDaemon(true);
        starter.start();
        assertThat(kept.await(20, TimeUnit.SECONDS)).isTrue();

        Drained drained = flow.runs().shutdown(Duration.ZERO).block(SOON);

        assertThat(drained).isEqualTo(new Drained(0, 1, 0, 0, 1));
        Workflow<String, String> next = TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.answer("later")))
                .journal(journal)
                .build();
        List<Run<String>> recovered = next.runs().recoverAll().block(SOON).recovered();
        assertThat(TestRuns.ended(recovered.get(0)).answer()).isEqualTo("later");
        release.countDown();
        starter.join(20_000);
        assertThat(next.runs().replay(recovered.get(0).runId()).block(SOON).status())
                .as("the thread that came back has written nothing")
                .isEqualTo(RunState.Status.SUCCEEDED);
    }

    @Test
    void suspend_journalDoesNotAnswer_waitsForItNoLongerThanItsTimeout() {
        Odd silent = new Odd(append -> append.number() == 2 ? Mono.never() : append.as());
        Workflow<String, String> flow = TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.ask("what?")))
                .journal(silent)
                .journalTimeout(Duration.ofMillis(300))
                .build();
        Run<String> run = flow.start("go");

        assertThat(flow.runs().shutdown(Duration.ZERO).block(SOON)).isEqualTo(new Drained(0, 0, 1, 0, 0));
        StepVerifier.create(run.result())
                .expectError(JournalTimeoutException.class)
                .verify(SOON);
    }

    @Test
    void suspend_aSubscriberOfTheResultBlocks_completesAllTheSame() {
        CountDownLatch release = new CountDownLatch(1);
        Run<String> run = crew(number -> Mono.never()).start("go");
        run.result().subscribe(any -> {}, error -> TestRuns.awaitUninterruptibly(release));

        try {
            StepVerifier.create(run.suspend(Duration.ofMillis(1)))
                    .expectComplete()
                    .verify(SOON);
        } finally {
            release.countDown();
        }
    }

    @Test
    void suspend_againAndAgain_isRecoveredEachTime() {
        Workflow<String, String> flow = crew(number -> Mono.never());
        Run<String> run = flow.start("go");
        for (int time = 0; time < 3; time++) {
            run.suspend().block(SOON);
            run = flow.runs().recover(run.runId()).block(SOON);
        }
        run.suspend().block(SOON);

        assertThat(recovered(run.runId()).answer()).isEqualTo("0,1");
    }
}
