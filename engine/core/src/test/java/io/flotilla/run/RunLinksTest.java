package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.observe.BranchObservationContext;
import io.flotilla.observe.FlotillaObservationContext;
import io.flotilla.observe.JoinObservationContext;
import io.flotilla.observe.QuestionObservationContext;
import io.flotilla.observe.RunObservationContext;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** What the observations of a run are linked to, and how joins and questions end. */
@Timeout(60)
class RunLinksTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final String SPAN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private final Queue<FlotillaObservationContext> started = new ConcurrentLinkedQueue<>();
    private final Queue<FlotillaObservationContext> stopped = new ConcurrentLinkedQueue<>();
    private final ObservationRegistry registry = ObservationRegistry.create();
    private volatile CountDownLatch held = new CountDownLatch(0);
    private volatile Duration slow = Duration.ZERO;

    RunLinksTest() {
        registry.observationConfig().observationHandler(new ObservationHandler<FlotillaObservationContext>() {
            @Override
            public void onStart(FlotillaObservationContext context) {
                if (context instanceof RunObservationContext) {
                    await(held);
                    compute(slow);
                    context.traceparent(SPAN);
                }
                started.add(context);
            }

            @Override
            public void onStop(FlotillaObservationContext context) {
                stopped.add(context);
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                return context instanceof FlotillaObservationContext;
            }
        });
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException cause) {
            throw new AssertionError(cause);
        }
    }

    private static void compute(Duration time) {
        long until = System.nanoTime() + time.toNanos();
        while (System.nanoTime() < until) {
            Thread.onSpinWait();
        }
    }

    private Workflow.Builder<String> flow(String topology) {
        return Workflow.builder(Topology.parse(topology), String.class)
                .engine(StepEngine.builder().observationRegistry(registry).build());
    }

    private static Agent<Turn, Decision> deciding(String name, Function<Turn, Decision> decide) {
        return Agent.of(name, (turn, context) -> Mono.fromSupplier(() -> decide.apply(turn)));
    }

    private static Agent<Turn, Decision> forking(String... to) {
        return deciding(
                "Lead",
                turn -> turn.reason() == Turn.Reason.REQUESTED
                        ? Decision.fanOut(java.util.Arrays.stream(to)
                                .map(each -> Invocation.of(each, "x"))
                                .toList())
                        : Decision.answer("done"));
    }

    private <T extends FlotillaObservationContext> List<T> ended(Class<T> type) {
        assertThat(stopped).as("all stop").containsExactlyInAnyOrderElementsOf(started);
        return stopped.stream().filter(type::isInstance).map(type::cast).toList();
    }

    private static List<String> links(FlotillaObservationContext context) {
        return context.links().stream()
                .map(link -> ((BranchObservationContext) link).agent())
                .toList();
    }

    @Test
    void join_ofAnswersAndFailures_isLinkedToBoth() {
        flow("start -> Lead <-> Good\nLead <-> Bad\nLead -> end")
                .agent("Lead", forking("Bad", "Good"))
                .agent("Good", deciding("Good", turn -> Decision.answer("x")))
                .agent("Bad", deciding("Bad", turn -> Decision.fail("no")))
                .join(Join.allSettled())
                .build()
                .run("go")
                .block(SOON);

        assertThat(ended(JoinObservationContext.class)).singleElement().satisfies(join -> {
            assertThat(links(join)).containsExactly("Bad", "Good");
            assertThat(join.outcome()).isEqualTo("met");
        });
    }

    @Test
    void join_thatIsUnmet_isLinkedToWhoHasEnded() {
        flow("start -> Lead <-> Slow\nLead <-> Bad\nLead -> end")
                .agent("Lead", forking("Bad", "Slow"))
                .agent("Slow", Agent.of("Slow", (turn, context) -> Mono.<Decision>never()))
                .agent("Bad", deciding("Bad", turn -> Decision.fail("no")))
                .build()
                .run("go")
                .block(SOON);

        assertThat(ended(JoinObservationContext.class)).singleElement().satisfies(join -> {
            assertThat(links(join)).containsExactly("Bad");
            assertThat(join.outcome()).isEqualTo("unmet");
        });
    }

    @Test
    void join_ofAStragglerThatAnswersLater_isNotLinkedToIt() {
        flow("start -> Lead <-> Fast\nLead <-> Slow\nLead -> end")
                .agent("Lead", forking("Fast", "Slow"))
                .agent("Fast", deciding("Fast", turn -> Decision.answer("x")))
                .agent(
                        "Slow",
                        Agent.of(
                                "Slow",
                                (turn, context) ->
                                        Mono.delay(Duration.ofMillis(30)).map(late -> Decision.answer("late"))))
                .joinAt("Lead", Join.firstSuccess().keepStragglers())
                .build()
                .run("go")
                .block(SOON);

        assertThat(ended(JoinObservationContext.class))
                .singleElement()
                .satisfies(join -> assertThat(links(join)).containsExactly("Fast"));
    }

    @Test
    void joins_ofForksInForks_areLinkedToWhatTheirAgentGets() {
        flow("start -> Lead <-> Mid <-> Leaf\nLead -> end")
                .agent("Lead", forking("Mid", "Mid"))
                .agent(
                        "Mid",
                        deciding(
                                "Mid",
                                turn -> turn.reason() == Turn.Reason.REQUESTED
                                        ? Decision.fanOut(
                                                List.of(Invocation.of("Leaf", "x"), Invocation.of("Leaf", "y")))
                                        : Decision.answer("mid")))
                .agent("Leaf", deciding("Leaf", turn -> Decision.answer("leaf")))
                .build()
                .run("go")
                .block(SOON);

        assertThat(ended(JoinObservationContext.class))
                .extracting(join -> join.agent() + links(join))
                .containsExactlyInAnyOrder("Lead[Mid, Mid]", "Mid[Leaf, Leaf]", "Mid[Leaf, Leaf]");
    }

    @Test
    void join_ofARunThatIsCancelled_isCancelled() {
        Run<String> run = flow("start -> Lead <-> Slow\nLead -> end")
                .agent("Lead", forking("Slow"))
                .agent("Slow", Agent.of("Slow", (turn, context) -> Mono.<Decision>never()))
                .build()
                .start("go");
        run.cancel();
        run.result().block(SOON);

        assertThat(ended(JoinObservationContext.class)).singleElement().satisfies(join -> {
            assertThat(join.outcome()).isEqualTo("cancelled");
            assertThat(links(join)).isEmpty();
        });
    }

    @Test
    void rendezvous_thatFiresEarly_isLinkedToThoseWhoHadCome() {
        flow("start -> Lead -> Fast -> Meet -> Lead\nLead -> Slow -> Meet\nLead -> end")
                .agent("Lead", forking("Fast", "Slow"))
                .agent("Fast", deciding("Fast", turn -> Decision.handOff("Meet", "x")))
                .agent("Slow", Agent.of("Slow", (turn, context) -> Mono.<Decision>never()))
                .agent("Meet", deciding("Meet", turn -> Decision.answer("met")))
                .joinAt("Meet", Join.atLeast(1))
                .joinAt("Lead", Join.firstSuccess())
                .build()
                .run("go")
                .block(SOON);

        assertThat(ended(BranchObservationContext.class))
                .filteredOn(branch -> branch.agent().equals("Meet"))
                .singleElement()
                .satisfies(meet -> assertThat(links(meet)).containsExactly("Fast"));
        assertThat(ended(JoinObservationContext.class))
                .singleElement()
                .satisfies(join -> assertThat(links(join)).containsExactly("Meet"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void question_notAnsweredInTime_saysWhatCameOfIt(boolean hasDefault) {
        Question question = Question.of("?").timeout(Duration.ofMillis(5));
        flow("start -> Lead -> user\nLead -> end")
                .agent(
                        "Lead",
                        deciding(
                                "Lead",
                                turn -> turn.reason() == Turn.Reason.REQUESTED
                                        ? Decision.ask(hasDefault ? question.defaultAnswer("no") : question)
                                        : Decision.answer("done")))
                .build()
                .run("go")
                .block(SOON);

        assertThat(ended(QuestionObservationContext.class))
                .singleElement()
                .satisfies(asked -> assertThat(asked.outcome()).isEqualTo(hasDefault ? "defaulted" : "withdrawn"));
    }

    // --- the span in the journal

    private static Agent<Turn, Decision> solo() {
        return deciding("Solo", turn -> Decision.answer("done"));
    }

    private String recordedTrace(Journal journal, String runId) {
        Run<String> again = flow("start -> Solo")
                .agent("Solo", solo())
                .journal(new ForwardingJournal(journal))
                .build()
                .runs()
                .recover(runId)
                .block(SOON);
        again.result().block(SOON);
        return started.stream()
                .filter(RunObservationContext.class::isInstance)
                .reduce((first, last) -> last)
                .map(FlotillaObservationContext::linkedTraceparent)
                .orElse(null);
    }

    private Run<String> suspended(Journal journal) {
        Run<String> run = flow("start -> Solo")
                .agent("Solo", Agent.of("Solo", (turn, context) -> Mono.<Decision>never()))
                .journal(journal)
                .build()
                .start("go");
        run.started().block(SOON);
        return run;
    }

    @Test
    void run_thatIsRecorded_isContinuedFromItsSpan() {
        Journal journal = Journal.inMemory();
        Run<String> run = suspended(journal);
        run.suspend().block(SOON);

        assertThat(recordedTrace(journal, run.runId())).isEqualTo(SPAN);
    }

    /** As on a busy machine: a handler that computes is waited for longer than one that blocks. */
    @Test
    void run_handlerIsSlow_isTheParentAllTheSame() {
        slow = Duration.ofMillis(200);
        flow("start -> Solo").agent("Solo", solo()).build().run("go").block(SOON);

        assertThat(ended(BranchObservationContext.class))
                .singleElement()
                .satisfies(branch -> assertThat(branch.getParentObservation()).isNotNull());
    }

    /** The run does not wait for a handler: its start is recorded without the span. */
    @Test
    void run_handlerKeepsTheThread_isRecordedAndEndsAllTheSame() throws Exception {
        held = new CountDownLatch(1);
        Journal journal = Journal.inMemory();
        Workflow<String, String> flow =
                flow("start -> Solo").agent("Solo", solo()).journal(journal).build();
        List<RunResult<String>> results = new java.util.concurrent.CopyOnWriteArrayList<>();
        Thread caller = new Thread(() -> results.add(flow.run("go").block(SOON)));
        caller.start();
        TestRuns.until(() -> flow.runs()
                        .list(RunFilter.all())
                        .any(info -> info.status() == RunInfo.Status.SUCCEEDED)
                        .block(SOON)
                ? true
                : null);
        held.countDown();
        caller.join(20_000);

        assertThat(results)
                .singleElement()
                .satisfies(result -> assertThat(result.answer()).isEqualTo("done"));
        TestRuns.until(() -> stopped.size() == started.size() ? true : null);
    }
}
