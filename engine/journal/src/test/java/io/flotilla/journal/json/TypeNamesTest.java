package io.flotilla.journal.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.PayloadException;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.Decision;
import io.flotilla.run.InvalidAnswerException;
import io.flotilla.run.Question;
import io.flotilla.run.Run;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What types are called in a journal: by the names they are registered with, never by those of their classes. */
@Timeout(60)
class TypeNamesTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    private record Release(String name) {}

    private record Other(String name) {}

    private static final JsonPayloadCodec CODEC =
            JsonPayloadCodec.builder().register("release", Release.class).build();

    @TempDir
    Path folder;

    private static Workflow<String, String> asking(Journal journal, Question question) {
        Agent<Turn, Decision> solo = Agent.of(
                "Solo",
                (turn, context) -> Mono.just(
                        turn.reason() == Turn.Reason.ANSWERED
                                ? Decision.answer("told " + turn.answer())
                                : Decision.ask(question)));
        return Workflow.builder(Topology.parse("start -> Solo\nSolo -> end, user"), String.class)
                .agent("Solo", solo)
                .journal(journal)
                .build();
    }

    @Test
    void nameOf_registeredAndStandardTypes_areReadBack() {
        assertThat(CODEC.nameOf(Release.class)).isEqualTo("release");
        assertThat(CODEC.typeOf("release")).isEqualTo(Release.class);
        assertThat(CODEC.nameOf(Other.class)).isNull();
        assertThat(CODEC.typeOf(Other.class.getName())).isNull();
        for (Class<?> type : List.of(Object.class, String.class, Integer.class, Boolean.class, List.class)) {
            assertThat(CODEC.typeOf(CODEC.nameOf(type))).isEqualTo(type);
        }
    }

    @Test
    void question_ofARegisteredType_isCheckedAfterARestart() {
        Question question = Question.of("which?").answerType(Release.class).choices(new Release("a"), new Release("b"));
        SqliteJournal journal =
                SqliteJournal.builder(folder.resolve("runs.db")).codec(CODEC).open();
        Run<String> run = asking(journal, question).start("go");
        run.events().takeUntil(event -> !run.questions().isEmpty()).blockLast(SOON);
        run.suspend().block(SOON);
        journal.close().block(SOON);

        SqliteJournal again =
                SqliteJournal.builder(folder.resolve("runs.db")).codec(CODEC).open();
        Run<String> recovered =
                asking(again, question).runs().recover(run.runId()).block(SOON);

        assertThat(recovered.questions())
                .singleElement()
                .satisfies(asked -> assertThat(asked.choices()).containsExactly(new Release("a"), new Release("b")));
        StepVerifier.create(recovered.answer("q0", "a"))
                .expectError(InvalidAnswerException.class)
                .verify(SOON);
        StepVerifier.create(recovered.answer("q0", new Release("c")))
                .expectError(InvalidAnswerException.class)
                .verify(SOON);
        assertThat(recovered.answer("q0", new Release("b")).block(SOON)).isTrue();
        assertThat(recovered.result().block(SOON).answer()).isEqualTo("told Release[name=b]");
        again.close().block(SOON);
    }

    @Test
    void question_whoseTypeIsHiddenByARegisteredName_cannotBeWritten() {
        JsonPayloadCodec hiding =
                JsonPayloadCodec.builder().register("string", Release.class).build();
        SqliteJournal journal =
                SqliteJournal.builder(folder.resolve("hiding.db")).codec(hiding).open();

        assertThatThrownBy(() -> asking(journal, Question.of("which?").answerType(String.class))
                        .start("go")
                        .result()
                        .block(SOON))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining("java.lang.String");
        journal.close().block(SOON);
    }
}
