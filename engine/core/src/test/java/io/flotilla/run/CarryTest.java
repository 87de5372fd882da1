package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.flotilla.journal.Journal;
import io.flotilla.step.StepEngine;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an agent works on stays with its branch while it waits. */
@Timeout(60)
class CarryTest {

    private static final Map<String, Object> DRAFT = Map.of("draft", List.of("a", 1));

    private static Workflow.Builder<String> asking(Question question, Object carry) {
        return TestRuns.alone(TestRuns.deciding(
                "Solo",
                turn -> turn.reason() == Turn.Reason.ANSWERED
                        ? Decision.answer(turn.answer() + " " + turn.carried())
                        : Decision.ask(question, carry)));
    }

    @Test
    void ask_withSomethingToCarry_isInTheTurnWithTheAnswer() {
        Run<String> run = asking(Question.of("well?"), DRAFT).build().start("task");

        assertThat(run.answer("q0", "yes").block(SOON)).isTrue();

        assertThat(TestRuns.ended(run).answer()).isEqualTo("yes " + DRAFT);
    }

    @Test
    void recover_betweenQuestionAndAnswer_carriesWhatTheJournalHas() {
        Journal journal = Journal.inMemory();
        Run<String> run =
                asking(Question.of("well?"), DRAFT).journal(journal).build().start("task");
        Journal copy = SignalTest.copied(journal, run.runId());
        run.cancel();

        Run<String> again = asking(Question.of("well?"), "another")
                .journal(copy)
                .build()
                .runs()
                .recover(run.runId())
                .block(SOON);
        assertThat(again.answer("q0", "yes").block(SOON)).isTrue();

        assertThat(TestRuns.ended(again).answer()).isEqualTo("yes " + DRAFT);
    }

    @Test
    void ask_withARedactor_carriesWhatItWasGiven() {
        StepEngine redacting = StepEngine.builder().redactor(text -> "***").build();
        Run<String> run =
                asking(Question.of("secret?"), DRAFT).engine(redacting).build().start("task");
        assertThat(run.questions()).extracting(PendingQuestion::text).containsExactly("***");

        assertThat(run.answer("q0", "yes").block(SOON)).isTrue();

        assertThat(TestRuns.ended(run).answer()).isEqualTo("yes " + DRAFT);
    }

    @Test
    void carried_afterACorrection_isStillThereAndGoneAfterTheTurn() {
        Run<String> run = TestRuns.alone(TestRuns.deciding("Solo", turn -> {
                    if (turn.correction() != null) {
                        return Decision.repeat("last " + turn.carried());
                    }
                    if (turn.reason() == Turn.Reason.REQUESTED && turn.input().equals("task")) {
                        return Decision.repeat("again", 7);
                    }
                    return turn.input().equals("again")
                            ? Decision.handOff("Nobody", null)
                            : Decision.answer(turn.input() + " " + turn.carried());
                }))
                .build()
                .start("task");

        assertThat(TestRuns.ended(run).answer()).isEqualTo("last 7 null");
    }

    @Test
    void carried_byType_isThatOrAClassCastException() {
        Turn turn = Turn.detached("in").withCarried(7);

        assertThat(turn.carried(Integer.class)).isEqualTo(7);
        assertThat(Turn.detached("in").carried(Integer.class)).isNull();
        assertThatExceptionOfType(ClassCastException.class)
                .isThrownBy(() -> turn.carried(String.class))
                .withMessageContaining("carried")
                .withMessageContaining("java.lang.Integer");
        assertThat(turn).hasToString("Turn[REQUESTED sender=start input=in carried=7]");
        assertThat(turn.thenAnswered("yes").carried()).as("of that turn only").isNull();
        assertThat(turn.thenSignalled("v").signal(String.class)).isEqualTo("v");
        assertThat(turn.thenSignalled("v").answer()).isNull();
        assertThat(turn.thenAnswered("v").signal()).isNull();
        assertThat(turn.thenSlept()).hasToString("Turn[SLEPT sender=start input=in]");
        assertThat(turn.thenSignalled("v")).hasToString("Turn[SIGNALLED sender=start input=in signal=v]");
    }
}
