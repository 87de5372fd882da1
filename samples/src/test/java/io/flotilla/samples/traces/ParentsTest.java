package io.flotilla.samples.traces;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunResult;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import io.micrometer.context.ContextRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Parents of spans are those that Telemetry documents, whatever the thread carries that starts them. */
@Timeout(60)
class ParentsTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final Topology TOPOLOGY = Topology.parse("start -> Boss <-> Worker\nBoss -> end");
    private static final int RUNS = 5;
    private static final int WORKERS = 24;

    private final Spans spans = new Spans();
    private final ConcurrentLinkedQueue<String> seen = new ConcurrentLinkedQueue<>();

    @BeforeEach
    void registerTenant() {
        ContextRegistry.getInstance()
                .registerThreadLocalAccessor(
                        "tenant",
                        () -> MDC.get("tenant"),
                        tenant -> MDC.put("tenant", tenant),
                        () -> MDC.remove("tenant"));
    }

    @AfterEach
    void propagateNothing() {
        Hooks.disableAutomaticContextPropagation();
        ContextRegistry.getInstance().removeThreadLocalAccessor("tenant");
        MDC.clear();
    }

    @AfterEach
    void close() {
        spans.close();
    }

    static Stream<Arguments> services() {
        return Stream.of(false, true)
                .flatMap(automatic -> Stream.of(false, true).map(recorded -> Arguments.of(automatic, recorded)));
    }

    /** As a service has it: a request is observed, its observation is current on the thread, and in the context. */
    private <T> T inRequest(boolean automatic, Mono<T> handler) {
        if (automatic) {
            Hooks.enableAutomaticContextPropagation();
        }
        Observation request = Observation.start("http.request", spans.registry());
        Observation.Scope current = request.openScope();
        try {
            return Objects.requireNonNull(
                    handler.contextWrite(context -> context.put(ObservationThreadLocalAccessor.KEY, request)
                                    .put("tenant", "blue"))
                            .block(SOON));
        } finally {
            current.close();
            request.stop();
        }
    }

    private StepEngine engine() {
        return StepEngine.builder().observationRegistry(spans.registry()).build();
    }

    private Workflow<String, String> workflow(@Nullable Journal journal) {
        Workflow.Builder<String> builder = Workflow.builder(TOPOLOGY, String.class)
                .engine(engine())
                .agent("Boss", Agent.of("Boss", (turn, context) -> Mono.fromSupplier(() -> decide(turn))))
                .agent("Worker", String.class, Agent.of("Worker", (text, context) -> worked(text)));
        return (journal == null ? builder : builder.journal(journal)).build();
    }

    private static Decision decide(Turn turn) {
        return turn.reason() == Turn.Reason.REQUESTED
                ? Decision.fanOut(Collections.nCopies(WORKERS, Invocation.of("Worker", "x")))
                : Decision.answer("all of " + turn.outcomes().size());
    }

    private Mono<String> worked(String text) {
        return Mono.delay(Duration.ofMillis(1), Schedulers.parallel()).map(late -> text);
    }

    @ParameterizedTest
    @MethodSource("services")
    void run_anyThread_branchesAndStepsHaveTheirDocumentedParents(boolean automatic, boolean recorded) {
        Workflow<String, String> workflow = workflow(recorded ? Journal.inMemory() : null);

        inRequest(
                automatic,
                Flux.range(0, RUNS).flatMap(number -> workflow.run("go")).collectList());

        assertParents(RUNS);
    }

    private void assertParents(int runs) {
        SpanData request = spans.named("http.request").get(0);
        assertThat(spans.named("flotilla.run")).hasSize(runs).allSatisfy(run -> {
            assertThat(run.getParentSpanId()).isEqualTo(request.getSpanId());
        });
        List<SpanData> branches = spans.named("flotilla.branch");
        assertThat(branches).hasSize(runs * (WORKERS + 1)).allSatisfy(branch -> {
            SpanData parent = spans.parent(branch);
            if (Spans.tag(branch, "branch").equals("/")) {
                assertThat(parent).extracting(SpanData::getName).isEqualTo("flotilla.run");
            } else {
                assertThat(Spans.tag(parent, "branch")).isEqualTo("/");
            }
            assertThat(branch.getTraceId()).isEqualTo(request.getTraceId());
        });
        assertThat(spans.named("flotilla.step")).hasSize(runs * (WORKERS + 2)).allSatisfy(step -> {
            SpanData branch = spans.parent(step);
            SpanData run = branch;
            while (!Objects.requireNonNull(run).getName().equals("flotilla.run")) {
                run = spans.parent(run);
            }
            assertThat(Spans.tag(step, "step.id")).startsWith(Spans.tag(run, "run.id") + Spans.tag(branch, "branch"));
        });
        assertThat(spans.open()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void round_anyThread_stepsAreInsideTheRound(boolean automatic) {
        List<Agent<String, String>> agents = IntStream.range(0, 125)
                .mapToObj(number -> Agent.<String, String>of("a" + number, (text, context) -> worked(text)))
                .toList();

        inRequest(automatic, engine().run(agents, "x"));

        SpanData request = spans.named("http.request").get(0);
        SpanData round = spans.named("flotilla.round").get(0);
        assertThat(round.getParentSpanId()).isEqualTo(request.getSpanId());
        assertThat(spans.named("flotilla.step"))
                .hasSize(125)
                .allSatisfy(step -> assertThat(step.getParentSpanId()).isEqualTo(round.getSpanId()));
    }

    @ParameterizedTest
    @MethodSource("services")
    void agent_observesSomethingItself_itIsInsideTheStep(boolean automatic, boolean blocks) {
        Agent<String, String> agent = blocks
                ? Agent.blocking("asks", (text, context) -> observed(text))
                : Agent.of("asks", (text, context) -> Mono.fromSupplier(() -> observed(text)));

        inRequest(automatic, engine().run(List.of(agent, agent), "x"));

        assertThat(seen).hasSize(2).containsOnly(automatic ? "blue" : "null");
        List<String> steps =
                spans.named("flotilla.step").stream().map(SpanData::getSpanId).toList();
        List<String> parents = spans.named("model.call").stream()
                .map(SpanData::getParentSpanId)
                .toList();
        if (automatic) {
            assertThat(parents).containsExactlyInAnyOrderElementsOf(steps);
        } else {
            assertThat(parents).hasSize(2);
        }
    }

    private String observed(String text) {
        return Objects.requireNonNull(
                Observation.createNotStarted("model.call", spans.registry()).observe(() -> {
                    seen.add(Objects.toString(MDC.get("tenant")));
                    return text;
                }));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void recovered_anyThread_branchesAndStepsHaveTheirDocumentedParents(boolean automatic) {
        Journal journal = Journal.inMemory();
        Workflow<String, String> hanging = Workflow.builder(TOPOLOGY, String.class)
                .agent("Boss", Agent.of("Boss", (turn, context) -> Mono.fromSupplier(() -> decide(turn))))
                .agent("Worker", String.class, Agent.of("Worker", (text, context) -> Mono.<String>never()))
                .journal(journal)
                .build();
        Run<String> run = hanging.start("go");
        run.events()
                .filter(RunEvent.StepStarted.class::isInstance)
                .skip(WORKERS)
                .blockFirst(SOON);
        run.suspend().block(SOON);
        Workflow<String, String> workflow = workflow(journal);

        RunResult<String> result =
                inRequest(automatic, workflow.runs().recover(run.runId()).flatMap(Run::result));

        assertThat(result.answer()).isEqualTo("all of 24");
        SpanData request = spans.named("http.request").get(0);
        assertThat(spans.named("flotilla.run"))
                .singleElement()
                .satisfies(span -> assertThat(span.getParentSpanId()).isEqualTo(request.getSpanId()));
        assertThat(spans.named("flotilla.branch")).hasSize(WORKERS + 1);
        assertThat(spans.named("flotilla.step"))
                .hasSize(WORKERS + 1)
                .allSatisfy(step -> assertThat(Spans.tag(step, "step.id"))
                        .startsWith(run.runId() + Spans.tag(spans.parent(step), "branch")));
    }
}
