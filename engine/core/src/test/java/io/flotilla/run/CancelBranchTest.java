package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.journal.Journal;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** One branch is cancelled from outside; the others go on. */
@Timeout(60)
class CancelBranchTest {

    private final List<Object> cancelled = new CopyOnWriteArrayList<>();

    /** The first worker never ends, the others ask. */
    private Workflow.Builder<String> crew() {
        return TestRuns.crew(
                TestRuns.forking(2),
                TestRuns.stepping(
                        "Worker",
                        turn -> turn.input().equals(0)
                                ? Mono.<Decision>never().doOnCancel(() -> cancelled.add(turn.input()))
                                : Mono.just(Decision.sleep(java.time.Duration.ofMillis(
                                                turn.reason() == Turn.Reason.SLEPT ? 0 : 300)))
                                        .map(sleep ->
                                                turn.reason() == Turn.Reason.SLEPT ? Decision.answer("b") : sleep)));
    }

    @Test
    void cancelBranch_whoseStepIsInFlight_cancelsItAndTheForkGoesOn() {
        Run<String> run = crew().build().start("task");

        assertThat(run.cancelBranch(BranchPath.parse("/0.0/")).block(SOON)).isTrue();
        assertThat(cancelled).containsExactly(0);
        assertThat(run.cancelBranch(BranchPath.parse("/0.0/")).block(SOON))
                .as("twice")
                .isFalse();
        assertThat(run.cancelBranch(BranchPath.parse("/7.7/")).block(SOON))
                .as("none")
                .isFalse();

        RunResult<String> result = TestRuns.ended(run);
        assertThat(result.answer()).isEqualTo("b");
        assertThat(result.branches().cancelled()).isEqualTo(1);
        assertThat(run.cancelBranch(BranchPath.outsideForks(0)).block(SOON))
                .as("ended")
                .isFalse();
        assertThatNullPointerException().isThrownBy(() -> run.cancelBranch(null));
    }

    @Test
    void recover_afterTheCancelOfABranch_itStaysCancelled() {
        Journal journal = Journal.inMemory();
        Run<String> run = crew().journal(journal).build().start("task");
        assertThat(run.cancelBranch(BranchPath.parse("/0.0/")).block(SOON)).isTrue();
        Journal copy = SignalTest.copied(journal, run.runId());
        run.cancel();

        Workflow<String, String> flow = crew().journal(copy).build();
        Run<String> again = flow.runs().recover(run.runId()).block(SOON);

        assertThat(TestRuns.ended(again).answer()).isEqualTo("b");
        assertThat(flow.runs().replay(run.runId()).block(SOON).ended().cancelled())
                .isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/~3/", "/0.0/", "/0.2/1.0/", "/~1/0.2/1.10/"})
    void parse_aPath_isThatPath(String text) {
        assertThat(BranchPath.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0.0",
                "/0.0",
                "/0/",
                "/a.b/",
                "/-1.0/",
                "/0.0/ ",
                "/~0/",
                "/01.0/",
                "//",
                "/0.0.0/",
                "/99999999999.0/"
            })
    void parse_noPath_isRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BranchPath.parse(text))
                .withMessageContaining(text);
    }
}
