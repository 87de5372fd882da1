package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadException;
import io.flotilla.step.NothingDropped;
import io.flotilla.step.StepEngine;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** One wrong answer does not end a run: it is refused, and the question stays. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class TypedQuestionTest {

    private enum Verdict {
        YES {
            @Override
            public String toString() {
                return "aye";
            }
        },
        NO
    }

    private final Journal journal = Journal.inMemory();

    private Workflow<String, String> asking(Question question, UnaryOperator<Workflow.Builder<String>> with) {
        return with.apply(TestRuns.alone(TestRuns.deciding(
                        "Solo",
                        turn -> turn.reason() == Turn.Reason.ANSWERED
                                ? Decision.answer("told " + turn.answer())
                                : Decision.ask(question))))
                .build();
    }

    private Workflow<String, String> asking(Question question) {
        return asking(question, flow -> flow.journal(journal));
    }

    // --- a wrong answer

    @Test
    void answer_ofAnotherType_isRefusedAndTheQuestionStays() {
        Run<String> run = asking(Question.of("name?").answerType(String.class)).start("go");

        assertThatThrownBy(() -> run.answer("q0", 42).block(SOON))
                .isInstanceOfSatisfying(InvalidAnswerException.class, why -> {
                    assertThat(why.questionId()).isEqualTo("q0");
                    assertThat(why.expected()).isEqualTo("of type string");
                    assertThat(why.found()).isEqualTo("of type int");
                })
                .hasMessage("answer to question q0 must be of type string, was of type int");
        assertThat(run.questions()).hasSize(1);
        assertThat(journal.read(run.runId(), 0).count().block(SOON)).isEqualTo(2);

        assertThat(run.answer("q0", "me").block(SOON)).isTrue();
        assertThat(TestRuns.ended(run).answer()).isEqualTo("told me");
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"maybe", "YES", ""})
    void answer_noneOfTheChoices_isRefusedAndIsNotToldItself(String answer) {
        Run<String> run = asking(Question.of("go?").choices("yes", "no")).start("go");

        assertThatThrownBy(() -> run.answer("q0", answer).block(SOON))
                .isInstanceOf(InvalidAnswerException.class)
                .hasMessage("answer to question q0 must be one of \"yes\", \"no\", was "
                        + (answer == null ? "null" : "another string"));
        assertThat(run.answer("q0", "no").block(SOON)).isTrue();
        assertThat(TestRuns.ended(run).answer()).isEqualTo("told no");
    }

    @Test
    void answer_toAClosedQuestion_isFalseWhateverItIs() {
        Run<String> run = asking(Question.of("name?").answerType(String.class)).start("go");
        run.answer("q0", "me").block(SOON);

        assertThat(run.answer("q0", 42).block(SOON)).isFalse();
        assertThat(run.answer("q9", 42).block(SOON)).isFalse();
    }

    @Test
    void answer_aChoiceWhoseEqualsThrows_isNoChoice() {
        Object odd = new Object() {
            @Override
            public boolean equals(Object other) {
                throw new IllegalStateException("boom");
            }

            @Override
            public int hashCode() {
                return 1;
            }
        };
        Run<String> run =
                asking(Question.of("go?").choices(odd, "no"), flow -> flow).start("go");

        StepVerifier.create(run.answer("q0", "yes"))
                .expectError(InvalidAnswerException.class)
                .verify(SOON);
        assertThat(run.answer("q0", "no").block(SOON)).isTrue();
    }

    @Test
    void answer_toAJoinThatAsks_isProceedOrFail() {
        Workflow<String, String> flow = TestRuns.crew(
                        TestRuns.forking(2),
                        TestRuns.stepping(
                                "Worker",
                                turn -> turn.input().equals(0)
                                        ? Mono.just(Decision.answer("x"))
                                        : Mono.just(Decision.fail("no"))))
                .join(Join.all().orAsk())
                .journal(journal)
                .build();
        Run<String> run = flow.start("go");

        for (Object wrong : List.of("yes", 42)) {
            StepVerifier.create(run.answer("q0", wrong))
                    .expectErrorMessage("answer to question q0 must be one of \"proceed\", \"fail\", was of type "
                            + (wrong instanceof String ? "string" : "int"))
                    .verify(SOON);
        }
        assertThat(run.answer("q0", true).block(SOON)).isTrue();
        assertThat(TestRuns.ended(run).answer()).isEqualTo("x,-");
    }

    @Test
    void answer_trueToOnesOwnProceedOrFail_isNone() {
        Run<String> run = asking(Question.of("go?").choices("proceed", "fail")).start("go");

        StepVerifier.create(run.answer("q0", true))
                .expectError(InvalidAnswerException.class)
                .verify(SOON);
        run.cancel();
    }

    // --- recorded

    @Test
    void question_recovered_hasItsTypeAndChoices() {
        Question question = Question.of("how many?")
                .answerType(Integer.class)
                .choices(1, 2, 3)
                .timeout(Duration.ofHours(1))
                .defaultAnswer(2);
        Run<String> run = asking(question).start("go");
        PendingQuestion asked = run.questions().get(0);
        assertThat(asked.answerTypeName()).isEqualTo("int");
        assertThat(asked.choices()).containsExactly(1, 2, 3);
        run.suspend().block(SOON);

        Run<String> recovered = asking(question).runs().recover(run.runId()).block(SOON);

        assertThat(recovered.questions()).containsExactly(asked);
        StepVerifier.create(recovered.answer("q0", 4))
                .expectError(InvalidAnswerException.class)
                .verify(SOON);
        StepVerifier.create(recovered.answer("q0", 2L))
                .expectError(InvalidAnswerException.class)
                .verify(SOON);
        assertThat(recovered.answer("q0", 3).block(SOON)).isTrue();
        assertThat(TestRuns.ended(recovered).answer()).isEqualTo("told 3");
    }

    @Test
    void question_withoutTypeAndChoices_isWrittenAsBefore() {
        Run<String> run = asking(Question.of("what?")).start("go");

        assertThat(decision(run)).containsOnlyKeys("kind", "text");
    }

    @Test
    void question_ofATypeOrChoices_isWrittenWithThem() {
        Run<String> both = asking(Question.of("what?").answerType(String.class).choices("a"))
                .start("go");
        Run<String> choices = asking(Question.of("what?").choices("a")).start("go");

        assertThat(decision(both)).containsEntry("answerType", "string").containsEntry("choices", List.of("a"));
        assertThat(decision(choices))
                .as("the type follows from the choices")
                .containsOnlyKeys("kind", "text", "choices");
    }

    @SuppressWarnings("unchecked")
    private Map<Object, Object> decision(Run<String> run) {
        JournalEntry step = Objects.requireNonNull(journal.read(run.runId(), 1).blockFirst(SOON));
        run.cancel();
        return (Map<Object, Object>) journal.codec().decode(step.payload()).get("decision");
    }

    @Test
    void question_ofATypeWithoutAName_cannotBeWritten() {
        Run<String> run = asking(Question.of("what?").answerType(Verdict.class)).start("go");

        assertThatThrownBy(() -> TestRuns.ended(run))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining(Verdict.class.getName())
                .hasMessageContaining("register");
    }

    @Test
    void question_ofAnyTypeWithoutAJournal_isChecked() {
        Run<String> run = asking(Question.of("what?").choices(Verdict.YES, Verdict.NO), flow -> flow)
                .start("go");

        assertThat(run.questions().get(0).answerType()).isEqualTo(Verdict.class);
        assertThat(run.questions().get(0).answerTypeName()).isEqualTo("Verdict");
        StepVerifier.create(run.answer("q0", "YES"))
                .expectError(InvalidAnswerException.class)
                .verify(SOON);
        assertThat(run.answer("q0", Verdict.YES).block(SOON)).isTrue();
        assertThat(TestRuns.ended(run).answer()).isEqualTo("told aye");
    }

    @Test
    void fork_withAnAnswerThatIsNone_isRefused() {
        Workflow<String, String> flow = asking(Question.of("name?").answerType(String.class));
        Run<String> run = flow.start("go");
        run.answer("q0", "me").block(SOON);
        TestRuns.ended(run);

        StepVerifier.create(flow.runs().fork(run.runId(), 2, 42))
                .expectError(InvalidAnswerException.class)
                .verify(SOON);
        assertThat(TestRuns.ended(flow.runs().fork(run.runId(), 2, "you").block(SOON))
                        .answer())
                .isEqualTo("told you");
    }

    @Test
    void choices_withARedactor_areTheRedactedOnesEverywhere() {
        UnaryOperator<Workflow.Builder<String>> redacted = flow -> flow.journal(journal)
                .engine(StepEngine.builder()
                        .redactor(text -> text.replace("secret", "***"))
                        .build());
        Question question = Question.of("which?")
                .choices("secret a", "b")
                .timeout(Duration.ofHours(1))
                .defaultAnswer("secret a");
        Run<String> run = asking(question, redacted).start("go");
        List<PendingQuestion> asked = run.questions();
        assertThat(asked.get(0).choices()).containsExactly("*** a", "b");
        run.suspend().block(SOON);

        Run<String> recovered =
                asking(question, redacted).runs().recover(run.runId()).block(SOON);

        assertThat(recovered.questions()).isEqualTo(asked);
        assertThatThrownBy(() -> recovered.answer("q0", "secret a").block(SOON)).hasMessageNotContaining("secret");
        recovered.cancel();
    }

    // --- checked when it is made

    @Test
    void question_defaultOfAnotherType_isRefusedInEitherOrder() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Question.of("?").defaultAnswer(42).answerType(String.class))
                .withMessageContaining("defaultAnswer must be of type java.lang.String, was of type java.lang.Integer");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Question.of("?").answerType(String.class).defaultAnswer(42));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Question.of("?").answerType(String.class).defaultAnswer(null));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Question.of("?").choices("a", "b").defaultAnswer("c"))
                .withMessageContaining("one of the 2 choices");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Question.of("?").defaultAnswer(null).choices("a"));
        assertThat(Question.of("?").defaultAnswer(null).defaultAnswer()).isNull();
    }

    @Test
    void question_badTypeOrChoices_isRefused() {
        Question question = Question.of("?");

        assertThatNullPointerException()
                .isThrownBy(() -> question.answerType(null))
                .withMessage("answerType");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> question.answerType(int.class))
                .withMessageContaining("primitive");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> question.choices(List.of()))
                .withMessageContaining("none");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> question.choices("a", "a"))
                .withMessageContaining("equal");
        assertThatNullPointerException().isThrownBy(() -> question.choices("a", null));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> question.answerType(String.class).choices("a", 1))
                .withMessageContaining("java.lang.Integer");
    }

    @Test
    void question_equals_typeAndChoicesCount() {
        assertThat(Question.of("?").answerType(String.class))
                .isEqualTo(Question.of("?").answerType(String.class))
                .hasSameHashCodeAs(Question.of("?").answerType(String.class))
                .isNotEqualTo(Question.of("?"));
        assertThat(Question.of("?").choices("a")).isNotEqualTo(Question.of("?").choices("b"));
    }
}
