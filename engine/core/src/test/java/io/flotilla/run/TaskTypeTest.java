package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalFilter;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.util.context.Context;

/** What a run is started with has the type that the workflow says. */
@Timeout(60)
class TaskTypeTest {

    private final Journal journal = Journal.inMemory();

    private Workflow<Object, String> typed(Class<?> taskType) {
        return Workflow.builder(TestRuns.ALONE, taskType, String.class)
                .agent("Solo", TestRuns.deciding("Solo", turn -> Decision.answer("a " + turn.input())))
                .name("typed")
                .journal(journal)
                .build();
    }

    private static void refused(ThrowingCallable call) {
        assertThatIllegalArgumentException()
                .isThrownBy(call)
                .withMessage("task of workflow typed must be a java.lang.String, was a java.lang.Integer");
    }

    @Test
    void task_ofAnotherType_isRefusedByEveryCallAndLeavesNothing() {
        Workflow<Object, String> flow = typed(String.class);

        refused(() -> flow.run(5));
        refused(() -> flow.submit(5));
        refused(() -> flow.start(5));
        refused(() -> flow.start(5, Context.empty()));
        assertThat(journal.list(JournalFilter.all()).collectList().block(TestRuns.SOON))
                .isEmpty();
        assertThat(flow.run("go").block(TestRuns.SOON).answers()).containsExactly("a go");
    }

    @Test
    void task_ofASubtype_isTaken() {
        assertThat(typed(Number.class).run(5).block(TestRuns.SOON).answers()).containsExactly("a 5");
    }

    @Test
    void fork_ofTheStartWithATaskOfAnotherType_isRefused() {
        Workflow<Object, String> flow = typed(String.class);
        Run<String> run = flow.submit("go").block(TestRuns.SOON);
        TestRuns.ended(run);

        assertThatThrownBy(() -> flow.runs().fork(run.runId(), 0, 5).block(TestRuns.SOON))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must be a java.lang.String");
        assertThat(TestRuns.ended(flow.runs().fork(run.runId(), 0, "other").block(TestRuns.SOON))
                        .answers())
                .containsExactly("a other");
    }

    @Test
    void builder_withTypesThatAreNone_refusesThem() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> typed(int.class))
                .withMessage("taskType must not be primitive, was int");
        assertThatNullPointerException().isThrownBy(() -> typed(null)).withMessage("taskType");
    }

    @Test
    void name_isAsConfigured() {
        assertThat(typed(String.class).name()).isEqualTo("typed");
        assertThat(TestRuns.alone(TestRuns.deciding("Solo", turn -> Decision.answer("a")))
                        .<String>build()
                        .name())
                .isEqualTo(Workflow.DEFAULT_NAME);
    }
}
