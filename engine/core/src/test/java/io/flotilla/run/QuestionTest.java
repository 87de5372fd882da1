package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.UndisturbedTime;
import io.flotilla.run.Flows.Ended;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;
import reactor.test.util.RaceTestUtils;

/** Questions to people: many at once, each with its own end. */
@Timeout(60)
class QuestionTest {

    private static final Topology ONE = Topology.parse("start -> A -> user\nA -> end");
    private static final Topology MANY = Topology.parse("start -> Boss <-> Worker -> user\nBoss -> end");

    private final Agents agents = new Agents();

    @AfterEach
    void realTime() {
        VirtualTimeScheduler.reset();
    }

    private Workflow.Builder<String> asking(Question question) {
        return Workflow.builder(ONE, String.class)
                .agent(
                        "A",
                        agents.deciding(turn -> turn.reason() == Turn.Reason.ANSWERED
                                ? Decision.answer(turn.answer(String.class))
                                : Decision.ask(question)));
    }

    private static Run<String> start(Workflow.Builder<String> flow) {
        return flow.<String>build().start("task");
    }

    // --- many at once

    @ParameterizedTest
    @ValueSource(strings = {"0 1 2", "2 1 0", "1 2 0"})
    void answer_manyOpen_inAnyOrder(String order) {
        List<Integer> indices =
                Stream.of(order.split(" ")).map(Integer::valueOf).toList();
        Ended ended = Flows.run(
                12,
                () -> start(Flows.fork(MANY, agents, Join.all(), "1?x 2?y 3?z")),
                run -> Flows.at(9, () -> {
                    List<PendingQuestion> open = run.questions();
                    assertThat(open).extracting(PendingQuestion::text).containsExactly("x", "y", "z");
                    assertThat(open)
                            .extracting(asked -> asked.branch().toString())
                            .containsExactly("/0.0/", "/0.1/", "/0.2/");
                    assertThat(open).extracting(PendingQuestion::id).doesNotHaveDuplicates();
                    for (int at = 0; at < 3; at++) {
                        PendingQuestion question = open.get(indices.get(at));
                        Flows.at(1 + at, () -> {
                            assertThat(run.questions()).contains(question);
                            Flows.taken(run.answer(question.id(), "to " + question.text()), true);
                            assertThat(run.questions()).doesNotContain(question);
                        });
                    }
                }));

        assertThat(ended.result().answers()).containsExactly("to x to y to z");
        assertThat(ended.events(RunEvent.QuestionAnswered.class))
                .extracting(RunEvent.QuestionAnswered::byDefault)
                .containsExactly(false, false, false);
    }

    @Test
    void ask_oneBranch_theOthersGoOn() {
        Ended ended = Flows.run(
                5,
                () -> start(Flows.fork(MANY, agents, Join.all(), "1?x 2:b")),
                run -> Flows.at(5, () -> {
                    assertThat(run.questions()).hasSize(1);
                    run.answer(run.questions().get(0).id(), "a").subscribe();
                }));

        assertThat(ended.result().answers()).containsExactly("a b");
        assertThat(ended.events(RunEvent.BranchAnswered.class).get(0).at())
                .isEqualTo(ended.result().startedAt().plusSeconds(2));
    }

    @Test
    void answer_ofTheTurn_isThereWithTheInput() {
        Flows.run(
                1,
                () -> start(asking(Question.of("who?"))),
                run -> Flows.at(
                        1, () -> run.answer(run.questions().get(0).id(), "me").subscribe()));

        Turn answered = agents.turns.get(1);
        assertThat(answered.reason()).isEqualTo(Turn.Reason.ANSWERED);
        assertThat(answered.answer()).isEqualTo("me");
        assertThat(answered.input()).isEqualTo("task");
    }

    @Test
    void answer_null_isAnAnswer() {
        Ended ended = Flows.run(
                1,
                () -> start(asking(Question.of("who?"))),
                run -> Flows.at(
                        1, () -> Flows.taken(run.answer(run.questions().get(0).id(), null), true)));

        assertThat(ended.result().answers()).containsExactly((String) null);
    }

    // --- the deadline

    @ParameterizedTest
    @CsvSource({"4.999, 4.999, yes, true", "5, 5, yes, true", "5.001, 5, otherwise, false"})
    void timeout_withDefault_isTakenAfterTheDeadline(double at, double took, String answer, boolean taken) {
        AtomicBoolean accepted = new AtomicBoolean();
        Ended ended = Flows.run(
                took,
                () -> start(asking(
                        Question.of("well?").timeout(Duration.ofSeconds(5)).defaultAnswer("otherwise"))),
                run -> {
                    PendingQuestion open = run.questions().get(0);
                    Flows.at(at, () -> run.answer(open.id(), "yes").subscribe(accepted::set));
                });

        assertThat(ended.result().answers()).containsExactly(answer);
        assertThat(accepted.get()).isEqualTo(taken);
        assertThat(ended.events(RunEvent.QuestionAnswered.class))
                .extracting(RunEvent.QuestionAnswered::byDefault)
                .containsExactly(!taken);
    }

    @Test
    void timeout_defaultIsNull_isTaken() {
        Ended ended = Flows.run(
                5,
                () -> start(asking(
                        Question.of("well?").timeout(Duration.ofSeconds(5)).defaultAnswer(null))));

        assertThat(ended.result().answers()).containsExactly((String) null);
    }

    @Test
    void timeout_withoutDefault_failsTheBranch() {
        Ended ended = Flows.run(5, () -> start(asking(Question.of("well?").timeout(Duration.ofSeconds(5)))), run -> {
            PendingQuestion open = run.questions().get(0);
            assertThat(open.deadline()).isNotNull();
        });

        QuestionExpiredException failure =
                (QuestionExpiredException) ended.result().failure();
        assertThat(failure.kind()).isEqualTo(RunFailure.Kind.QUESTION_EXPIRED);
        assertThat(failure).hasMessageContaining("agent A (branch /)").hasMessageContaining("well?");
        assertThat(failure.question().deadline())
                .isEqualTo(ended.result().startedAt().plusSeconds(5));
    }

    @Test
    void timeout_oneExpires_theOthersStayOpen() {
        Question brief = Question.of("brief").timeout(Duration.ofSeconds(2));
        Ended ended = Flows.run(
                9,
                () -> start(Workflow.builder(MANY, String.class)
                        .agent("Boss", agents.forking("Worker", "brief long"))
                        .agent(
                                "Worker",
                                agents.deciding(turn -> turn.reason() == Turn.Reason.ANSWERED
                                        ? Decision.answer(turn.answer())
                                        : Decision.ask(turn.input().equals("brief") ? brief : Question.of("long"))))
                        .join(Join.allSettled())),
                run -> Flows.at(9, () -> {
                    assertThat(run.questions())
                            .extracting(PendingQuestion::text)
                            .containsExactly("long");
                    run.answer(run.questions().get(0).id(), "a").subscribe();
                }));

        assertThat(ended.result().answers()).hasSize(1);
        assertThat(ended.result().answer()).startsWith("!nobody answered").endsWith(" a");
    }

    @Test
    void defaultAnswer_withoutDeadline_isNeverTaken() {
        Ended ended = Flows.run(
                100_000,
                () -> start(asking(Question.of("well?").defaultAnswer("otherwise"))),
                run -> Flows.at(
                        100_000,
                        () -> run.answer(run.questions().get(0).id(), "late").subscribe()));

        assertThat(ended.result().answers()).containsExactly("late");
    }

    // --- questions nobody asks any more

    @Test
    void answer_unknownOrClosed_isFalse() {
        Ended ended = Flows.run(
                2,
                () -> start(asking(Question.of("well?"))),
                run -> Flows.at(2, () -> {
                    String id = run.questions().get(0).id();
                    Flows.taken(run.answer("no such question", "x"), false);
                    assertThatNullPointerException()
                            .isThrownBy(() -> run.answer(null, "x"))
                            .withMessage("questionId");
                    Flows.taken(run.answer(id, "first"), true);
                    Flows.taken(run.answer(id, "second"), false);
                }));

        assertThat(ended.result().answers()).containsExactly("first");
    }

    @Test
    void join_decidesWithoutTheOneWhoAsks_withdrawsTheQuestion() {
        Ended ended = Flows.run(
                9,
                () -> start(Workflow.builder(MANY, String.class)
                        .agent(
                                "Boss",
                                agents.body(turn -> turn.reason() == Turn.Reason.REQUESTED
                                        ? Mono.just(Decision.fanOut(
                                                Invocation.of("Worker", "1?x"), Invocation.of("Worker", "3:b")))
                                        : Mono.delay(Flows.seconds(6)).thenReturn(Decision.answer("done"))))
                        .agent("Worker", agents.scripted())
                        .join(Join.firstSuccess())),
                run -> {
                    String[] id = new String[1];
                    Flows.at(2, () -> id[0] = run.questions().get(0).id());
                    Flows.at(4, () -> {
                        assertThat(run.questions()).isEmpty();
                        Flows.taken(run.answer(id[0], "x"), false);
                    });
                });

        assertThat(ended.result().answers()).containsExactly("done");
        assertThat(ended.result().branches().cancelled()).isEqualTo(1);
        assertThat(ended.events(RunEvent.QuestionAnswered.class)).isEmpty();
    }

    @Test
    void cancel_ofTheRun_withdrawsAllQuestions() {
        Ended ended = Flows.run(4, () -> start(Flows.fork(MANY, agents, Join.all(), "1?x 2?y")), run -> {
            Flows.at(4, () -> {
                List<PendingQuestion> open = run.questions();
                assertThat(open).hasSize(2);
                run.cancel();
                assertThat(run.questions()).isEmpty();
                Flows.taken(run.answer(open.get(0).id(), "x"), false);
            });
        });

        assertThat(ended.result().status()).isEqualTo(RunResult.Status.CANCELLED);
    }

    @Test
    void answer_whilePaused_isKeptForWhenItGoesOn() {
        Ended ended = Flows.run(7, () -> start(asking(Question.of("well?"))), run -> {
            Flows.at(1, run::pause);
            Flows.at(2, () -> Flows.taken(run.answer(run.questions().get(0).id(), "yes"), true));
            Flows.at(7, run::resume);
        });

        assertThat(ended.result().answers()).containsExactly("yes");
    }

    // --- races

    @Test
    void answer_racesWithTheDeadline_oneOfThemIsTheAnswerAndTheCallerKnowsWhich() {
        Scheduler threads = Schedulers.newParallel("race", 2); // real ones: made before time is virtual
        for (int round = 0; round < 2_000; round++) {
            VirtualTimeScheduler time = UndisturbedTime.begin();
            Run<String> run = start(
                    asking(Question.of("well?").timeout(Duration.ofSeconds(5)).defaultAnswer("otherwise")));
            String id = run.questions().get(0).id();
            AtomicBoolean taken = new AtomicBoolean();

            RaceTestUtils.race(
                    threads,
                    () -> run.answer(id, "yes").subscribe(taken::set),
                    () -> time.advanceTimeBy(Duration.ofSeconds(5)));
            time.advanceTimeBy(Duration.ofSeconds(5));

            RunResult<String> result = run.result().block(Duration.ofSeconds(5));
            assertThat(result.answer()).isEqualTo(taken.get() ? "yes" : "otherwise");
            assertThat(result.steps()).isEqualTo(2);
            VirtualTimeScheduler.reset();
        }
        threads.dispose();
    }

    @Test
    void answer_byTwoAtOnce_oneIsTheAnswer() {
        for (int round = 0; round < 1_000; round++) {
            Run<String> run = start(asking(Question.of("well?")));
            String id = run.questions().get(0).id();
            Sinks.One<Boolean> first = Sinks.one();
            Sinks.One<Boolean> second = Sinks.one();

            RaceTestUtils.race(
                    () -> run.answer(id, "first").subscribe(first::tryEmitValue),
                    () -> run.answer(id, "second").subscribe(second::tryEmitValue));

            boolean taken = first.asMono().block(Duration.ofSeconds(5));
            assertThat(second.asMono().block(Duration.ofSeconds(5))).isNotEqualTo(taken);
            assertThat(run.result().block(Duration.ofSeconds(5)).answer()).isEqualTo(taken ? "first" : "second");
        }
    }

    @Test
    void answer_ofManyAtOnce_allArrive() {
        Run<String> run = start(Flows.fork(MANY, agents, Join.all(), "?a ?b ?c ?d ?e ?f"));
        RaceTestUtils.race(run.questions().stream()
                .map(open -> (Runnable) () -> run.answer(open.id(), open.text().toUpperCase(Locale.ROOT))
                        .subscribe())
                .toArray(Runnable[]::new));

        assertThat(run.result().block(Duration.ofSeconds(5)).answers()).containsExactly("A B C D E F");
    }
}
