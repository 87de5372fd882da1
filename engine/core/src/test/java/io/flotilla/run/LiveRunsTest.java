package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalClosedException;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.PayloadException;
import io.flotilla.journal.RunSummary;
import io.flotilla.run.JournalFailureTest.Odd;
import io.flotilla.topology.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** A run is live once, a recovery leaves no run out in silence, and a submitted run is in the journal. */
@Timeout(60)
class LiveRunsTest {

    /** A journal that reads what {@code reading} gives. */
    private static final class Unreadable extends ForwardingJournal {

        private final Supplier<Flux<JournalEntry>> reading;

        Unreadable(Journal kept, Supplier<Flux<JournalEntry>> reading) {
            super(kept);
            this.reading = reading;
        }

        @Override
        public Flux<JournalEntry> read(String runId, long fromSequence) {
            return Flux.defer(reading);
        }
    }

    private final Journal journal = Journal.inMemory();
    private final AtomicInteger called = new AtomicInteger();

    private Workflow<String, String> asking(Journal where) {
        return TestRuns.alone(TestRuns.deciding("Solo", turn -> {
                    called.incrementAndGet();
                    return turn.reason() == Turn.Reason.ANSWERED
                            ? Decision.answer("told " + turn.answer())
                            : Decision.ask("what?");
                }))
                .journal(where)
                .build();
    }

    // --- live once

    @Test
    void recover_aRunThatWasStartedHere_isAnErrorAndTheRunIsNotTouched() {
        Workflow<String, String> flow = asking(journal);
        Run<String> run = flow.start("go");

        assertThatThrownBy(() -> flow.runs().recover(run.runId()).block(TestRuns.SOON))
                .isInstanceOfSatisfying(
                        RunAlreadyLiveException.class,
                        live -> assertThat(live.runId()).isEqualTo(run.runId()))
                .hasMessageContaining(run.runId());
        assertThatThrownBy(() -> asking(journal).runs().recover(run.runId()).block(TestRuns.SOON))
                .as("another workflow object over the same journal")
                .isInstanceOf(RunAlreadyLiveException.class);
        assertThat(run.answer("q0", "me").block(TestRuns.SOON)).isTrue();
        assertThat(TestRuns.ended(run).answers()).containsExactly("told me");
    }

    @Test
    void recover_aRunThatWasRecoveredHere_isAnErrorUntilItHasEnded() {
        String runId = asking(journal).start("go").runId();
        Runs<String> here = asking(new ForwardingJournal(journal)).runs();
        Run<String> recovered = here.recover(runId).block(TestRuns.SOON);

        assertThatThrownBy(() -> here.recover(runId).block(TestRuns.SOON)).isInstanceOf(RunAlreadyLiveException.class);
        recovered.answer("q0", "me").block(TestRuns.SOON);

        assertThat(TestRuns.ended(recovered).answers()).containsExactly("told me");
        assertThat(TestRuns.ended(here.recover(runId).block(TestRuns.SOON)).answers())
                .as("ended runs can be recovered as often as one likes")
                .containsExactly("told me");
        assertThat(TestRuns.ended(here.recover(runId).block(TestRuns.SOON)).answers())
                .containsExactly("told me");
    }

    @Test
    void recover_aRunThatHasBrokenDownHere_works() {
        Odd odd = new Odd(append -> append.number() == 3 ? Mono.error(new IllegalStateException("disk")) : append.as());
        Workflow<String, String> flow = asking(odd);
        Run<String> run = flow.start("go");
        assertThatThrownBy(() -> run.answer("q0", "lost").block(TestRuns.SOON)).hasMessage("disk");

        Run<String> recovered = flow.runs().recover(run.runId()).block(TestRuns.SOON);

        assertThat(recovered.answer("q0", "me").block(TestRuns.SOON)).isTrue();
        assertThat(TestRuns.ended(recovered).answers()).containsExactly("told me");
    }

    @Test
    void recover_thatFailsOrIsCancelled_leavesTheRunToBeRecovered() {
        String runId = asking(journal).start("go").runId();
        AtomicInteger reads = new AtomicInteger();
        Journal late = new Unreadable(journal, () -> switch (reads.incrementAndGet()) {
            case 1 -> Flux.error(new IllegalStateException("disk"));
            case 2 -> Flux.never();
            default -> journal.read(runId, 0);
        });
        Runs<String> runs = asking(late).runs();

        assertThatThrownBy(() -> runs.recover(runId).block(TestRuns.SOON)).hasMessage("disk");
        Disposable reading = runs.recover(runId).subscribe();
        assertThatThrownBy(() -> runs.recover(runId).block(TestRuns.SOON)).isInstanceOf(RunAlreadyLiveException.class);
        reading.dispose();

        assertThat(runs.recover(runId).block(TestRuns.SOON).questions()).hasSize(1);
    }

    @RepeatedTest(50)
    void recover_manyAtOnce_exactlyOneIsLive() {
        String runId = asking(journal).start("go").runId();
        Runs<String> runs = asking(new ForwardingJournal(journal)).runs();
        List<Throwable> refused = new CopyOnWriteArrayList<>();

        List<Run<String>> live = Flux.range(0, 4)
                .flatMap(
                        any -> runs.recover(runId)
                                .subscribeOn(Schedulers.boundedElastic())
                                .onErrorResume(refusal -> {
                                    refused.add(refusal);
                                    return Mono.empty();
                                }),
                        4)
                .collectList()
                .block(TestRuns.SOON);

        assertThat(live).hasSize(1);
        assertThat(refused).hasSize(3).allMatch(refusal -> refusal instanceof RunAlreadyLiveException);
    }

    // --- all of them

    /** As {@link #asking}, over another topology: the agent asks at once, or first hands over to one that is renamed. */
    private Workflow<String, String> deploy(Journal where, String second) {
        return Workflow.builder(
                        Topology.parse("start -> Solo\nSolo -> " + second + ", user, end\n" + second + " -> user, end"),
                        String.class)
                .agent(
                        "Solo",
                        TestRuns.deciding(
                                "Solo",
                                turn -> turn.reason() == Turn.Reason.ANSWERED
                                        ? Decision.answer("told " + turn.answer())
                                        : "far".equals(turn.input())
                                                ? Decision.handOff(second, "there")
                                                : Decision.ask("what?")))
                .agent(second, TestRuns.deciding(second, turn -> Decision.ask("what?")))
                .journal(where)
                .build();
    }

    @Test
    void recoverAll_someRunsDoNotFitAnyMore_theOthersContinueAndEachFailureIsSaid() {
        Workflow<String, String> old = deploy(journal, "Second");
        List<String> fit = new ArrayList<>();
        List<String> unfit = new ArrayList<>();
        for (int pair = 0; pair < 3; pair++) {
            unfit.add(old.start("far").runId());
            fit.add(old.start("near").runId());
        }
        Workflow<String, String> renamed = deploy(new ForwardingJournal(journal), "Renamed");

        Recovery<String> recovery = renamed.runs().recoverAll().block(TestRuns.SOON);

        assertThat(recovery.recovered()).extracting(Run::runId).containsExactlyInAnyOrderElementsOf(fit);
        assertThat(recovery.failures()).extracting(Recovery.Failure::runId).containsExactlyInAnyOrderElementsOf(unfit);
        assertThat(recovery.failures())
                .extracting(failure -> failure.cause().getMessage())
                .allSatisfy(reason -> assertThat(reason).contains("Second", "is gone"));
        assertThat(recovery.live()).isEmpty();
        assertThat(recovery.otherWorkflows()).isEmpty();
        assertThat(recovery.toString())
                .startsWith("Recovery[recovered=3, failed=3, live=0, otherWorkflows={}]")
                .contains(unfit);
        for (Run<String> run : recovery.recovered()) {
            assertThat(run.answer("q0", "me").block(TestRuns.SOON)).isTrue();
            assertThat(TestRuns.ended(run).answers()).containsExactly("told me");
        }
        assertThat(old.runs().replay(unfit.get(0)).block(TestRuns.SOON).status())
                .as("the journal has those that failed as they were")
                .isEqualTo(RunState.Status.RUNNING);
    }

    @Test
    void recoverAll_workflowRenamed_saysWhoseTheRunsAre() {
        asking(journal).start("go");
        asking(journal).start("go");

        Recovery<String> recovery = TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.ask("what?")))
                .name("renamed")
                .journal(new ForwardingJournal(journal))
                .<String>build()
                .runs()
                .recoverAll()
                .block(TestRuns.SOON);

        assertThat(recovery.recovered()).isEmpty();
        assertThat(recovery.otherWorkflows()).containsExactly(Map.entry(Workflow.DEFAULT_NAME, 2L));
    }

    @Test
    void recoverAll_runsThatAreLiveHere_areNamedAndNotTouched() {
        Workflow<String, String> flow = asking(journal);
        Run<String> live = flow.start("go");
        Run<String> ended = flow.start("go");
        ended.answer("q0", "me").block(TestRuns.SOON);
        TestRuns.ended(ended);

        Recovery<String> recovery = flow.runs().recoverAll().block(TestRuns.SOON);

        assertThat(recovery.live()).containsExactly(live.runId());
        assertThat(recovery.recovered()).isEmpty();
        assertThat(recovery.failures()).isEmpty();
        assertThat(live.answer("q0", "me").block(TestRuns.SOON)).isTrue();
    }

    @Test
    void recoverAll_journalClosed_isAnError() {
        Workflow<String, String> flow = asking(journal);
        journal.close().block(TestRuns.SOON);

        StepVerifier.create(flow.runs().recoverAll())
                .expectError(JournalClosedException.class)
                .verify(TestRuns.SOON);
    }

    // --- submitted

    @Test
    void submit_completesWhenTheStartIsInTheJournalAndNotBefore() {
        Sinks.One<Long> written = Sinks.one();
        Odd slow = new Odd(append -> append.number() == 1 ? written.asMono().then(append.as()) : append.as());
        AtomicReference<Run<String>> submitted = new AtomicReference<>();

        asking(slow).submit("go").subscribe(submitted::set);
        assertThat(submitted).hasNullValue();
        assertThat(called).hasValue(0);
        written.tryEmitValue(0L);

        Run<String> run = Mono.fromSupplier(submitted::get)
                .repeatWhenEmpty(Integer.MAX_VALUE, again -> again)
                .block(TestRuns.SOON);
        assertThat(slow.list(JournalFilter.all())
                        .map(RunSummary::runId)
                        .collectList()
                        .block(TestRuns.SOON))
                .containsExactly(run.runId());
    }

    @Test
    void submit_notSubscribed_startsNothing_subscribedTwice_startsTwo() {
        Mono<Run<String>> submit = asking(journal).submit("go");
        assertThat(called).hasValue(0);

        assertThat(submit.block(TestRuns.SOON).runId())
                .isNotEqualTo(submit.block(TestRuns.SOON).runId());
        assertThat(called).hasValue(2);
    }

    @Test
    void submit_withoutAJournal_isARunThatHasStarted() {
        Run<String> run = TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.answer("a " + turn.input())))
                .<String>build()
                .submit("go")
                .block(TestRuns.SOON);

        assertThat(TestRuns.ended(run).answers()).containsExactly("a go");
        assertThatNullPointerException()
                .isThrownBy(() -> asking(journal).submit(null))
                .withMessage("task");
    }

    @Test
    void submit_theJournalFails_isThatErrorAndNoAgentIsCalled() {
        journal.close().block(TestRuns.SOON);

        StepVerifier.create(asking(journal).submit("go"))
                .expectError(JournalClosedException.class)
                .verify(TestRuns.SOON);
        assertThat(called).hasValue(0);
    }

    @Test
    void submit_aTaskThatCannotBeWritten_isAPayloadException() {
        Workflow<Object, String> flow = TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.answer("a")))
                .journal(journal)
                .build();

        StepVerifier.create(flow.submit(new Object()))
                .expectError(PayloadException.class)
                .verify(TestRuns.SOON);
        assertThat(journal.list(JournalFilter.all()).collectList().block(TestRuns.SOON))
                .isEmpty();
    }

    @Test
    void submit_context_reachesTheSteps() {
        Run<String> run = TestRuns.alone(Agent.of(
                        "Solo",
                        (turn, context) ->
                                Mono.deferContextual(inside -> Mono.just(Decision.answer(inside.get("who"))))))
                .journal(journal)
                .<String>build()
                .submit("go")
                .contextWrite(context -> context.put("who", "me"))
                .block(TestRuns.SOON);

        assertThat(TestRuns.ended(run).answers()).containsExactly("me");
    }

    // --- nobody hears of it

    private List<String> errorsLoggedWhile(Runnable what) {
        Logger logger = (Logger) LoggerFactory.getLogger(Run.class);
        ListAppender<ILoggingEvent> appender = new ListAppender<>();
        appender.list = new CopyOnWriteArrayList<>();
        appender.start();
        Level before = logger.getLevel();
        logger.setLevel(Level.ERROR);
        logger.addAppender(appender);
        try {
            what.run();
        } finally {
            logger.detachAppender(appender);
            logger.setLevel(before);
        }
        return appender.list.stream()
                .filter(logged -> logged.getLevel() == Level.ERROR)
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    @Test
    void breakdown_nobodySubscribed_isOneErrorLine() {
        journal.close().block(TestRuns.SOON);
        AtomicReference<Run<String>> run = new AtomicReference<>();

        List<String> errors = errorsLoggedWhile(() -> run.set(asking(journal).start("go")));

        assertThat(errors)
                .singleElement()
                .satisfies(line ->
                        assertThat(line).contains("has broken down", run.get().runId()));
        StepVerifier.create(run.get().result())
                .expectError(JournalClosedException.class)
                .verify(TestRuns.SOON);
    }

    @Test
    void breakdown_somebodySubscribed_isNoErrorLine() {
        journal.close().block(TestRuns.SOON);
        Odd broken =
                new Odd(append -> append.number() == 2 ? Mono.error(new IllegalStateException("disk")) : append.as());
        Agent<Turn, Decision> slow = Agent.of("Solo", (turn, context) -> Mono.never());

        assertThat(errorsLoggedWhile(() -> {
                    asking(journal).run("go").subscribe(any -> {}, error -> {});
                    asking(journal).submit("go").subscribe(any -> {}, error -> {});
                    Run<String> watched =
                            TestRuns.alone(slow).journal(broken).<String>build().start("go");
                    watched.events().subscribe(any -> {}, error -> {});
                    watched.pause();
                }))
                .isEmpty();
    }
}
