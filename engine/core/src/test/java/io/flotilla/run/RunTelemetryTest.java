package io.flotilla.run;

import static io.flotilla.run.TestRuns.alone;
import static io.flotilla.run.TestRuns.crew;
import static io.flotilla.run.TestRuns.deciding;
import static io.flotilla.run.TestRuns.ended;
import static io.flotilla.run.TestRuns.forking;
import static io.flotilla.run.TestRuns.stepping;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.observe.FlotillaKey;
import io.flotilla.observe.FlotillaObservation;
import io.flotilla.step.NothingDropped;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import io.micrometer.common.KeyValue;
import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

/** What Micrometer is told of runs, their branches and steps. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class RunTelemetryTest {

    private static final String IN_CONTEXT = "micrometer.observation";

    private static final Topology MEETING = Topology.parse("""
            start -> Lead
            Lead -> Left -> Writer
            Lead -> Right -> Writer
            Writer -> end
            """);

    private final Recording recording = new Recording();
    private final ObservationRegistry observations = ObservationRegistry.create();

    RunTelemetryTest() {
        observations.observationConfig().observationHandler(recording);
    }

    /** Keeps every observation as it was when it stopped, and what happened on it. */
    private static final class Recording implements ObservationHandler<Observation.Context> {
        private final List<Observation.Context> started = new CopyOnWriteArrayList<>();
        private final List<Observation.Context> stopped = new CopyOnWriteArrayList<>();
        private final Map<Observation.Context, List<String>> events = new ConcurrentHashMap<>();

        @Override
        public void onStart(Observation.Context context) {
            started.add(context);
        }

        @Override
        public void onStop(Observation.Context context) {
            stopped.add(context);
        }

        @Override
        public void onEvent(Observation.Event event, Observation.Context context) {
            events.computeIfAbsent(context, any -> new CopyOnWriteArrayList<>()).add(event.getName());
        }

        @Override
        public boolean supportsContext(Observation.Context context) {
            return true;
        }

        List<Observation.Context> of(FlotillaObservation what) {
            return stopped.stream()
                    .filter(context -> what.getName().equals(context.getName()))
                    .toList();
        }

        Observation.Context run() {
            assertThat(of(FlotillaObservation.RUN)).hasSize(1);
            return of(FlotillaObservation.RUN).get(0);
        }

        Observation.Context branch(String path) {
            return of(FlotillaObservation.BRANCH).stream()
                    .filter(context -> path.equals(tag(context, FlotillaKey.BRANCH)))
                    .findFirst()
                    .orElseThrow();
        }

        List<String> eventsOf(Observation.Context context) {
            return events.getOrDefault(context, List.of());
        }

        void assertEachStoppedOnceInsideItsParent() {
            assertThat(stopped).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(started);
            for (Observation.Context context : stopped) {
                if (context.getParentObservation() != null
                        && !"caller".equals(parentOf(context).getName())) {
                    assertThat(stopped.indexOf(context))
                            .as("%s stops before what it is inside of", context.getName())
                            .isLessThan(stopped.indexOf(parentOf(context)));
                }
            }
        }
    }

    private static Object parent(Observation.Context context) {
        return context.getParentObservation() == null ? null : parentOf(context);
    }

    private static Observation.Context parentOf(Observation.Context context) {
        return (Observation.Context) context.getParentObservation().getContextView();
    }

    private static String tag(Observation.Context context, FlotillaKey tag) {
        KeyValue value = tag.isLowCardinality()
                ? context.getLowCardinalityKeyValue(tag.asString())
                : context.getHighCardinalityKeyValue(tag.asString());
        return value == null ? null : value.getValue();
    }

    private StepEngine engine() {
        return StepEngine.builder().observationRegistry(observations).build();
    }

    private static Agent<Turn, Decision> answering(boolean async) {
        return stepping("Worker", turn -> {
            Mono<Decision> answer = Mono.just(Decision.answer(turn.input()));
            return async ? answer.publishOn(Schedulers.parallel()) : answer;
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void run_withAFork_observesRunBranchesAndStepsInsideEachOther(boolean async) {
        Run<String> run =
                crew(forking(2), answering(async)).engine(engine()).build().start("task");
        assertThat(ended(run).isSucceeded()).isTrue();

        Observation.Context root = recording.branch("/");
        assertThat(tag(recording.run(), FlotillaKey.RUN_ID)).isEqualTo(run.runId());
        assertThat(tag(recording.run(), FlotillaKey.OUTCOME)).isEqualTo("succeeded");
        assertThat(parent(recording.run())).isNull();
        assertThat(parent(root)).isSameAs(recording.run());
        assertThat(tag(root, FlotillaKey.AGENT)).isEqualTo("Lead");
        for (String path : List.of("/0.0/", "/0.1/")) {
            assertThat(parent(recording.branch(path))).isSameAs(root);
            assertThat(tag(recording.branch(path), FlotillaKey.AGENT)).isEqualTo("Worker");
            assertThat(tag(recording.branch(path), FlotillaKey.OUTCOME)).isEqualTo("answered");
        }
        assertThat(recording.of(FlotillaObservation.STEP)).hasSize(4).allSatisfy(step -> {
            String id = tag(step, FlotillaKey.STEP_ID);
            String path = id.substring(run.runId().length(), id.indexOf('#'));
            assertThat(parent(step)).isSameAs(recording.branch(path));
        });
        assertThat(recording.eventsOf(root)).containsExactly("fork", "join met");
        recording.assertEachStoppedOnceInsideItsParent();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void run_observationInTheContext_isItsParent(boolean started) {
        Observation caller = Observation.start("caller", observations);
        Context context = Context.of(IN_CONTEXT, caller);
        Workflow<String, String> flow =
                crew(forking(1), answering(false)).engine(engine()).build();

        if (started) {
            ended(flow.start("task", context));
        } else {
            flow.run("task").contextWrite(context).block();
        }

        assertThat(recording.run().getParentObservation()).isSameAs(caller);
    }

    /** Keeps the thread, or throws, whenever it is told of {@code what}; tells when the test is over. */
    private static final class Stubborn implements ObservationHandler<Observation.Context> {
        private final Sinks.Empty<Void> over = Sinks.empty();
        private final CountDownLatch runStopped = new CountDownLatch(1);
        private final Set<String> told = ConcurrentHashMap.newKeySet();
        private final String when;
        private final boolean keeps;

        Stubborn(String when, boolean keeps) {
            this.when = when;
            this.keeps = keeps;
        }

        private void tell(String what, Observation.Context context) {
            String now = what + " " + context.getName();
            if (now.equals(when)) {
                told.add(now);
                if (!keeps) {
                    throw new StackOverflowError(now);
                }
                over.asMono().block();
            }
        }

        @Override
        public void onStart(Observation.Context context) {
            tell("start", context);
        }

        @Override
        public void onEvent(Observation.Event event, Observation.Context context) {
            tell("event", context);
        }

        @Override
        public void onError(Observation.Context context) {
            tell("error", context);
        }

        @Override
        public void onStop(Observation.Context context) {
            tell("stop", context);
            if (context.getName().equals(FlotillaObservation.RUN.getName())) {
                runStopped.countDown();
            }
        }

        @Override
        public boolean supportsContext(Observation.Context context) {
            return true;
        }
    }

    static List<Arguments> stubborn() {
        return Stream.of("start", "event", "error", "stop")
                .flatMap(what -> Stream.of(FlotillaObservation.RUN, FlotillaObservation.BRANCH)
                        .map(of -> what + " " + of.getName())
                        .filter(when -> !when.equals("event " + FlotillaObservation.RUN.getName())))
                .flatMap(when -> Stream.of(Arguments.of(when, true), Arguments.of(when, false)))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("stubborn")
    void handler_ofARunOrABranchKeepsTheThreadOrThrows_theRunEndsAllTheSame(String when, boolean keeps) {
        Stubborn stubborn = new Stubborn(when, keeps);
        observations.observationConfig().observationHandler(stubborn);
        Workflow<String, String> crew = crew(
                        forking(2), stepping("Worker", turn -> Mono.error(new IllegalStateException("on purpose"))))
                .join(Join.all().orFail())
                .engine(StepEngine.builder().observationRegistry(observations).build())
                .build();
        try {
            StepVerifier.create(crew.run("task").subscribeOn(Schedulers.boundedElastic()))
                    .assertNext(result -> assertThat(result.isSucceeded()).isFalse())
                    .expectComplete()
                    .verify(TestRuns.SOON);
            assertThat(stubborn.told).containsExactly(when);
        } finally {
            stubborn.over.tryEmitEmpty();
        }
    }

    @Test
    void observation_stoppedWhileItsStartKeepsAThread_isStoppedWhenItHasStarted() throws InterruptedException {
        Stubborn stubborn = new Stubborn("start " + FlotillaObservation.RUN.getName(), true);
        observations.observationConfig().observationHandler(stubborn);
        Workflow<String, String> solo = alone(deciding("Solo", turn -> Decision.answer("done")))
                .engine(StepEngine.builder().observationRegistry(observations).build())
                .build();

        CompletableFuture<RunResult<String>> ended = new CompletableFuture<>();
        new Thread(() -> solo.run("task").subscribe(ended::complete)).start();

        assertThat(ended).succeedsWithin(TestRuns.SOON);
        assertThat(recording.stopped)
                .extracting(Observation.Context::getName)
                .doesNotContain(FlotillaObservation.RUN.getName());
        stubborn.over.tryEmitEmpty();

        assertThat(stubborn.runStopped.await(TestRuns.SOON.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
    }

    @Test
    void run_withARendezvous_saysSoOnItsBranch() {
        Run<String> run = Workflow.builder(MEETING, String.class)
                .agent(
                        "Lead",
                        deciding(
                                "Lead",
                                turn -> Decision.fanOut(Invocation.of("Left", "l"), Invocation.of("Right", "r"))))
                .agent("Left", deciding("Left", turn -> Decision.handOff("Writer", "l")))
                .agent("Right", deciding("Right", turn -> Decision.handOff("Writer", "r")))
                .agent("Writer", deciding("Writer", turn -> Decision.handOff("end", "done")))
                .engine(engine())
                .build()
                .start("task");

        assertThat(ended(run).answer()).isEqualTo("done");
        Observation.Context writer = recording.of(FlotillaObservation.BRANCH).stream()
                .filter(branch -> "Writer".equals(tag(branch, FlotillaKey.AGENT)))
                .findFirst()
                .orElseThrow();
        assertThat(recording.eventsOf(writer)).containsExactly("rendezvous met");
        assertThat(tag(recording.branch("/0.0/"), FlotillaKey.OUTCOME)).isEqualTo("moved_on");
        recording.assertEachStoppedOnceInsideItsParent();
    }

    // --- outcomes

    @Test
    void run_joinFallsShort_branchesAndRunHaveTheFailure() {
        Run<String> run = crew(
                        forking(3),
                        stepping(
                                "Worker",
                                turn -> Integer.valueOf(1).equals(turn.input())
                                        ? Mono.error(new IllegalStateException("boom"))
                                        : Mono.never()))
                .engine(engine())
                .build()
                .start("task");

        RunFailure failure = ended(run).failure();
        assertThat(tag(recording.run(), FlotillaKey.OUTCOME)).isEqualTo("failed");
        assertThat(recording.run().getError()).isSameAs(failure);
        assertThat(tag(recording.branch("/"), FlotillaKey.OUTCOME)).isEqualTo("failed");
        assertThat(recording.branch("/").getError()).isSameAs(failure);
        assertThat(tag(recording.branch("/0.0/"), FlotillaKey.OUTCOME)).isEqualTo("cancelled");
        assertThat(tag(recording.branch("/0.1/"), FlotillaKey.OUTCOME)).isEqualTo("failed");
        assertThat(recording.branch("/0.1/").getError()).hasMessageContaining("boom");
        assertThat(recording.eventsOf(recording.branch("/"))).containsExactly("fork", "join unmet");
        recording.assertEachStoppedOnceInsideItsParent();
    }

    @Test
    void run_cancelled_everythingStopsOnce() {
        Run<String> run = crew(forking(20), stepping("Worker", turn -> Mono.never()))
                .engine(engine())
                .build()
                .start("task");

        run.cancel();

        assertThat(tag(recording.run(), FlotillaKey.OUTCOME)).isEqualTo("cancelled");
        assertThat(recording.run().getError()).isNull();
        assertThat(recording.of(FlotillaObservation.BRANCH))
                .hasSize(21)
                .allSatisfy(
                        branch -> assertThat(tag(branch, FlotillaKey.OUTCOME)).isEqualTo("cancelled"));
        assertThat(recording.of(FlotillaObservation.STEP)).hasSize(21);
        recording.assertEachStoppedOnceInsideItsParent();
    }

    @Test
    void run_timeIsUp_everythingStopsOnce() {
        UndisturbedTime.verifier(() -> crew(forking(5), stepping("Worker", turn -> Mono.never()))
                        .limits(Limits.time(Duration.ofSeconds(3)))
                        .engine(engine())
                        .build()
                        .run("task"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(3))
                .assertNext(result -> assertThat(recording.run().getError()).isSameAs(result.failure()))
                .verifyComplete();

        assertThat(tag(recording.run(), FlotillaKey.OUTCOME)).isEqualTo("failed");
        assertThat(recording.of(FlotillaObservation.STEP)).hasSize(6);
        recording.assertEachStoppedOnceInsideItsParent();
    }

    @Test
    void run_stepsLimitExceeded_everythingStopsOnce() {
        Run<String> run = crew(forking(5), stepping("Worker", turn -> Mono.never()))
                .limits(Limits.steps(3))
                .engine(engine())
                .build()
                .start("task");

        assertThat(ended(run).failure()).isInstanceOf(LimitExceededException.class);
        recording.assertEachStoppedOnceInsideItsParent();
    }

    // --- trace context

    @Test
    void agent_thatObserves_hasItsStepForAParent() {
        Agent<Turn, Decision> worker = Agent.of(
                "w",
                (turn, context) -> Mono.deferContextual(view -> Mono.just(0)
                        .publishOn(Schedulers.parallel())
                        .map(any -> {
                            Observation parent = view.get(IN_CONTEXT);
                            Observation.createNotStarted("llm", observations)
                                    .parentObservation(parent)
                                    .highCardinalityKeyValue("of", context.stepId())
                                    .observe(() -> {});
                            return Decision.answer("x");
                        })));

        ended(crew(forking(5), worker).engine(engine()).build().start("task"));

        List<Observation.Context> calls = recording.stopped.stream()
                .filter(context -> "llm".equals(context.getName()))
                .toList();
        assertThat(calls)
                .hasSize(5)
                .allSatisfy(call -> assertThat(tag(parentOf(call), FlotillaKey.STEP_ID))
                        .isEqualTo(call.getHighCardinalityKeyValue("of").getValue()));
    }

    // --- docs

    private static Set<String> keys(Observation.Context context) {
        return StreamSupport.stream(context.getAllKeyValues().spliterator(), false)
                .map(KeyValue::getKey)
                .collect(Collectors.toSet());
    }

    @Test
    void telemetry_ofARun_hasTheTagsThatAreDocumented() {
        ended(crew(forking(1), answering(false)).engine(engine()).build().start("task"));

        for (FlotillaObservation what :
                List.of(FlotillaObservation.RUN, FlotillaObservation.BRANCH, FlotillaObservation.JOIN)) {
            assertThat(recording.of(what))
                    .isNotEmpty()
                    .allSatisfy(context -> assertThat(keys(context))
                            .as("%s", what)
                            .isEqualTo(Arrays.stream(KeyName.merge(
                                            what.getLowCardinalityKeyNames(), what.getHighCardinalityKeyNames()))
                                    .map(KeyName::asString)
                                    .collect(Collectors.toSet())));
        }
        assertThat(recording.started.stream().map(Observation.Context::getName).distinct())
                .containsExactlyInAnyOrder(
                        FlotillaObservation.RUN.getName(),
                        FlotillaObservation.BRANCH.getName(),
                        FlotillaObservation.JOIN.getName(),
                        FlotillaObservation.STEP.getName());
    }

    @Test
    void run_nestedRunThatCannotBeginAndWasCancelledMeanwhile_itsStepStopsAllTheSame() {
        Sinks.Empty<Void> beginning = Sinks.empty();
        Sinks.One<Long> appended = Sinks.one();
        Journal journal = new ForwardingJournal(Journal.inMemory()) {
            @Override
            public Mono<Long> append(String runId, long expectedSequence, List<JournalEntry> entries) {
                if (runId.equals("a")) {
                    return super.append(runId, expectedSequence, entries);
                }
                beginning.tryEmitEmpty();
                return appended.asMono();
            }
        };
        Workflow<String, String> flow = Workflow.builder(
                        Topology.parse("start -> Lead\nLead <-> Inner, Worker\nLead -> end"), String.class)
                .agent(
                        "Lead",
                        deciding(
                                "Lead",
                                turn -> turn.reason() == Turn.Reason.JOINED
                                        ? Decision.answer("done")
                                        : Decision.fanOut(Invocation.of("Inner", "go"), Invocation.of("Worker", "go"))))
                .agent(
                        "Inner",
                        alone(deciding("Solo", turn -> Decision.answer("never")))
                                .name("inner")
                                .build())
                .agent("Worker", stepping("Worker", turn -> beginning.asMono().thenReturn(Decision.answer("first"))))
                .join(Join.firstSuccess())
                .engine(engine())
                .journal(journal)
                .build();

        Run<String> run = flow.submit("task", RunOptions.ofId("a")).block(TestRuns.SOON);
        assertThat(ended(run).answer()).isEqualTo("done");
        appended.tryEmitError(new IllegalStateException("no journal"));

        TestRuns.until(() -> recording.stopped.size() == recording.started.size() ? true : null);
        assertThat(recording.stopped).doesNotHaveDuplicates();
        assertThat(recording.of(FlotillaObservation.STEP))
                .filteredOn(step -> "Inner".equals(tag(step, FlotillaKey.AGENT)))
                .singleElement()
                .satisfies(step -> assertThat(tag(step, FlotillaKey.OUTCOME)).isEqualTo("cancelled"));
    }

    // --- nobody observes, or throws

    @Test
    void run_noRegistry_leavesTheCallersObservationWhereItIs() {
        Observation caller = Observation.start("caller", observations);
        List<Object> seen = new CopyOnWriteArrayList<>();
        Workflow<String, String> flow = alone(stepping(
                        "Solo",
                        turn -> Mono.deferContextual(view -> {
                            seen.add(view.get(IN_CONTEXT));
                            return Mono.just(Decision.answer("x"));
                        })))
                .build();

        flow.run("task").contextWrite(Context.of(IN_CONTEXT, caller)).block();

        assertThat(seen).containsExactly(caller);
        assertThat(recording.started).extracting(Observation.Context::getName).containsExactly("caller");
    }

    @ParameterizedTest
    @ValueSource(strings = {"start", "event", "stop"})
    void run_handlerThrows_endsAllTheSame(String where) {
        ObservationRegistry throwing = ObservationRegistry.create();
        throwing.observationConfig().observationHandler(new ObservationHandler<>() {
            private void maybe(String now) {
                if (now.equals(where)) {
                    throw new IllegalStateException("handler");
                }
            }

            @Override
            public void onStart(Observation.Context context) {
                maybe("start");
            }

            @Override
            public void onEvent(Observation.Event event, Observation.Context context) {
                maybe("event");
            }

            @Override
            public void onStop(Observation.Context context) {
                maybe("stop");
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                return true;
            }
        });
        Workflow<String, String> flow = crew(forking(3), answering(false))
                .engine(StepEngine.builder().observationRegistry(throwing).build())
                .build();

        assertThat(ended(flow.start("task")).answer()).isEqualTo("0,1,2");
    }
}
