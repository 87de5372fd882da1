package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static io.flotilla.run.TestRuns.alone;
import static io.flotilla.run.TestRuns.crew;
import static io.flotilla.run.TestRuns.forking;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.journal.InMemoryJournal;
import io.flotilla.journal.Journal;
import io.flotilla.step.StepCall;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepInterceptor;
import io.flotilla.topology.Topology;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.test.subscriber.TestSubscriber;

/** What the steps of a run emit, and who hears it. */
@Timeout(60)
class OutputTest {

    private static String text(RunOutput output) {
        if (output instanceof RunOutput.AttemptStarted started) {
            return "attempt " + started.attempt() + " of " + started.branch();
        }
        if (output instanceof RunOutput.Emitted emitted) {
            return emitted.branch() + " " + emitted.agent() + " " + emitted.step() + " " + emitted.attempt() + "."
                    + emitted.position() + "=" + emitted.value();
        }
        if (output instanceof RunOutput.Settled settled) {
            return settled.branch() + " " + settled.kind() + " -" + settled.dropped();
        }
        return output.toString();
    }

    private static Mono<List<String>> texts(Flux<RunOutput> output) {
        return output.map(OutputTest::text).collectList();
    }

    /** Emits a word for each step, and answers when its gate opens. */
    private static Agent<Turn, Decision> waiting(Map<Object, StepContext> contexts, Sinks.Empty<Void> gate) {
        return Agent.of("Worker", (turn, context) -> {
            contexts.put(String.valueOf(turn.input()), context);
            context.emit("begun " + turn.input());
            return gate.asMono().then(Mono.just(Decision.answer(turn.input())));
        });
    }

    @Test
    void output_parallelBranches_eachValueWithBranchAgentStepAttemptAndPosition() {
        Sinks.Empty<Void> gate = Sinks.empty();
        Map<Object, StepContext> contexts = new ConcurrentHashMap<>();
        Run<String> run = crew(forking(2), waiting(contexts, gate)).build().start("task");
        Mono<List<String>> output = texts(run.output()).cache();
        Disposable subscription = output.subscribe();

        contexts.get("0").emit("more");
        gate.tryEmitEmpty();

        List<String> told = output.block(SOON);
        assertThat(told.stream().filter(line -> line.contains("/0.0/")))
                .containsExactly(
                        "attempt 1 of /0.0/",
                        "/0.0/ Worker 0 1.0=begun 0",
                        "/0.0/ Worker 0 1.1=more",
                        "/0.0/ SUCCEEDED -0");
        assertThat(told.stream().filter(line -> line.contains("/0.1/")))
                .containsExactly("attempt 1 of /0.1/", "/0.1/ Worker 0 1.0=begun 1", "/0.1/ SUCCEEDED -0");
        assertThat(told).as("the lead emits nothing, so it does not appear").hasSize(7);
        subscription.dispose();
    }

    @Test
    void output_lateSubscriber_getsWhatStepsInFlightHaveEmitted_thenWhatFollows() {
        Sinks.Empty<Void> gate = Sinks.empty();
        Map<Object, StepContext> contexts = new ConcurrentHashMap<>();
        Run<String> run = crew(forking(1), waiting(contexts, gate))
                .outputHistory(3)
                .build()
                .start("task");
        StepContext worker = contexts.get("0");
        IntStream.range(0, 4).forEach(worker::emit);

        StepVerifier.create(run.output().map(OutputTest::text))
                .expectNext("attempt 1 of /0.0/")
                .expectNext("/0.0/ Worker 0 1.2=1", "/0.0/ Worker 0 1.3=2", "/0.0/ Worker 0 1.4=3")
                .then(() -> worker.emit("after"))
                .expectNext("/0.0/ Worker 0 1.5=after")
                .then(gate::tryEmitEmpty)
                .expectNext("/0.0/ SUCCEEDED -2")
                .expectComplete()
                .verify(SOON);
        StepVerifier.create(run.output()).expectComplete().verify(SOON);
    }

    @Test
    void output_nestedForks_pathsOfAllLevels() {
        Topology nested = Topology.parse("""
                start -> Lead
                Lead <-> Middle
                Middle <-> Worker
                Lead -> end
                """);
        Agent<Turn, Decision> middle = Agent.of(
                "Middle",
                (turn, context) -> Mono.just(
                        turn.reason() == Turn.Reason.JOINED
                                ? Decision.answer("m")
                                : Decision.fanOut(TestRuns.invocations("Worker", 2))));
        Agent<Turn, Decision> lead = Agent.of(
                "Lead",
                (turn, context) -> Mono.just(
                        turn.reason() == Turn.Reason.JOINED
                                ? Decision.answer("l")
                                : Decision.fanOut(TestRuns.invocations("Middle", 2))));
        CountDownLatch emitted = new CountDownLatch(4);
        Sinks.Empty<Void> gate = Sinks.empty();
        Agent<Turn, Decision> worker = Agent.of("Worker", (turn, context) -> {
            context.emit(context.branchPath());
            emitted.countDown();
            return gate.asMono().then(Mono.just(Decision.answer("w")));
        });
        Run<String> run = Workflow.builder(nested, String.class)
                .agent("Lead", lead)
                .agent("Middle", middle)
                .agent("Worker", worker)
                .build()
                .start("task");
        assertThat(await(emitted)).isTrue();
        Mono<List<RunOutput>> output = run.output().collectList().cache();
        output.subscribe();
        gate.tryEmitEmpty();

        List<RunOutput.Emitted> values = output.block(SOON).stream()
                .filter(RunOutput.Emitted.class::isInstance)
                .map(RunOutput.Emitted.class::cast)
                .toList();
        assertThat(values)
                .hasSize(4)
                .allSatisfy(value ->
                        assertThat(value.value()).hasToString(value.branch().toString()));
        assertThat(values.stream().map(value -> value.branch().toString()).collect(Collectors.toSet()))
                .containsExactlyInAnyOrder("/0.0/0.0/", "/0.0/0.1/", "/0.1/0.0/", "/0.1/0.1/");
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(SOON.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Test
    void output_stepIsTriedAgain_newAttemptIsTold() {
        StepInterceptor twice = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return attempts.retry(1);
            }
        };
        Sinks.Empty<Void> gate = Sinks.empty();
        Agent<Turn, Decision> flaky = Agent.of("Solo", (turn, context) -> {
            context.emit("try " + context.attempt());
            return gate.asMono()
                    .then(
                            context.attempt() == 1
                                    ? Mono.error(new IllegalStateException("cut"))
                                    : Mono.just(Decision.handOff("end", "done")));
        });
        Run<String> run = alone(flaky)
                .engine(StepEngine.builder().interceptor(twice).build())
                .build()
                .start("task");

        StepVerifier.create(run.output().map(OutputTest::text))
                .expectNext("attempt 1 of /", "/ Solo 0 1.0=try 1")
                .then(gate::tryEmitEmpty)
                .expectNext("attempt 2 of /", "/ Solo 0 2.0=try 2", "/ SUCCEEDED -0")
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void output_afterRecovery_stepsThatAreStartedAgainEmitAgain() {
        Journal journal = Journal.inMemory();
        Map<Object, StepContext> contexts = new ConcurrentHashMap<>();
        Workflow<String, String> before = crew(forking(2), waiting(contexts, Sinks.empty()))
                .journal(journal)
                .build();
        Run<String> killed = before.start("task");
        assertThat(contexts).hasSize(2);
        Journal copy = Journal.inMemory();
        copy.append(
                        killed.runId(),
                        0,
                        journal.read(killed.runId(), 0).collectList().block(SOON))
                .block(SOON);
        killed.cancel();

        Map<Object, StepContext> again = new ConcurrentHashMap<>();
        Sinks.Empty<Void> gate = Sinks.empty();
        Workflow<String, String> after =
                crew(forking(2), waiting(again, gate)).journal(copy).build();
        Run<String> resumed = after.runs().recover(killed.runId()).block(SOON);
        Mono<List<String>> output = texts(resumed.output()).cache();
        output.subscribe();
        gate.tryEmitEmpty();

        assertThat(output.block(SOON))
                .contains("attempt 1 of /0.0/", "/0.0/ Worker 0 1.0=begun 0", "/0.0/ SUCCEEDED -0")
                .contains("/0.1/ Worker 0 1.0=begun 1");
        assertThat(TestRuns.ended(resumed).answer()).isEqualTo("0,1");
    }

    @Test
    void output_isNotInTheJournal() {
        InMemoryJournal journal = InMemoryJournal.builder().build();
        Agent<Turn, Decision> solo = Agent.of("Solo", (turn, context) -> {
            context.emit("only-for-ears");
            return Mono.just(Decision.handOff("end", "done"));
        });
        Run<String> run = alone(solo).journal(journal).build().start("task");
        TestRuns.ended(run);

        assertThat(journal.read(run.runId(), 0)
                        .map(entry -> new String(entry.payload(), StandardCharsets.UTF_8))
                        .collectList()
                        .block(SOON))
                .isNotEmpty()
                .noneMatch(fact -> fact.contains("only-for-ears"));
    }

    @Test
    void output_redactor_redactsTexts() {
        Sinks.Empty<Void> gate = Sinks.empty();
        Agent<Turn, Decision> solo = Agent.of("Solo", (turn, context) -> {
            context.emit("key sk-1");
            return gate.asMono().then(Mono.just(Decision.handOff("end", "done")));
        });
        Run<String> run = alone(solo)
                .engine(StepEngine.builder()
                        .redactor(text -> text.replace("sk-1", "[key]"))
                        .build())
                .build()
                .start("task");

        StepVerifier.create(run.output().map(OutputTest::text))
                .expectNext("attempt 1 of /", "/ Solo 0 1.0=key [key]")
                .then(gate::tryEmitEmpty)
                .expectNext("/ SUCCEEDED -0")
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void output_branchIsCancelled_itsStepSettlesAsCancelled() {
        Map<Object, StepContext> contexts = new ConcurrentHashMap<>();
        Run<String> run =
                crew(forking(1), waiting(contexts, Sinks.empty())).build().start("task");

        StepVerifier.create(run.output().map(OutputTest::text))
                .expectNext("attempt 1 of /0.0/", "/0.0/ Worker 0 1.0=begun 0")
                .then(run::cancel)
                .expectNext("/0.0/ CANCELLED -0")
                .expectComplete()
                .verify(SOON);
        contexts.get("0").emit("late");
    }

    @Test
    void output_subscriberTakesNothing_theRunEndsAllTheSame() {
        Sinks.Empty<Void> gate = Sinks.empty();
        Map<Object, StepContext> contexts = new ConcurrentHashMap<>();
        StepEngine engine = StepEngine.builder().build();
        Run<String> run = crew(forking(1), waiting(contexts, gate))
                .outputHistory(4)
                .engine(engine)
                .build()
                .start("task");
        TestSubscriber<RunOutput> slow =
                TestSubscriber.builder().initialRequest(0).build();
        run.output().subscribe(slow);
        IntStream.range(0, 100_000).forEach(contexts.get("0")::emit);
        gate.tryEmitEmpty();
        assertThat(TestRuns.ended(run).answer()).isEqualTo("0");

        slow.request(Long.MAX_VALUE);
        slow.block(SOON);
        List<String> told =
                slow.getReceivedOnNext().stream().map(OutputTest::text).toList();
        assertThat(told)
                .containsExactly(
                        "attempt 1 of /0.0/",
                        "/0.0/ Worker 0 1.99997=99996",
                        "/0.0/ Worker 0 1.99998=99997",
                        "/0.0/ Worker 0 1.99999=99998",
                        "/0.0/ Worker 0 1.100000=99999",
                        "/0.0/ SUCCEEDED -99997");
        assertThat(engine.droppedEmissionCount()).isEqualTo(99_997);
    }

    @Test
    void output_manyStepsEndBehindASlowSubscriber_theFirstAreLostAndCounted() {
        Agent<Turn, Decision> worker = Agent.of("Worker", (turn, context) -> {
            context.emit("x");
            return Mono.just(Decision.answer(turn.input()));
        });
        AtomicReference<Run<String>> running = new AtomicReference<>();
        CountDownLatch started = new CountDownLatch(1);
        TestSubscriber<RunOutput> slow =
                TestSubscriber.builder().initialRequest(0).build();
        Agent<Turn, Decision> lead = Agent.of(
                "Lead",
                (turn, context) -> turn.reason() == Turn.Reason.JOINED
                        ? Mono.just(Decision.answer("done"))
                        : Mono.fromCallable(() -> {
                                    await(started);
                                    running.get().output().subscribe(slow);
                                    return Decision.fanOut(TestRuns.invocations("Worker", 10));
                                })
                                .subscribeOn(reactor.core.scheduler.Schedulers.boundedElastic()));
        running.set(crew(lead, worker).outputHistory(4).build().start("task"));
        started.countDown();
        TestRuns.ended(running.get());
        slow.request(Long.MAX_VALUE);
        slow.block(SOON);

        List<String> told =
                slow.getReceivedOnNext().stream().map(OutputTest::text).toList();
        assertThat(told.get(0)).isEqualTo(new RunOutput.Lost(6, 6).toString());
        assertThat(told).hasSize(1 + 4 * 3);
    }

    @Test
    void output_journalBreaks_errorOfTheRun() {
        InMemoryJournal journal = InMemoryJournal.builder().build();
        Sinks.Empty<Void> gate = Sinks.empty();
        Map<Object, StepContext> contexts = new ConcurrentHashMap<>();
        Run<String> run = crew(forking(1), waiting(contexts, gate))
                .journal(journal)
                .build()
                .start("task");

        StepVerifier.create(run.output().map(OutputTest::text))
                .expectNext("attempt 1 of /0.0/", "/0.0/ Worker 0 1.0=begun 0")
                .then(() -> {
                    journal.close().block(SOON);
                    gate.tryEmitEmpty();
                })
                .expectNextCount(1)
                .expectError(io.flotilla.journal.JournalClosedException.class)
                .verify(SOON);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1})
    void outputHistory_belowOne_refused(int history) {
        assertThatThrownBy(() ->
                        alone(Agent.of("Solo", (turn, context) -> Mono.empty())).outputHistory(history))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("outputHistory must be >= 1, was " + history);
    }

    /** Steps that end, subscribers that come and go, and a run that ends, all at once. */
    @Test
    void output_manyRuns_everySubscriberOfTheWholeRunHearsEveryValueOnce() {
        Agent<Turn, Decision> worker = Agent.of(
                "Worker",
                (turn, context) -> Flux.range(0, 5)
                        .delayElements(Duration.ofNanos(1000))
                        .doOnNext(context::emit)
                        .then(Mono.just(Decision.answer(turn.input()))));
        for (int round = 0; round < 50; round++) {
            Sinks.Empty<Void> gate = Sinks.empty();
            Agent<Turn, Decision> lead = Agent.of(
                    "Lead",
                    (turn, context) -> turn.reason() == Turn.Reason.JOINED
                            ? Mono.just(Decision.answer("done"))
                            : gate.asMono().then(Mono.just(Decision.fanOut(TestRuns.invocations("Worker", 8)))));
            Run<String> run = crew(lead, worker).build().start("task");
            Mono<List<RunOutput>> whole = run.output().collectList().cache();
            whole.subscribe();
            List<Disposable> passing = new ArrayList<>();
            gate.tryEmitEmpty();
            for (int at = 0; at < 3; at++) {
                passing.add(run.output().subscribe());
            }
            passing.forEach(Disposable::dispose);

            List<RunOutput> told = whole.block(SOON);
            Map<BranchPath, List<Object>> values = told.stream()
                    .filter(RunOutput.Emitted.class::isInstance)
                    .map(RunOutput.Emitted.class::cast)
                    .collect(Collectors.groupingBy(
                            RunOutput.Emitted::branch,
                            Collectors.mapping(RunOutput.Emitted::value, Collectors.toList())));
            assertThat(values).hasSize(8);
            assertThat(values.values()).allSatisfy(of -> assertThat(of).containsExactly(0, 1, 2, 3, 4));
            assertThat(told.stream().filter(RunOutput.Settled.class::isInstance))
                    .hasSize(8);
        }
    }
}
