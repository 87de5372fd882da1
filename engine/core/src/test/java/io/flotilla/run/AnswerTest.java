package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.UndisturbedTime;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalClosedException;
import io.flotilla.journal.PayloadException;
import io.flotilla.journal.StaleAppendException;
import io.flotilla.run.JournalFailureTest.Odd;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Answers to questions of runs: what true, false and an error mean. */
@Timeout(60)
class AnswerTest {

    private static Workflow<String, String> asking(Journal journal, Question question) {
        return TestRuns.alone(TestRuns.deciding(
                        "Solo",
                        turn -> turn.reason() == Turn.Reason.ANSWERED
                                ? Decision.answer("" + turn.answer())
                                : Decision.ask(question)))
                .journal(journal)
                .build();
    }

    private static Run<String> asked(Journal journal) {
        return asking(journal, Question.of("well?")).start("go");
    }

    /** Facts: the start, the question, the answer. */
    private static Odd gated(Sinks.Empty<Void> gate) {
        return new Odd(append -> append.number() == 3 ? gate.asMono().then(append.as()) : append.as());
    }

    @Test
    void answer_whileItIsBeingWritten_saysNothingAndIsTrueWhenItIsInTheJournal() {
        Sinks.Empty<Void> gate = Sinks.empty();
        Odd journal = gated(gate);
        Run<String> run = asked(journal);
        List<Object> told = new CopyOnWriteArrayList<>();
        Mono<Boolean> answer = run.answer("q0", "yes");
        assertThat(run.questions()).as("cold").hasSize(1);

        answer.subscribe(told::add);

        assertThat(told).isEmpty();
        assertThat(run.questions()).isEmpty();
        assertThat(run.answer("q0", "another").block(SOON)).isFalse();
        assertThat(answer.block(SOON)).as("subscribed to again").isFalse();
        gate.tryEmitEmpty();
        assertThat(run.result().block(SOON).answer()).isEqualTo("yes");
        StepVerifier.create(Mono.defer(() -> Mono.just(told))
                        .repeat()
                        .takeUntil(list -> !list.isEmpty())
                        .last())
                .expectNext(List.of(true))
                .expectComplete()
                .verify(SOON);
        assertThat(journal.kept.read(run.runId(), 0).count().block()).isEqualTo(5);
    }

    @Test
    void answer_cancelled_isNotTakenBack() {
        Sinks.Empty<Void> gate = Sinks.empty();
        Run<String> run = asked(gated(gate));

        run.answer("q0", "yes").subscribe().dispose();
        gate.tryEmitEmpty();

        assertThat(run.result().block(SOON).answer()).isEqualTo("yes");
    }

    @Test
    void answer_refusedByTheJournal_isItsError() {
        Odd journal = new Odd(Odd.Append::as);
        Run<String> run = asked(journal);
        journal.kept.delete(run.runId()).block();

        StepVerifier.create(run.answer("q0", "yes")).verifyError(StaleAppendException.class);
        StepVerifier.create(run.result()).verifyError(StaleAppendException.class);
    }

    @Test
    void answer_theJournalIsClosed_isThatErrorAndNeverTrue() {
        Journal journal = Journal.inMemory();
        Run<String> run = asked(journal);
        journal.close().block(SOON);

        StepVerifier.create(run.answer("q0", "yes"))
                .expectError(JournalClosedException.class)
                .verify(SOON);
        StepVerifier.create(run.answer("q0", "yes")).expectNext(false).verifyComplete();
        StepVerifier.create(run.result())
                .expectError(JournalClosedException.class)
                .verify(SOON);
    }

    @Test
    void answer_thatCannotBeWritten_isRefusedAndTheQuestionIsOpenAgain() {
        Run<String> run = asked(Journal.inMemory());

        StepVerifier.create(run.answer("q0", new Object())).verifyError(PayloadException.class);
        assertThat(run.questions()).hasSize(1);
        assertThat(run.answer("q0", "yes").block(SOON)).isTrue();
        assertThat(run.result().block(SOON).answer()).isEqualTo("yes");
    }

    @Test
    void answer_thatCannotBeWrittenAndTheDeadlinePassesMeanwhile_isTheDefault() {
        try (UndisturbedTime time = UndisturbedTime.begin()) {
            Sinks.Empty<Void> gate = Sinks.empty();
            Odd journal = new Odd(append -> append.number() == 3 ? gate.asMono().then(append.as()) : append.as());
            Workflow<String, String> flow = asking(
                    journal, Question.of("well?").timeout(Duration.ofSeconds(5)).defaultAnswer("no"));
            Run<String> run = flow.start("go");
            List<Object> told = new CopyOnWriteArrayList<>();
            run.pause(); // append 3
            run.answer("q0", new Object()).subscribe(told::add, told::add);
            time.advanceTimeBy(Duration.ofSeconds(6));
            gate.tryEmitEmpty();
            time.advanceTimeBy(Duration.ofSeconds(1));
            run.resume();
            time.advanceTimeBy(Duration.ofSeconds(1));

            assertThat(told).hasSize(1).first().isInstanceOf(PayloadException.class);
            assertThat(run.result().block(SOON).answer()).isEqualTo("no");
        }
    }

    @Test
    void answer_toARunThatIsCancelledBeforeItIsWritten_isFalse() {
        Sinks.Empty<Void> gate = Sinks.empty();
        Run<String> run = asked(gated(gate));
        run.pause(); // append 3
        run.cancel();
        Sinks.One<Boolean> told = Sinks.one();
        run.answer("q0", "yes").subscribe(told::tryEmitValue, told::tryEmitError);
        gate.tryEmitEmpty();

        assertThat(told.asMono().block(SOON)).isFalse();
        assertThat(run.result().block(SOON).status()).isEqualTo(RunResult.Status.CANCELLED);
    }
}
