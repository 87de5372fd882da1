package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static io.flotilla.run.TestRuns.alone;
import static io.flotilla.run.TestRuns.crew;
import static io.flotilla.run.TestRuns.deciding;
import static io.flotilla.run.TestRuns.ended;
import static io.flotilla.run.TestRuns.events;
import static io.flotilla.run.TestRuns.forking;
import static io.flotilla.run.TestRuns.stepping;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.run.RunEvent.Verdict;
import io.flotilla.step.NothingDropped;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** What a run tells of itself, to whom, and for how long. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class EventsTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final BranchPath ROOT = BranchPath.outsideForks(0);

    /** How many events a run of {@link #small()} has. */
    private static final int SMALL = 18;

    private static Workflow.Builder<String> small() {
        return crew(forking(2), deciding("Worker", turn -> Decision.answer(turn.input())))
                .engine(StepEngine.builder()
                        .clock(Clock.fixed(NOW, ZoneId.of("UTC")))
                        .build());
    }

    @Test
    void events_ofASmallRun_areTheseInThisOrder() {
        BranchPath first = ROOT.forked(0, 0);
        BranchPath second = ROOT.forked(0, 1);

        assertThat(events(small().build().start("task")))
                .containsExactly(
                        new RunEvent.RunStarted(0, NOW),
                        new RunEvent.BranchStarted(1, NOW, ROOT, "Lead"),
                        new RunEvent.StepStarted(2, NOW, ROOT, "Lead", 0),
                        new RunEvent.StepSettled(3, NOW, ROOT, "Lead", 0, false, 1, false, Usage.NONE),
                        new RunEvent.Forked(4, NOW, ROOT, "Lead", 0, 2),
                        new RunEvent.BranchStarted(5, NOW, first, "Worker"),
                        new RunEvent.BranchStarted(6, NOW, second, "Worker"),
                        new RunEvent.StepStarted(7, NOW, first, "Worker", 0),
                        new RunEvent.StepStarted(8, NOW, second, "Worker", 0),
                        new RunEvent.StepSettled(9, NOW, first, "Worker", 0, false, 1, false, Usage.NONE),
                        new RunEvent.BranchAnswered(10, NOW, first, "Worker", false),
                        new RunEvent.StepSettled(11, NOW, second, "Worker", 0, false, 1, false, Usage.NONE),
                        new RunEvent.BranchAnswered(12, NOW, second, "Worker", false),
                        new RunEvent.Joined(13, NOW, ROOT, "Lead", 0, Verdict.MET, 2, 0, 0),
                        new RunEvent.StepStarted(14, NOW, ROOT, "Lead", 1),
                        new RunEvent.StepSettled(15, NOW, ROOT, "Lead", 1, false, 1, false, Usage.NONE),
                        new RunEvent.BranchAnswered(16, NOW, ROOT, "Lead", false),
                        new RunEvent.RunFinished(17, NOW, RunResult.Status.SUCCEEDED))
                .hasSize(SMALL);
    }

    @Test
    void events_subscribersBeforeDuringAndAfter_haveTheSame() {
        Sinks.One<Decision> answer = Sinks.one();
        Run<String> run =
                alone(stepping("Solo", turn -> answer.asMono())).build().start("task");
        Mono<List<RunEvent>> during = run.events().collectList().cache();
        during.subscribe();
        assertThat(run.events().take(3).collectList().block(SOON)).hasSize(3);

        answer.tryEmitValue(Decision.answer("x"));

        List<RunEvent> after = events(run);
        assertThat(after).hasSize(6).last().isInstanceOf(RunEvent.RunFinished.class);
        assertThat(during.block(SOON)).isEqualTo(after);
        assertThat(events(run)).isEqualTo(after);
    }

    @Test
    void events_underRealThreads_haveNoGapsForAnybody() {
        Agent<Turn, Decision> worker = stepping(
                "Worker", turn -> Mono.just(Decision.answer(turn.input())).publishOn(Schedulers.parallel()));
        Run<String> run = crew(forking(500), worker).build().start("task");
        List<Mono<List<RunEvent>>> live = new ArrayList<>();
        for (int at = 0; at < 5; at++) {
            Mono<List<RunEvent>> subscriber = run.events().collectList().cache();
            subscriber.subscribe();
            live.add(subscriber);
        }

        List<RunEvent> all = events(run);

        assertThat(all).hasSize(2 + 501 + 2 * 502 + 1 + 501 + 1);
        live.forEach(subscriber -> assertThat(subscriber.block(SOON)).isEqualTo(all));
    }

    // --- bounds

    @ParameterizedTest
    @ValueSource(ints = {SMALL, SMALL + 1, Integer.MAX_VALUE})
    void events_notMoreThanTheHistory_areKeptForLateSubscribers(int history) {
        Run<String> run = small().eventHistory(history).build().start("task");

        assertThat(events(run)).hasSize(SMALL);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, SMALL - 1})
    void events_moreThanTheHistory_areLostToLateSubscribers(int history) {
        Run<String> run = small().eventHistory(history).build().start("task");

        StepVerifier.create(run.events())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(EventsLostException.class)
                        .hasMessageContaining("the history is of " + history + " events")
                        .extracting(lost -> ((EventsLostException) lost).expected())
                        .isEqualTo(0L))
                .verify(SOON);
        assertThat(ended(run).isSucceeded()).isTrue();
    }

    @Test
    void events_subscriberWithoutDemand_losesThemAndTheRunGoesOn() {
        Sinks.One<Integer> go = Sinks.one();
        Agent<Turn, Decision> lead = stepping(
                "Lead",
                turn -> turn.reason() == Turn.Reason.JOINED
                        ? Mono.just(Decision.answer("done"))
                        : go.asMono().map(any -> Decision.fanOut(TestRuns.invocations("Worker", 1_000))));
        Run<String> run = crew(lead, deciding("Worker", turn -> Decision.answer("x")))
                .eventHistory(64)
                .build()
                .start("task");
        AtomicInteger had = new AtomicInteger();

        StepVerifier.create(run.events(), 0)
                .expectSubscription()
                .then(() -> go.tryEmitValue(1))
                .then(() -> assertThat(ended(run).answer()).isEqualTo("done"))
                .thenRequest(Long.MAX_VALUE)
                .thenConsumeWhile(event -> event.sequence() == had.getAndIncrement())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                EventsLostException.class,
                                lost -> assertThat(lost.expected())
                                        .as("the first it has not had")
                                        .isEqualTo(had.get())))
                .verify(SOON);
        assertThat(had.get()).as("the last 64 are kept, so the first is not").isZero();
    }

    @Test
    void events_subscriberBlocks_runGoesOnAndOthersHaveThemAll() throws InterruptedException {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch failed = new CountDownLatch(1);
        AtomicReference<Throwable> error = new AtomicReference<>();
        Sinks.One<Integer> go = Sinks.one();
        Agent<Turn, Decision> lead = stepping(
                "Lead",
                turn -> turn.reason() == Turn.Reason.JOINED
                        ? Mono.just(Decision.answer("done"))
                        : go.asMono().map(any -> Decision.fanOut(TestRuns.invocations("Worker", 1_000))));
        Run<String> run = crew(lead, deciding("Worker", turn -> Decision.answer("x")))
                .eventHistory(100)
                .build()
                .start("task");
        run.events()
                .subscribe(
                        event -> {
                            try {
                                release.await();
                            } catch (InterruptedException interrupted) {
                                Thread.currentThread().interrupt();
                            }
                        },
                        thrown -> {
                            error.set(thrown);
                            failed.countDown();
                        });

        go.tryEmitValue(1);

        assertThat(ended(run).answer()).isEqualTo("done");
        release.countDown();
        failed.await();
        assertThat(error.get()).isInstanceOf(EventsLostException.class);
    }

    @Test
    void events_demand_isHonoured() {
        Run<String> run = small().build().start("task");

        StepVerifier.create(run.events(), 0)
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(20))
                .thenRequest(2)
                .expectNextCount(2)
                .expectNoEvent(Duration.ofMillis(20))
                .thenRequest(SMALL - 2)
                .expectNextCount(SMALL - 2)
                .verifyComplete();
    }

    @Test
    void events_subscriptionCancelled_runGoesOn() {
        Sinks.One<Decision> answer = Sinks.one();
        Run<String> run =
                alone(stepping("Solo", turn -> answer.asMono())).build().start("task");
        run.events().subscribe().dispose();

        answer.tryEmitValue(Decision.answer("x"));

        assertThat(ended(run).answer()).isEqualTo("x");
    }

    @Test
    void events_ofSubscribers_comeOnThreadsForListeners() {
        Run<String> run = small().build().start("task");

        Set<String> threads = run.events()
                .map(event -> Thread.currentThread().getName())
                .collect(Collectors.toSet())
                .block(SOON);

        assertThat(threads).isNotEmpty().allMatch(name -> name.startsWith("flotilla-listener-"));
    }

    // --- kinds

    private static final Topology CROSSING = Topology.parse("""
            start -> Lead
            Lead <-> Worker
            Lead -> Left -> Writer
            Lead -> Right -> Writer
            Writer -> end
            Lead -> user
            """);

    /** Corrects, asks, pauses, forks, answers, fails, cancels, hands off, meets. */
    private static Run<String> ofEverything() {
        Agent<Turn, Decision> lead = deciding("Lead", turn -> switch (turn.reason()) {
            case REQUESTED -> turn.correction() == null ? Decision.handOff("nowhere", null) : Decision.ask("go?");
            case ANSWERED ->
                Decision.fanOut(Invocation.of("Worker", 0), Invocation.of("Worker", 1), Invocation.of("Worker", 2));
            default -> Decision.fanOut(Invocation.of("Left", "l"), Invocation.of("Right", "r"));
        });
        Workflow<String, String> flow = Workflow.builder(CROSSING, String.class)
                .agent("Lead", lead)
                .agent("Worker", stepping("Worker", turn -> switch (turn.input(Integer.class)) {
                    case 0 -> Mono.error(new IllegalStateException("boom"));
                    case 1 -> Mono.just(Decision.answer("x"));
                    default -> Mono.never();
                }))
                .agent("Left", deciding("Left", turn -> Decision.handOff("Writer", "l")))
                .agent("Right", deciding("Right", turn -> Decision.handOff("Writer", "r")))
                .agent(
                        "Writer",
                        deciding(
                                "Writer",
                                turn -> Decision.handOff("end", turn.input().toString())))
                .joinAt("Lead", Join.firstSuccess())
                .build();
        Run<String> run = flow.start("task");
        run.pause();
        run.resume();
        run.answer("q0", "yes").subscribe();
        return run;
    }

    @Test
    void events_ofRunsThatDoEverything_areOfEveryKind() {
        Run<String> everything = ofEverything();
        Run<String> handingOff = crew(
                        deciding("Lead", turn -> Decision.handOff("Worker", "x")),
                        deciding("Worker", turn -> Decision.answer("x")))
                .build()
                .start("task");

        AtomicInteger turns = new AtomicInteger();
        Run<String> waiting = alone(deciding("Solo", turn -> switch (turns.getAndIncrement()) {
                    case 0 -> Decision.sleep(Duration.ofMillis(1));
                    case 1 -> Decision.await("go");
                    default -> Decision.answer("x");
                }))
                .build()
                .start("task");
        waiting.events()
                .ofType(RunEvent.SignalAwaited.class)
                .take(1)
                .concatMap(awaited -> waiting.signal("go", "x"), 1)
                .blockLast(SOON);

        Run<String> undone = alone(deciding(
                        "Solo", turn -> turn.input() == null ? Decision.compensate("no") : Decision.repeat(null)))
                .compensate("Solo", (step, context) -> {
                    context.state().put("undone", true);
                    return Mono.empty();
                })
                .build()
                .start("task");

        assertThat(ended(everything).answer()).isEqualTo("[l, r]");
        assertThat(ended(undone).isSucceeded()).isFalse();
        assertThat(ended(waiting).answer()).isEqualTo("x");
        assertThat(Stream.of(everything, handingOff, waiting, undone)
                        .flatMap(run -> events(run).stream())
                        .map(RunEvent::getClass)
                        .collect(Collectors.toSet()))
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(RunEvent.class.getPermittedSubclasses())
                        .map(type -> type.asSubclass(RunEvent.class))
                        .toList());
    }

    // --- redrawing

    /** Draws a run from nothing but its events. */
    private static String drawn(List<RunEvent> events) {
        Map<BranchPath, StringBuilder> branches = new TreeMap<>();
        for (RunEvent event : events) {
            if (event instanceof RunEvent.BranchStarted started) {
                BranchPath parent = started.branch().parent();
                assertThat(parent == null || branches.containsKey(parent))
                        .as("%s starts after the one that forked it", started.branch())
                        .isTrue();
                assertThat(branches.put(started.branch(), new StringBuilder(started.agent())))
                        .isNull();
            } else if (event.branch() != null) {
                StringBuilder line = branches.get(event.branch());
                assertThat(line).as("%s has started", event).isNotNull();
                assertThat(line.toString()).as("%s comes before the end", event).doesNotEndWith(".");
                line.append(word(event));
            }
        }
        StringBuilder picture = new StringBuilder();
        branches.forEach((path, line) -> {
            assertThat(line.toString()).as("%s ends", path).endsWith(".");
            picture.append("  ".repeat(path.depth())).append(line).append('\n');
        });
        return picture.toString();
    }

    private static String word(RunEvent event) {
        if (event instanceof RunEvent.HandedOff handedOff) {
            return " > " + handedOff.to();
        } else if (event instanceof RunEvent.Forked forked) {
            return " fork " + forked.branches();
        } else if (event instanceof RunEvent.Joined joined) {
            return " " + joined.verdict() + " " + joined.answered() + "/" + joined.failed() + "/" + joined.stragglers();
        } else if (event instanceof RunEvent.RendezvousFired fired) {
            return " of " + fired.arrivals();
        } else if (event instanceof RunEvent.BranchAnswered) {
            return " answered.";
        } else if (event instanceof RunEvent.BranchFailed) {
            return " failed.";
        } else if (event instanceof RunEvent.BranchMovedOn movedOn) {
            return (movedOn.to() == null ? " with them" : " to " + movedOn.to()) + ".";
        } else if (event instanceof RunEvent.BranchCancelled) {
            return " cancelled.";
        } else if (event instanceof RunEvent.QuestionAsked) {
            return " asked";
        } else if (event instanceof RunEvent.DecisionRejected) {
            return " corrected";
        }
        return "";
    }

    @Test
    void events_alone_areEnoughToDrawTheRun() {
        assertThat(drawn(events(ofEverything()))).isEqualTo("""
                Lead corrected asked fork 3 MET 1/1/1 fork 2 VACATED 0/0/0 with them.
                  Worker failed.
                  Worker answered.
                  Worker cancelled.
                  Left to Writer.
                  Right to Writer.
                  Writer of 2 to end.
                """);
    }
}
