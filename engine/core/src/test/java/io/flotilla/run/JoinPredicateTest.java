package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.UndisturbedTime;
import io.flotilla.journal.Journal;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.test.StepVerifier;

/** Joins by a predicate: what it is asked, when, and what comes of one that is broken. */
@Timeout(60)
class JoinPredicateTest {

    private static Join.Verdict thrown(JoinProgress soFar) {
        throw new IllegalStateException("a secret of " + soFar);
    }

    private static Workflow.Builder<String> crew(Join join) {
        return TestRuns.crew(
                        TestRuns.forking(3),
                        TestRuns.deciding(
                                "Worker",
                                turn -> turn.input().equals(1) ? Decision.fail("no") : Decision.answer(turn.input())))
                .joinAt("Lead", join);
    }

    @Test
    void when_asked_isToldOfEveryOutcomeInOrder() {
        List<String> asked = new CopyOnWriteArrayList<>();
        Join join = Join.when(soFar -> {
            asked.add(soFar + " "
                    + soFar.outcomes().stream()
                            .map(outcome -> outcome.branch().index())
                            .toList()
                    + " " + soFar.answers(Integer.class));
            return soFar.isComplete() ? Join.Verdict.MET : Join.Verdict.OPEN;
        });

        RunResult<String> result = TestRuns.ended(crew(join).build().start("task"));

        assertThat(result.answer()).isEqualTo("0,-,2");
        assertThat(asked)
                .containsExactly(
                        "JoinProgress[answered=1, failed=0, live=2] [0] [0]",
                        "JoinProgress[answered=1, failed=1, live=1] [0, 1] [0]",
                        "JoinProgress[answered=2, failed=1, live=0, complete] [0, 1, 2] [0, 2]");
    }

    /** A step that gets its place later changes nothing: with any concurrency a predicate is asked as often. */
    @Test
    void when_oneStepAtATime_isAskedAsOften() {
        for (int concurrency : new int[] {1, 2, 256}) {
            List<JoinProgress> asked = new CopyOnWriteArrayList<>();
            Join join = Join.when(soFar -> {
                asked.add(soFar);
                return soFar.isComplete() ? Join.Verdict.MET : Join.Verdict.OPEN;
            });
            Run<String> run = crew(join)
                    .joinAt("end", join)
                    .engine(StepEngine.builder().concurrency(concurrency).build())
                    .build()
                    .start("task");

            assertThat(TestRuns.ended(run).answer()).isEqualTo("0,-,2");
            assertThat(asked).as("concurrency %s", concurrency).hasSize(4);
        }
    }

    static Stream<Function<JoinProgress, Join.Verdict>> broken() {
        return Stream.of(
                JoinPredicateTest::thrown,
                soFar -> null,
                soFar -> {
                    throw new StackOverflowError();
                },
                soFar -> {
                    throw new LinkageError();
                },
                soFar -> {
                    throw new IllegalStateException() {
                        @Override
                        public String getMessage() {
                            throw new UnsupportedOperationException();
                        }
                    };
                },
                soFar -> soFar.answers(String.class).isEmpty() ? Join.Verdict.OPEN : Join.Verdict.MET);
    }

    @ParameterizedTest
    @MethodSource("broken")
    void when_thePredicateThrows_theForkingBranchFails(Function<JoinProgress, Join.Verdict> predicate) {
        Run<String> run = crew(Join.when(predicate).orProceed()).build().start("task");

        RunResult<String> result = TestRuns.ended(run);

        assertThat(result.failure()).isInstanceOfSatisfying(JoinPredicateException.class, failure -> {
            assertThat(failure.kind()).isEqualTo(RunFailure.Kind.JOIN_PREDICATE_FAILED);
            assertThat(failure.agent()).isEqualTo("Lead");
            assertThat(failure.branch()).isEqualTo(BranchPath.outsideForks(0));
        });
        assertThat(result.branches().cancelled()).isEqualTo(2);
    }

    @Test
    void when_thePredicateAtTheEndThrows_theRunFails() {
        Run<String> run = crew(Join.allSettled())
                .joinAt("end", Join.when(JoinPredicateTest::thrown).orAsk())
                .build()
                .start("task");

        assertThat(TestRuns.ended(run).failure())
                .isInstanceOf(JoinPredicateException.class)
                .hasMessageContaining("end")
                .hasMessageContaining("a secret");
    }

    private static final Topology MEETING = Topology.parse("start -> A, B\nA -> D\nB -> D");

    @Test
    void when_thePredicateOfARendezvousThrows_itsBranchFails() {
        Workflow<String, String> flow = Workflow.builder(MEETING, String.class)
                .agent("A", TestRuns.deciding("A", turn -> Decision.handOff("D", "a")))
                .agent("B", TestRuns.deciding("B", turn -> Decision.handOff("D", "b")))
                .agent("D", TestRuns.deciding("D", turn -> Decision.answer("met")))
                .joinAt("D", Join.when(JoinPredicateTest::thrown).orProceed())
                .build();

        assertThat(TestRuns.ended(flow.start("task")).failure())
                .isInstanceOfSatisfying(
                        JoinPredicateException.class,
                        failure -> assertThat(failure.agent()).isEqualTo("D"));
    }

    @Test
    void when_withARedactor_whatItThrowsIsRedacted() {
        List<String> seen = new ArrayList<>();
        Run<String> run = crew(Join.when(JoinPredicateTest::thrown))
                .engine(StepEngine.builder()
                        .redactor(text -> text.replace("secret", "***"))
                        .build())
                .build()
                .start("task");

        RunFailure failure = TestRuns.ended(run).failure();
        for (Throwable at = failure; at != null; at = at.getCause()) {
            seen.add(at.toString());
        }
        assertThat(seen).noneMatch(text -> text.contains("secret")).anyMatch(text -> text.contains("***"));
    }

    @Test
    void when_theDeadlinePasses_isAskedForTheLastTime() {
        List<JoinProgress> asked = new CopyOnWriteArrayList<>();
        Join join = Join.when(soFar -> {
                    asked.add(soFar);
                    return Join.Verdict.OPEN;
                })
                .within(Duration.ofSeconds(5))
                .orProceed();
        UndisturbedTime.verifier(() -> TestRuns.crew(
                                TestRuns.forking(2),
                                TestRuns.stepping(
                                        "Worker",
                                        turn -> turn.input().equals(0)
                                                ? reactor.core.publisher.Mono.just(Decision.answer("a"))
                                                : reactor.core.publisher.Mono.never()))
                        .joinAt("Lead", join)
                        .build()
                        .run("task")
                        .map(RunResult::answer))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(5))
                .expectNext("a,-")
                .expectComplete()
                .verify(SOON);
        assertThat(asked)
                .extracting(JoinProgress::toString)
                .containsExactly(
                        "JoinProgress[answered=1, failed=0, live=1]",
                        "JoinProgress[answered=1, failed=1, live=0, complete]");
    }

    @Test
    void replay_thePredicateSaysSomethingElse_diverges() {
        Journal journal = Journal.inMemory();
        Function<Join.Verdict, Workflow.Builder<String>> flow =
                verdict -> crew(Join.when(soFar -> verdict)).journal(journal);
        Run<String> run = flow.apply(Join.Verdict.MET).build().start("task");
        assertThat(TestRuns.ended(run).answer()).isEqualTo("0");

        assertThat(flow.apply(Join.Verdict.MET)
                        .build()
                        .runs()
                        .replay(run.runId())
                        .block(SOON)
                        .status())
                .isEqualTo(RunState.Status.SUCCEEDED);
        StepVerifier.create(flow.apply(Join.Verdict.OPEN).build().runs().replay(run.runId()))
                .expectError(DivergenceException.class)
                .verify(SOON);
    }

    @Test
    void when_itsParts_areAsSet() {
        Function<JoinProgress, Join.Verdict> met = soFar -> Join.Verdict.MET;
        Join join = Join.when(met).within(Duration.ofSeconds(1)).orAsk().keepStragglers();

        assertThat(join).hasToString("when(predicate).within(PT1S).orAsk().keepStragglers()");
        assertThat(join.predicate()).isSameAs(met);
        assertThat(Join.all().predicate()).isNull();
        assertThat(Join.when(met)).isEqualTo(Join.when(met)).hasSameHashCodeAs(Join.when(met));
        assertThat(Join.when(met)).isNotEqualTo(Join.when(JoinPredicateTest::thrown));
        assertThatNullPointerException().isThrownBy(() -> Join.when(null)).withMessage("predicate");
    }

    @Test
    void progress_madeByHand_forUnitTestsOfPredicates() {
        BranchPath path = BranchPath.outsideForks(0);
        JoinProgress soFar = JoinProgress.of(
                List.of(
                        new Outcome.Answered("A", path, "a"),
                        new Outcome.TimedOut("B", path, Duration.ofSeconds(1)),
                        new Outcome.Answered("C", path, null)),
                2);

        assertThat(soFar).hasToString("JoinProgress[answered=2, failed=1, live=2]");
        assertThat(soFar.answers(String.class)).containsExactly("a");
        assertThat(soFar.live()).isEqualTo(2);
        assertThat(soFar.isComplete()).isFalse();
        assertThat(JoinProgress.of(List.of(), 0).isComplete()).isTrue();
        assertThatIllegalArgumentException().isThrownBy(() -> JoinProgress.of(List.of(), -1));
    }
}
