package io.flotilla;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepState;
import io.flotilla.journal.Journal;
import io.flotilla.run.Await;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.Limits;
import io.flotilla.run.Outcome;
import io.flotilla.run.PendingQuestion;
import io.flotilla.run.Question;
import io.flotilla.run.Recovery;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunResult;
import io.flotilla.run.RunState;
import io.flotilla.run.Runs;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What the README shows of runs is here, and runs. */
@Timeout(30)
class RunExamplesTest {

    private final Topology topology = Topology.parse("start -> Boss\nBoss <-> Worker\nBoss -> end");

    @Test
    void fork_twoWorkers_joinedInOrderOfTheInvocations() {
        Topology topology = Topology.parse("start -> Boss\nBoss <-> Worker\nBoss -> end");

        Agent<Turn, Decision> boss = Agent.of(
                "Boss",
                (turn, context) -> Mono.just(
                        turn.reason() == Turn.Reason.REQUESTED
                                ? Decision.fanOut(Invocation.of("Worker", "left"), Invocation.of("Worker", "right"))
                                : Decision.handOff("end", String.join(" and ", turn.answers(String.class)))));
        Agent<String, String> worker = Agent.of("Worker", (side, context) -> Mono.just(side + " done"));

        Workflow<String, String> workflow = Workflow.builder(topology, String.class)
                .agent("Boss", boss) // takes turns, makes decisions
                .agent("Worker", String.class, worker) // a plain agent: its value goes to its only successor
                .limits(Limits.steps(200).time(Duration.ofMinutes(3)))
                .build();

        workflow.run("tidy up").subscribe(result -> System.out.println(result.answer())); // left done and right done

        Run<String> run = workflow.start("tidy up");
        run.events().doOnNext(event -> System.out.println(event)).blockLast(); // in a main: all threads are daemons

        StepVerifier.create(run.result().map(RunResult::answers))
                .expectNext(List.of("left done and right done"))
                .verifyComplete();
        StepVerifier.create(run.events()
                        .ofType(RunEvent.BranchStarted.class)
                        .map(started -> started.branch().toString()))
                .expectNext("/", "/0.0/", "/0.1/")
                .verifyComplete();
    }

    @Test
    void deadline_oneWorkerIsSlow_theBossGoesOnWithATimedOutOutcome() {
        List<Outcome> joined = new ArrayList<>();
        AtomicBoolean cancelled = new AtomicBoolean();
        Agent<Turn, Decision> boss = Agent.of("Boss", (turn, context) -> {
            joined.addAll(turn.outcomes());
            return Mono.just(
                    turn.reason() == Turn.Reason.REQUESTED
                            ? Decision.fanOut(Invocation.of("Worker", "left"), Invocation.of("Worker", "right"))
                            : Decision.answer("enough"));
        });
        Agent<String, String> slowOnTheRight = Agent.of(
                "Worker",
                (side, context) -> side.equals("left")
                        ? Mono.just(side + " done")
                        : Mono.<String>never().doOnCancel(() -> cancelled.set(true)));

        UndisturbedTime.verifier(() -> {
                    Workflow<String, String> hasty = Workflow.builder(topology, String.class)
                            .agent("Boss", boss)
                            .agent("Worker", String.class, slowOnTheRight)
                            .joinAt(
                                    "Boss",
                                    Join.all().within(Duration.ofSeconds(5)).orProceed())
                            .build();
                    return hasty.run("tidy up").map(RunResult::answers);
                })
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(5))
                .expectNext(List.of("enough"))
                .verifyComplete();

        assertThat(joined)
                .extracting(Outcome::value, Outcome::isFailure)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("left done", false),
                        org.assertj.core.groups.Tuple.tuple(null, true));
        assertThat(joined.get(1)).isInstanceOf(Outcome.TimedOut.class);
        assertThat(cancelled).isTrue();
    }

    @Test
    void handOff_toFourTargets_movesAnswersArrivesAndEnds() {
        Topology office = Topology.parse("""
                start -> Desk
                Desk <-> Clerk
                Clerk -> Translator, Archive, end
                Translator -> Archive
                Archive -> end
                """);

        Agent<Turn, Decision> desk = Agent.of(
                "Desk",
                (turn, context) -> Mono.just(
                        turn.reason() == Turn.Reason.REQUESTED
                                ? Decision.fanOut(Stream.of("Translator", "Desk", "Archive", "end")
                                        .map(target -> Invocation.of("Clerk", target))
                                        .toList())
                                : Decision.answer("Desk joined " + turn.answers(String.class))));
        Agent<Turn, Decision> clerk = Agent.of(
                "Clerk",
                (turn, context) -> Mono.just(Decision.handOff(String.valueOf(turn.input()), "for " + turn.input())));
        Agent<String, String> translator = Agent.of("Translator", (text, context) -> Mono.just(text + ", translated"));
        Agent<Turn, Decision> archive = Agent.of(
                "Archive", (turn, context) -> Mono.just(Decision.handOff("end", "Archive met " + turn.input())));

        Workflow<String, String> workflow = Workflow.builder(office, String.class)
                .agent("Desk", desk)
                .agent("Clerk", clerk)
                .agent("Translator", String.class, translator)
                .agent("Archive", archive)
                .build();

        StepVerifier.create(workflow.run("the mail").map(RunResult::answers))
                .expectNext(List.of(
                        "Desk joined [for Desk]", "for end", "Archive met [for Translator, translated, for Archive]"))
                .verifyComplete();
    }

    /** The readers' results are written as soon as two of three have come. */
    private static Workflow<String, String> report(Agent<String, String> reader) {
        Agent<Turn, Decision> planner = Agent.of(
                "Planner",
                (turn, context) -> Mono.just(
                        turn.joinUnmet()
                                ? Decision.fail("no quorum")
                                : Decision.fanOut(Stream.of("ReaderA", "ReaderB", "Checker")
                                        .map(name -> Invocation.of(name, "folder"))
                                        .toList())));
        Agent<String, String> checker = Agent.of(
                "Checker", (text, context) -> Mono.delay(Duration.ofSeconds(3)).thenReturn("checked"));
        Topology meeting = Topology.parse("""
                start -> Planner
                Planner -> ReaderA, ReaderB, Checker
                ReaderA, ReaderB, Checker -> Writer
                Writer -> end
                """);

        Workflow<String, String> report = Workflow.builder(meeting, String.class)
                .agent("Planner", planner)
                .agent("ReaderA", String.class, reader)
                .agent("ReaderB", String.class, reader)
                .agent("Checker", String.class, checker)
                .agent(
                        "Writer",
                        Agent.of(
                                "Writer",
                                (turn, context) -> Mono.just(Decision.handOff(
                                        "end", "from " + turn.arrivals().size()))))
                .joinAt("Planner", Join.allSettled().orProceed()) // a failing reader does not end the fork
                .joinAt("Writer", Join.atLeast(2).within(Duration.ofSeconds(20))) // a quorum, and a deadline
                .joinAt("end", Join.firstSuccess()) // the first answer ends the run
                .build();
        return report;
    }

    /** A reader whose first calls fail. */
    private static Agent<String, String> failing(int times) {
        AtomicInteger calls = new AtomicInteger();
        return Agent.of(
                "Reader",
                (text, context) -> calls.incrementAndGet() <= times
                        ? Mono.error(new IllegalStateException("unreadable"))
                        : Mono.just("read"));
    }

    @Test
    void rendezvous_aQuorumOfTwo_firesBeforeTheThirdHasCome() {
        UndisturbedTime.verifier(() -> report(failing(0)).run("the folder"))
                .expectSubscription()
                .assertNext(result -> {
                    assertThat(result.answers()).containsExactly("from 2");
                    assertThat(result.duration()).isZero();
                })
                .verifyComplete();
    }

    @Test
    void rendezvous_oneReaderFails_theQuorumIsReachedByTheOthers() {
        UndisturbedTime.verifier(() -> report(failing(1)).run("the folder"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(3))
                .assertNext(result -> assertThat(result.answers()).containsExactly("from 2"))
                .verifyComplete();
    }

    @Test
    void rendezvous_twoReadersFail_thePlannerHearsOfIt() {
        UndisturbedTime.verifier(() -> report(failing(2)).run("the folder"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(3))
                .assertNext(result -> {
                    assertThat(result.status()).isEqualTo(RunResult.Status.FAILED);
                    assertThat(result.failure()).hasMessageContaining("no quorum");
                })
                .verifyComplete();
    }

    private static String decide(String text) {
        return text.endsWith("?") ? "yes" : "no";
    }

    @Test
    void questions_answeredAsTheyAreAsked_theRunEnds() {
        Workflow<String, String> workflow = Workflow.builder(Topology.parse("start -> Clerk <-> user"), String.class)
                .agent(
                        "Clerk",
                        Agent.of(
                                "Clerk",
                                (turn, context) -> Mono.just(
                                        turn.reason() == Turn.Reason.ANSWERED
                                                ? Decision.answer("released: " + turn.answer())
                                                : Decision.ask("release it?"))))
                .build();
        Run<String> run = workflow.start("the parcel");

        run.events()
                .ofType(RunEvent.QuestionAsked.class)
                .concatMap(asked -> run.answer(
                        asked.question().id(), decide(asked.question().text())))
                .subscribe();

        StepVerifier.create(run.result().map(RunResult::answers))
                .expectNext(List.of("released: yes"))
                .verifyComplete();
    }

    @Test
    void question_answered_theBranchGoesOn() {
        Agent<Turn, Decision> clerk = Agent.of(
                "Clerk",
                (turn, context) -> Mono.just(
                        turn.reason() == Turn.Reason.ANSWERED
                                ? Decision.answer("released: " + turn.answer())
                                : Decision.ask(Question.of("release it?")
                                        .timeout(Duration.ofHours(8))
                                        .defaultAnswer("no"))));
        Workflow<String, String> workflow = Workflow.builder(Topology.parse("start -> Clerk <-> user"), String.class)
                .agent("Clerk", clerk)
                .build();
        Run<String> run = workflow.start("the parcel");

        PendingQuestion question = run.questions().get(0);

        assertThat(question.text()).isEqualTo("release it?");
        assertThat(run.answer(question.id(), "yes").block()).isTrue();
        assertThat(run.answer(question.id(), "no").block()).isFalse();
        StepVerifier.create(run.result().map(RunResult::answers))
                .expectNext(List.of("released: yes"))
                .verifyComplete();
    }

    private final List<String> cancelledBookings = new ArrayList<>();

    private Mono<Void> cancelBooking(String key, String number) {
        return Mono.fromRunnable(() -> cancelledBookings.add(number + " of " + key));
    }

    @Test
    void compensate_theCheckFails_theBookingIsCancelled() {
        Topology booking = Topology.parse("start -> Book -> Check -> end");
        Agent<Turn, Decision> book = Agent.of("Book", (turn, context) -> Mono.just(Decision.handOff("Check", "no. 7")));
        Agent<Turn, Decision> check = Agent.of("Check", (turn, context) -> Mono.just(Decision.fail("too dear")));

        Workflow<String, String> trip = Workflow.builder(booking, String.class)
                .agent("Book", book)
                .agent("Check", check)
                .compensate("Book", (step, context) -> cancelBooking(step.idempotencyKey(), step.value(String.class)))
                .build();
        RunResult<String> result = trip.run("to Oslo").block();

        assertThat(result.failure()).hasMessageContaining("too dear");
        assertThat(result.uncompensated()).isEmpty();
        assertThat(cancelledBookings).containsExactly("no. 7 of " + result.runId() + "/#0");
    }

    @Test
    void signal_aBranchWaits_sleepsAndAnswersInVirtualTime() {
        try (UndisturbedTime time = UndisturbedTime.begin()) {
            Agent<Turn, Decision> shop = Agent.of(
                    "Shop",
                    (turn, context) -> Mono.just(
                            switch (turn.reason()) {
                                case REQUESTED ->
                                    Decision.await(
                                            Await.of("paid")
                                                    .timeout(Duration.ofDays(3))
                                                    .defaultValue("never"),
                                            turn.input());
                                case SIGNALLED ->
                                    Decision.sleep(Duration.ofHours(1), turn.carried() + " paid " + turn.signal());
                                default -> Decision.answer(turn.carried());
                            }));
            Run<String> run = Workflow.builder(Topology.parse("start -> Shop"), String.class)
                    .agent("Shop", shop)
                    .build()
                    .start("order 7");

            Mono<Boolean> kept = run.signal("paid", "12 EUR"); // true when the run has it, and its journal
            Mono<Boolean> taken =
                    run.signalIfAwaited("paid", "12 EUR"); // true when a branch waited for it; else it is lost

            assertThat(kept.block()).isTrue();
            assertThat(taken.block()).isFalse();
            time.advanceTimeBy(Duration.ofHours(1));
            assertThat(run.result().block().answer()).isEqualTo("order 7 paid 12 EUR");
        }
    }

    @Test
    void state_whatTheStepsOfARunShare_isMergedAndRead() {
        Agent<Turn, Decision> worker = Agent.of("Worker", (turn, context) -> {
            context.state().merge("pages", List.of("page " + turn.input()));
            return Mono.just(Decision.answer("read"));
        });
        Agent<Turn, Decision> boss = Agent.of("Boss", (turn, context) -> {
            StepState state = context.state();
            if (turn.reason() == Turn.Reason.JOINED) {
                return Mono.just(
                        Decision.answer(state.get("plan", String.class) + ": " + state.get("pages", List.class)));
            }
            state.put("plan", "read two");
            return Mono.just(Decision.fanOut(Invocation.of("Worker", 1), Invocation.of("Worker", 2)));
        });

        Workflow<String, String> reading = Workflow.builder(topology, String.class)
                .agent("Boss", boss)
                .agent("Worker", worker)
                .mergeState(
                        "pages",
                        List.class,
                        (List<?> one, List<?> other) ->
                                Stream.concat(one.stream(), other.stream()).toList())
                .build();

        Run<String> run = reading.start("go");
        assertThat(run.result().block().answer()).isEqualTo("read two: [page 1, page 2]");
        assertThat(run.state().block().values()).containsOnlyKeys("pages", "plan");
    }

    @Test
    void journal_aRunThatHasEnded_isReplayedLookedAtAndTakenAnotherWay(@TempDir Path folder) {
        Journal journal = Journal.inMemory();
        Agent<Turn, Decision> boss = Agent.of("Boss", (turn, context) -> Mono.just(Decision.answer("boss")));
        Agent<String, String> worker = Agent.of("Worker", (side, context) -> Mono.just(side));

        Workflow<String, String> recorded = Workflow.builder(topology, String.class)
                .agent("Boss", boss)
                .agent("Worker", String.class, worker)
                .journal(journal) // Journal.inMemory(), or flotilla-journal's SqliteJournal
                .build();
        Run<String> run = recorded.start("tidy up");
        run.result().block();
        String runId = run.runId();

        Runs<String> runs = recorded.runs();
        Mono<Recovery<String>> recovery = runs.recoverAll(); // after a restart: continues every run that has not ended
        Mono<RunState> now = runs.replay(runId); // DivergenceException if the workflow decides otherwise now
        Mono<RunState> then = runs.stateAt(runId, 1); // its state after one fact
        Mono<Path> page = runs.report(runId, folder.resolve("run.html")); // one HTML file
        Mono<Run<String>> other =
                runs.fork(runId, 1, Decision.answer("at once")); // the same until fact 1, then another decision

        assertThat(page.block()).isNotEmptyFile();
        assertThat(recovery.block()).hasToString("Recovery[recovered=0, failed=0, live=0, otherWorkflows={}]");
        assertThat(now.block().status()).isEqualTo(RunState.Status.SUCCEEDED);
        assertThat(then.block().status()).isEqualTo(RunState.Status.RUNNING);
        StepVerifier.create(other.flatMap(Run::result).map(RunResult::answers))
                .expectNext(List.of("at once"))
                .verifyComplete();
    }

    @Test
    void questions_withTypeOrChoices_areDecisions() {
        Decision number = Decision.ask(Question.of("how many?").answerType(Integer.class));
        Decision choice = Decision.ask(Question.of("release it?")
                .choices("yes", "later", "no")
                .timeout(Duration.ofHours(8))
                .defaultAnswer("no"));

        assertThat(number).isInstanceOf(Decision.Ask.class);
        assertThat(choice).isInstanceOf(Decision.Ask.class);
    }

    @Test
    void events_asMaps_areWhatJsonHas() {
        Workflow<String, String> workflow = Workflow.builder(Topology.parse("start -> Boss -> end"), String.class)
                .agent("Boss", Agent.of("Boss", (turn, context) -> Mono.just(Decision.answer("done"))))
                .build();
        Run<String> run = workflow.start("go");

        Flux<Map<String, @Nullable Object>> maps = run.events().map(RunEvent::toMap);

        assertThat(maps.map(map -> String.valueOf(map.get("type")))
                        .collectList()
                        .block())
                .startsWith("run-started")
                .endsWith("run-finished");
    }
}
