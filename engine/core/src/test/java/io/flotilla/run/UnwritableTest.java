package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.journal.Journal;
import io.flotilla.journal.PayloadException;
import io.flotilla.run.JournalFailureTest.Odd;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Facts that cannot be written, or that say something else each time they are asked. */
@Timeout(60)
class UnwritableTest {

    private final AtomicInteger calls = new AtomicInteger();

    private Workflow.Builder<String> crew(int workers, int bad, Object answer) {
        return TestRuns.crew(TestRuns.forking(workers), TestRuns.stepping("Worker", turn -> {
            calls.incrementAndGet();
            return Mono.just(Decision.answer(turn.input().equals(bad) ? answer : "fine"));
        }));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 25, 49})
    void step_thatCannotBeWritten_endsTheRunAndAllOthersOfItsBatchAreInTheJournal(int bad) {
        Odd journal = new Odd(Odd.Append::as);
        Run<String> run = crew(50, bad, new Object()).journal(journal).build().start("go");

        assertThatThrownBy(() -> run.result().block(SOON))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining("java.lang.Object");
        assertThat(journal.kept
                        .read(run.runId(), 0)
                        .filter(entry -> entry.type().equals("step-settled"))
                        .count()
                        .block())
                .isEqualTo(50);

        calls.set(0);
        RunResult<String> again = crew(50, bad, "good")
                .journal(journal)
                .build()
                .runs()
                .recover(run.runId())
                .flatMap(Run::result)
                .block(SOON);
        assertThat(again.isSucceeded()).isTrue();
        assertThat(calls).as("only the one that was not written").hasValue(1);
    }

    @Test
    void step_thatCannotBeWrittenAndIsNotNeeded_endsNothing() {
        Sinks.Empty<Void> gate = Sinks.empty();
        Odd journal = new Odd(append -> append.number() == 3 ? gate.asMono().then(append.as()) : append.as());
        Run<String> run = crew(2, 0, new Object())
                .join(Join.atLeast(1))
                .journal(journal)
                .build()
                .start("go");
        gate.tryEmitEmpty();

        assertThat(run.result().block(SOON).answers()).containsExactly("fine");
    }

    @Test
    void task_thatCannotBeWritten_isTheErrorOfTheRunAndNothingIsInTheJournal() {
        Journal journal = Journal.inMemory();
        Workflow<Object, String> flow = TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.answer("x")))
                .journal(journal)
                .build();

        assertThatThrownBy(() -> flow.run(new Object()).block(SOON)).isInstanceOf(PayloadException.class);
        assertThat(flow.runs()
                        .list(io.flotilla.journal.JournalFilter.all())
                        .count()
                        .block())
                .isZero();
    }

    // --- texts

    private Workflow<String, String> failing(Journal journal, Throwable cause) {
        return TestRuns.crew(
                        TestRuns.forking(2),
                        TestRuns.stepping(
                                "Worker",
                                turn -> turn.input().equals(0)
                                        ? Mono.error(cause)
                                        : Mono.just(Decision.answer("fine")).delayElement(Duration.ofMillis(5))))
                .join(Join.all().orProceed())
                .journal(journal)
                .build();
    }

    @Test
    void failure_whoseTextIsAnotherEachTime_isReadOnceAndReplayed() {
        AtomicInteger reads = new AtomicInteger();
        Throwable fickle = new IllegalStateException() {
            private static final long serialVersionUID = 1L;

            @Override
            public String getMessage() {
                return "read " + reads.incrementAndGet();
            }
        };
        Workflow<String, String> flow = failing(Journal.inMemory(), fickle);
        Run<String> run = flow.start("go");

        assertThat(run.result().block(SOON).isSucceeded()).isTrue();
        assertThat(run.events().collectList().block(SOON))
                .hasToString(flow.runs()
                        .events(run.runId())
                        .collectList()
                        .block(SOON)
                        .toString());
        assertThat(flow.runs().replay(run.runId()).block(SOON).status()).isEqualTo(RunState.Status.SUCCEEDED);
    }

    @ParameterizedTest
    @ValueSource(ints = {16_384, 16_385, 20_000_000})
    void failure_withALongText_isCutAndReplayed(int length) {
        Workflow<String, String> flow = failing(Journal.inMemory(), new IllegalStateException("x".repeat(length)));
        Run<String> run = flow.start("go");

        assertThat(run.result().block(SOON).isSucceeded()).isTrue();
        RunEvent.BranchFailed failed =
                run.events().ofType(RunEvent.BranchFailed.class).blockFirst(SOON);
        assertThat(failed.failure().reason())
                .hasSizeLessThan(16_384 + 40)
                .startsWith("x".repeat(16_384))
                .endsWith(length > 16_384 ? "... (" + length + " characters)" : "x");
        assertThat(failed.failure().getCause()).as("the exception itself").isInstanceOf(IllegalStateException.class);
        assertThat(flow.runs().replay(run.runId()).block(SOON).status()).isEqualTo(RunState.Status.SUCCEEDED);
    }

    @Test
    void failure_cutWithinACharacter_staysWhole() {
        Throwable cause = new IllegalStateException("x".repeat(16_383) + "\uD83D\uDE00 and more");

        assertThat(RecordedException.of(cause).getMessage())
                .startsWith("x".repeat(16_383) + "... (")
                .doesNotContain("\uD83D");
    }
}
