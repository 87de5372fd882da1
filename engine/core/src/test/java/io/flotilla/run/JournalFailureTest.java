package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalClosedException;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.StaleAppendException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** A run whose journal fails, or takes its time. */
@Timeout(60)
class JournalFailureTest {

    private final Scheduler other = Schedulers.newSingle("journal");
    private final List<String> cancelled = new CopyOnWriteArrayList<>();

    @AfterEach
    void dispose() {
        other.dispose();
    }

    /** One in memory, whose appends are what {@code how} makes of them. */
    static final class Odd extends ForwardingJournal {

        final AtomicInteger appends = new AtomicInteger();
        final AtomicInteger most = new AtomicInteger();
        final Function<Append, Mono<Long>> how;

        record Append(int number, List<JournalEntry> entries, Mono<Long> as) {}

        Odd(Function<Append, Mono<Long>> how) {
            super(Journal.inMemory());
            this.how = how;
        }

        @Override
        public Mono<Long> append(String runId, long expected, List<JournalEntry> entries) {
            most.accumulateAndGet(entries.size(), Math::max);
            return how.apply(new Append(appends.incrementAndGet(), entries, kept.append(runId, expected, entries)));
        }
    }

    @Test
    void cancel_journalNeverAnswersAnyMore_cancelsTheStepsInFlightAndStartsNoMore() {
        Sinks.One<Decision> first = Sinks.one();
        Odd journal = new Odd(append -> append.number() == 2 ? Mono.never() : append.as());
        Agent<Turn, Decision> worker = Agent.of(
                "Worker",
                (turn, context) -> Mono.<Decision>never().doOnCancel(() -> cancelled.add("Worker " + turn.input())));
        Agent<Turn, Decision> lead =
                TestRuns.deciding("Lead", turn -> Decision.fanOut(TestRuns.invocations("Worker", 3)));
        Run<String> run = TestRuns.crew(lead, worker)
                .journal(new Odd(append -> append.number() > 2 ? Mono.never() : append.as()))
                .<String>build()
                .start("task");
        run.cancel();
        assertThat(cancelled).containsExactly("Worker 2", "Worker 1", "Worker 0");
        Run<String> other = TestRuns.alone(
                        Agent.of("Solo", (turn, context) -> first.asMono().doOnCancel(() -> cancelled.add("Solo"))))
                .journal(journal)
                .<String>build()
                .start("task");
        other.cancel();
        other.cancel();
        assertThat(cancelled).last().isEqualTo("Solo");
    }

    @Test
    void cancel_whileAnEndIsBeingRecorded_startsNoMoreSteps() {
        Sinks.One<Long> recorded = Sinks.one();
        List<String> called = new CopyOnWriteArrayList<>();
        Odd journal = new Odd(append -> append.number() == 2 ? recorded.asMono().then(append.as()) : append.as());
        Agent<Turn, Decision> solo = TestRuns.deciding("Solo", turn -> {
            called.add(turn.reason() + " " + turn.input());
            return Decision.repeat("more");
        });
        Run<String> run = TestRuns.alone(solo).journal(journal).<String>build().start("task");
        run.cancel();
        recorded.tryEmitValue(0L);
        assertThat(TestRuns.ended(run).status()).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(called).containsExactly("REQUESTED task");
    }

    enum Way {
        /** The signal is an error. */
        ERROR,
        /** The same, on another thread. */
        LATER,
        /** The call throws. */
        THROWN,
        /** It was closed in between. */
        CLOSED
    }

    private final IllegalStateException full = new IllegalStateException("disk full");

    private Odd failing(int at, Way way) {
        List<Odd> itself = new ArrayList<>();
        Odd odd = new Odd(append -> {
            if (append.number() < at) {
                return append.as();
            }
            return switch (way) {
                case ERROR -> Mono.error(full);
                case LATER -> Mono.<Long>error(full).publishOn(other);
                case THROWN -> throw full;
                case CLOSED -> itself.get(0).close().then(append.as());
            };
        });
        itself.add(odd);
        return odd;
    }

    /** Three workers, of whom the last never ends; the first to answer is enough, so it is cancelled in the end. */
    private Workflow<String, String> crew(Journal journal) {
        Agent<Turn, Decision> worker = TestRuns.stepping(
                "Worker",
                turn -> turn.input().equals(2)
                        ? Mono.<Decision>never().doOnCancel(() -> cancelled.add("2"))
                        : Mono.just(Decision.answer(turn.input())));
        return TestRuns.crew(TestRuns.forking(3), worker)
                .join(Join.atLeast(2))
                .journal(journal)
                .build();
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void append_failsAtTheNth_theRunEndsWithItAndDidNothingThatIsNotDurable(Way way) {
        int appends = 0;
        for (int at = 1; ; at++) {
            cancelled.clear();
            Odd journal = failing(at, way);
            Run<String> run = crew(journal).start("go");
            List<RunEvent> events = new CopyOnWriteArrayList<>();
            run.events().onErrorComplete().doOnNext(events::add).blockLast(TestRuns.SOON);
            if (journal.appends.get() < at) {
                appends = at - 1;
                break;
            }
            boolean note = !events.isEmpty() && events.get(events.size() - 1) instanceof RunEvent.RunFinished;
            if (note) {
                assertThat(run.result().block(TestRuns.SOON).status())
                        .as("only the note is missing")
                        .isEqualTo(RunResult.Status.SUCCEEDED);
            } else {
                assertThatThrownBy(() -> run.result().block(TestRuns.SOON))
                        .as("append %s", at)
                        .isInstanceOf(way == Way.CLOSED ? JournalClosedException.class : IllegalStateException.class);
                if (way != Way.CLOSED && at > 1) {
                    List<RunEvent> durable = crew(journal)
                            .runs()
                            .events(run.runId())
                            .collectList()
                            .block();
                    assertThat(events).as("append %s", at).isEqualTo(durable);
                }
                if (at == 3) {
                    assertThat(cancelled).as("in flight when it broke").containsExactly("2");
                }
            }
        }
        assertThat(appends).isEqualTo(5);
    }

    @Test
    void append_slowAndOnAnotherThread_isTheSameRun() {
        Odd slow = new Odd(append -> append.as().delayElement(Duration.ofMillis(2), other));
        Run<String> run = crew(slow).start("go");

        assertThat(run.result().block(TestRuns.SOON).answers()).containsExactly("0,1");
        assertThat(crew(slow).runs().events(run.runId()).collectList().block())
                .isEqualTo(run.events().collectList().block());
        assertThat(cancelled).containsExactly("2");
    }

    @Test
    void append_neverCompletes_nothingIsStarted() {
        Run<String> run = crew(new Odd(append -> Mono.never())).start("go");
        run.cancel();
        List<RunEvent> events = new CopyOnWriteArrayList<>();
        run.events().subscribe(events::add, silent -> {}); // gives up much later

        assertThat(events).isEmpty();
        assertThat(cancelled).isEmpty();
    }

    @Test
    void cancel_whileAnAppendIsUnderWay_isAtOnceAndRecordedAfterIt() {
        Sinks.Empty<Void> gate = Sinks.empty();
        Odd gated = new Odd(append -> append.number() == 3 ? gate.asMono().then(append.as()) : append.as());
        Run<String> run = crew(gated).start("go"); // append 3 is of the answers
        run.cancel();
        assertThat(cancelled).as("the step in flight").containsExactly("2");
        gate.tryEmitEmpty();

        RunResult<String> result = run.result().block(TestRuns.SOON);
        assertThat(result.status()).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(cancelled).containsExactly("2");
        assertThat(crew(gated).runs().replay(run.runId()).block().status()).isEqualTo(RunState.Status.CANCELLED);
    }

    @Test
    void cancel_whileTheFirstAppendIsUnderWay_startsNothing() {
        Sinks.Empty<Void> gate = Sinks.empty();
        Odd gated = new Odd(append -> append.number() == 1 ? gate.asMono().then(append.as()) : append.as());
        Run<String> run = TestRuns.alone(TestRuns.stepping(
                        "Solo", turn -> Mono.<Decision>never().doOnCancel(() -> cancelled.add("solo"))))
                .journal(gated)
                .build()
                .start("go");
        run.cancel();
        gate.tryEmitEmpty();

        assertThat(run.result().block(TestRuns.SOON).status()).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(cancelled).isEmpty();
    }

    @Test
    void append_tenThousandBranchesAndASlowJournal_shareAppends() {
        Odd slow = new Odd(append -> append.as().delayElement(Duration.ofMillis(20), other));
        Run<String> run = TestRuns.crew(
                        TestRuns.forking(10_000),
                        TestRuns.stepping(
                                "Worker",
                                turn -> Mono.just(Decision.answer("w")).delayElement(Duration.ofMillis(5))))
                .journal(slow)
                .build()
                .start("go");

        assertThat(run.result().block(TestRuns.SOON).steps()).isEqualTo(10_002);
        assertThat(slow.kept.read(run.runId(), 0).count().block()).isEqualTo(10_004);
        System.out.println("appends of a run with 10,000 branches: " + slow.appends);
        assertThat(slow.appends.get()).isLessThan(1_000);
        assertThat(slow.most.get()).isGreaterThan(10);
        assertThat(crew(slow).runs().list(JournalFilter.all()).blockFirst().lastType())
                .isEqualTo("run-finished");
    }

    @Test
    void append_staleInBetween_theRunEndsWithIt() {
        Odd journal = new Odd(Odd.Append::as);
        Run<String> run = TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.ask("what?")))
                .journal(journal)
                .build()
                .start("go");
        journal.kept.delete(run.runId()).block();
        StepVerifier.create(run.answer("q0", "x"))
                .expectError(StaleAppendException.class)
                .verify(TestRuns.SOON);

        assertThatThrownBy(() -> run.result().block(TestRuns.SOON)).isInstanceOf(StaleAppendException.class);
        assertThat(run.questions()).isEmpty();
    }
}
