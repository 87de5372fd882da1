package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.step.StepEngine;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;

/** What a deploy may change between two starts of a process: runs recorded before are followed and gone on with. */
@Timeout(60)
class SettingsAreNoHistoryTest {

    private static final String ANSWER = "0,1,2,3,4";

    private final Journal journal = Journal.inMemory();

    /** Five workers, each of which repeats its turn once. */
    private Workflow.Builder<String> crew(int concurrency) {
        return TestRuns.crew(
                        TestRuns.forking(5),
                        TestRuns.deciding(
                                "Worker",
                                turn -> turn.input() instanceof Integer worker && worker < 10
                                        ? Decision.repeat(worker + 10)
                                        : Decision.answer((Integer) turn.input() - 10)))
                .engine(StepEngine.builder().concurrency(concurrency).build())
                .journal(journal);
    }

    /** Cuts the run after each of its facts, and goes on with what is left in the workflow as it is now. */
    private void assertGoesOn(String runId, UnaryOperator<Workflow.Builder<String>> now, int concurrency) {
        List<JournalEntry> entries = journal.read(runId, 0).collectList().block();
        Runs<String> whole = now.apply(crew(concurrency)).build().runs();
        assertThat(whole.replay(runId).block().status()).isEqualTo(RunState.Status.SUCCEEDED);
        for (int facts = 1; facts <= entries.size(); facts++) {
            String cut = runId + "-" + concurrency + "-" + facts;
            journal.append(cut, 0, entries.subList(0, facts)).block();
            Runs<String> runs = now.apply(crew(concurrency)).build().runs();

            Run<String> recovered = runs.recover(cut).block(TestRuns.SOON);
            assertThat(recovered.result().block(TestRuns.SOON).answers())
                    .as("recovered after %s facts", facts)
                    .containsExactly(ANSWER);
            assertThat(runs.replay(cut).block().status()).isEqualTo(RunState.Status.SUCCEEDED);
        }
    }

    @ParameterizedTest
    @CsvSource({"256, 1", "1, 256", "2, 3", "3, 2"})
    void concurrency_anotherAtTheNextStart_isNoDivergence(int then, int now) {
        Run<String> run = crew(then).build().start("go");
        assertThat(run.result().block(TestRuns.SOON).answers()).containsExactly(ANSWER);

        assertGoesOn(run.runId(), builder -> builder, now);
    }

    @Test
    void stepTimeoutAndEventHistory_othersAtTheNextStart_areNoDivergence() {
        Run<String> run = crew(2).eventHistory(1).build().start("go");
        run.result().block(TestRuns.SOON);

        assertGoesOn(
                run.runId(),
                builder -> builder.eventHistory(1_000)
                        .engine(StepEngine.builder()
                                .concurrency(4)
                                .stepTimeout(Duration.ofSeconds(50))
                                .build()),
                4);
    }

    @Test
    void deadlinesOfRunAndJoins_addedAtTheNextStart_areNoDivergence() {
        Run<String> run = crew(2).build().start("go");
        run.result().block(TestRuns.SOON);

        assertGoesOn(
                run.runId(),
                builder -> builder.limits(Limits.time(Duration.ofDays(3_650)))
                        .join(Join.all().within(Duration.ofDays(3_650)))
                        .joinAt("end", Join.all().within(Duration.ofDays(3_650))),
                2);
    }

    @Test
    void deadlinesOfRunAndJoins_leftOutAtTheNextStart_areNoDivergence() {
        Run<String> run = crew(2).limits(Limits.time(Duration.ofDays(3_650)))
                .join(Join.all().within(Duration.ofDays(3_650)))
                .build()
                .start("go");
        run.result().block(TestRuns.SOON);

        assertGoesOn(run.runId(), builder -> builder, 2);
    }

    /** The step that ends first would wait for a place now: that it has ended stands in the journal. */
    @Test
    void recover_moreStepsWereInFlightThanMayBeNow_startsAsManyAsMayBe() {
        Workflow.Builder<String> then = TestRuns.crew(
                TestRuns.forking(5),
                TestRuns.stepping(
                        "Worker", turn -> turn.input().equals(4) ? Mono.just(Decision.answer(4)) : Mono.never()));
        Run<String> run = then.journal(journal).build().start("go");
        run.events().ofType(RunEvent.BranchAnswered.class).blockFirst(TestRuns.SOON);
        String cut = run.runId() + "-cut";
        journal.append(
                        cut,
                        0,
                        journal.read(run.runId(), 0).take(3).collectList().block())
                .block();

        AtomicInteger inFlight = new AtomicInteger();
        List<Object> called = new CopyOnWriteArrayList<>();
        Run<String> recovered = TestRuns.crew(TestRuns.forking(5), TestRuns.stepping("Worker", turn -> {
                    called.add(turn.input());
                    assertThat(inFlight.incrementAndGet()).isEqualTo(1);
                    return Mono.delay(Duration.ofMillis(2)).map(any -> {
                        inFlight.decrementAndGet();
                        return Decision.answer(turn.input());
                    });
                }))
                .engine(StepEngine.builder().concurrency(1).build())
                .journal(journal)
                .build()
                .runs()
                .recover(cut)
                .block(TestRuns.SOON);

        assertThat(recovered.result().block(TestRuns.SOON).answers()).containsExactly(ANSWER);
        assertThat(called).containsExactly(0, 1, 2, 3);
        run.cancel();
    }
}
