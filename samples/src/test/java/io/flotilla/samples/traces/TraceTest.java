package io.flotilla.samples.traces;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.resilience.Resilience;
import io.flotilla.resilience.RetryPolicy;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Question;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunOptions;
import io.flotilla.run.RunResult;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import io.micrometer.observation.Observation;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** One trace over all of a run: what is inside of what, and what is linked to what, as an exporter of OpenTelemetry has it. */
@Timeout(60)
@SuppressWarnings("try") // scopes, and mailboxes that are closed behind the block
class TraceTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    /** Lead forks; two of three come to a rendezvous inside, one asks; a nested workflow checks. */
    private static final Topology TOPOLOGY = Topology.parse("""
            start -> Lead
            Lead -> Left -> Writer
            Lead -> Right -> Writer
            Writer -> Lead
            Lead <-> Reader
            Reader -> user
            Lead <-> Checker
            Lead -> end
            """);

    private final Spans spans = new Spans();
    private final AtomicInteger calls = new AtomicInteger();

    @AfterEach
    void close() {
        Hooks.disableAutomaticContextPropagation();
        spans.close();
    }

    static Stream<Arguments> services() {
        return Stream.of(false, true)
                .flatMap(automatic -> Stream.of(false, true).map(recorded -> Arguments.of(automatic, recorded)));
    }

    private StepEngine engine() {
        return StepEngine.builder()
                .observationRegistry(spans.registry())
                .interceptor(Resilience.builder()
                        .retry(RetryPolicy.builder()
                                .maxAttempts(3)
                                .minBackoff(Duration.ofMillis(1))
                                .build())
                        .build())
                .build();
    }

    private static <T> Mono<T> later(T value) {
        return Mono.delay(Duration.ofMillis(1), Schedulers.parallel()).map(tick -> value);
    }

    private static Decision lead(Turn turn) {
        return switch (turn.reason()) {
            case REQUESTED ->
                Decision.fanOut(List.of(
                        Invocation.of("Left", "l"),
                        Invocation.of("Right", "r"),
                        Invocation.of("Reader", "x"),
                        Invocation.of("Checker", "c")));
            default -> Decision.answer("all of " + turn.outcomes().size());
        };
    }

    private Mono<Decision> read(Turn turn) {
        if (turn.reason() == Turn.Reason.ANSWERED) {
            return later(Decision.answer(turn.answer()));
        }
        return calls.incrementAndGet() < 3
                ? Mono.error(new IllegalStateException("attempt"))
                : later(Decision.ask(Question.of("go on?")));
    }

    private Workflow<String, String> workflow(@Nullable Journal journal) {
        Workflow<String, String> nested = Workflow.builder(Topology.parse("start -> Solo"), String.class)
                .name("check")
                .engine(engine())
                .agent("Solo", String.class, Agent.<String, String>of("Solo", (text, context) -> later("checked")))
                .build();
        Workflow.Builder<String> builder = Workflow.builder(TOPOLOGY, String.class)
                .engine(engine())
                .agent("Lead", Agent.of("Lead", (turn, context) -> Mono.fromSupplier(() -> lead(turn))))
                .agent("Left", Agent.of("Left", (turn, context) -> later(Decision.handOff("Writer", "left"))))
                .agent("Right", Agent.of("Right", (turn, context) -> later(Decision.handOff("Writer", "right"))))
                .agent("Writer", Agent.of("Writer", (turn, context) -> later(Decision.answer("written"))))
                .agent("Reader", Agent.of("Reader", (turn, context) -> read(turn)))
                .agent("Checker", nested);
        return (journal == null ? builder : builder.journal(journal)).build();
    }

    private <T> T inRequest(boolean automatic, Mono<T> handler) {
        if (automatic) {
            Hooks.enableAutomaticContextPropagation();
        }
        Observation request = Observation.start("http.request", spans.registry());
        try (Observation.Scope current = request.openScope()) {
            return Objects.requireNonNull(
                    handler.contextWrite(context -> context.put(ObservationThreadLocalAccessor.KEY, request))
                            .block(SOON));
        } finally {
            request.stop();
        }
    }

    private static Mono<RunResult<String>> answered(Run<String> run) {
        run.events()
                .ofType(RunEvent.QuestionAsked.class)
                .flatMap(asked -> run.answer(asked.question().id(), "yes"))
                .subscribe();
        return run.result();
    }

    private String parentOf(SpanData span) {
        SpanData parent = spans.parent(span);
        return parent == null
                ? "none"
                : parent.getName() + Spans.tag(parent, "branch").replace("null", "");
    }

    @ParameterizedTest
    @MethodSource("services")
    void run_ofAllKinds_isOneTreeWithLinks(boolean automatic, boolean recorded) {
        Workflow<String, String> workflow = workflow(recorded ? Journal.inMemory() : null);

        RunResult<String> result =
                inRequest(automatic, workflow.submit("go", RunOptions.none()).flatMap(TraceTest::answered));

        assertThat(result.answer()).isEqualTo("all of 3");
        SpanData request = spans.only("http.request");
        assertThat(spans.open()).isEmpty();
        assertThat(spans.exported())
                .allSatisfy(span -> assertThat(span.getTraceId()).isEqualTo(request.getTraceId()));
        assertTree();
        assertLinks();
    }

    private void assertTree() {
        assertThat(spans.named("flotilla.branch")).hasSize(7);
        assertThat(spans.named("flotilla.branch"))
                .filteredOn(branch -> !Spans.tag(branch, "branch").equals("/"))
                .allSatisfy(branch -> assertThat(parentOf(branch)).isEqualTo("flotilla.branch/"));
        assertThat(spans.named("flotilla.join"))
                .singleElement()
                .satisfies(join -> assertThat(parentOf(join)).isEqualTo("flotilla.branch/"));
        SpanData reader = branchAt("Reader");
        SpanData asking = spans.named("flotilla.step").stream()
                .filter(step -> reader.equals(spans.parent(step)))
                .findFirst()
                .orElseThrow();
        assertThat(attemptsOf(asking))
                .extracting(attempt -> Spans.tag(attempt, "attempt") + " " + Spans.tag(attempt, "outcome"))
                .containsExactly("1 failed", "2 failed", "3 succeeded");
        assertThat(spans.named("flotilla.question")).singleElement().satisfies(question -> {
            assertThat(spans.parent(question)).isEqualTo(reader);
            assertThat(Spans.tag(question, "outcome")).isEqualTo("answered");
        });
        SpanData nested = spans.named("flotilla.run").stream()
                .filter(run -> Spans.tag(run, "workflow").equals("check"))
                .findFirst()
                .orElseThrow();
        SpanData step = Objects.requireNonNull(spans.parent(nested));
        assertThat(step.getName()).isEqualTo("flotilla.step");
        assertThat(Spans.tag(step, "agent")).isEqualTo("Checker");
        assertThat(Spans.tag(step, "outcome")).isEqualTo("succeeded");
        assertThat(spans.parent(step)).isEqualTo(branchAt("Checker"));
    }

    private List<SpanData> attemptsOf(SpanData step) {
        return spans.named("flotilla.attempt").stream()
                .filter(attempt -> step.equals(spans.parent(attempt)))
                .toList();
    }

    private SpanData branchAt(String agent) {
        return spans.only("flotilla.branch", "agent", agent);
    }

    private void assertLinks() {
        assertThat(spans.links(branchAt("Writer"), "agent")).containsExactly("Left", "Right");
        SpanData join = spans.named("flotilla.join").get(0);
        assertThat(Spans.tag(join, "outcome")).isEqualTo("met");
        assertThat(spans.links(join, "agent")).containsExactly("Reader", "Checker", "Writer");
        assertThat(spans.exported())
                .filteredOn(span -> !span.getLinks().isEmpty())
                .extracting(SpanData::getName)
                .containsExactlyInAnyOrder("flotilla.branch", "flotilla.join");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void recovered_inAnotherRequest_isLinkedToTheSpanItHad(boolean automatic) {
        Journal journal = Journal.inMemory();
        Run<String> before = inRequest(automatic, workflow(journal).submit("go", RunOptions.none()));
        before.events().ofType(RunEvent.QuestionAsked.class).blockFirst(SOON);
        before.events().ofType(RunEvent.BranchAnswered.class).take(2).blockLast(SOON);
        before.suspend().block(SOON);
        assertThat(spans.open()).isEmpty();
        SpanData first = runOf(before.runId());
        assertThat(Spans.tag(first, "outcome")).isEqualTo("suspended");
        assertThat(Spans.tag(spans.only("flotilla.question"), "outcome")).isEqualTo("suspended");
        spans.forget();

        RunResult<String> result = inRequest(
                automatic, workflow(journal).runs().recover(before.runId()).flatMap(run -> {
                    run.questions().forEach(open -> run.answer(open.id(), "yes").subscribe());
                    return run.result();
                }));

        assertThat(result.answer()).isEqualTo("all of 3");
        SpanData request = spans.only("http.request");
        SpanData second = runOf(before.runId());
        assertThat(spans.parent(second)).isEqualTo(request);
        assertThat(second.getTraceId()).isNotEqualTo(first.getTraceId());
        assertThat(second.getLinks()).extracting(LinkData::getSpanContext).satisfiesExactly(link -> {
            assertThat(link.getTraceId()).isEqualTo(first.getTraceId());
            assertThat(link.getSpanId()).isEqualTo(first.getSpanId());
        });
        assertThat(spans.links(spans.only("flotilla.join"), "agent"))
                .as("the others have ended before")
                .containsExactly("Reader");
        assertThat(Spans.tag(spans.only("flotilla.question"), "outcome")).isEqualTo("answered");
        assertThat(spans.open()).isEmpty();
    }

    private SpanData runOf(String runId) {
        return spans.only("flotilla.run", "run.id", runId);
    }

    /** It sleeps, then waits for a signal, in which it is suspended; it is recovered in another trace. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void recovered_whileItWaits_sleepsAndSignalsAreInsideTheirBranches(boolean automatic) {
        Journal journal = Journal.inMemory();
        Supplier<Workflow<String, String>> flow = () -> Workflow.builder(Topology.parse("start -> Solo"), String.class)
                .engine(engine())
                .agent(
                        "Solo",
                        Agent.of(
                                "Solo",
                                (turn, context) -> Mono.fromSupplier(() -> switch (turn.reason()) {
                                    case REQUESTED -> Decision.sleep(Duration.ofMillis(1));
                                    case SLEPT -> Decision.await("paid");
                                    default -> Decision.answer("paid " + turn.signal());
                                })))
                .journal(journal)
                .build();
        Run<String> before = inRequest(automatic, flow.get().submit("go", RunOptions.none()));
        before.events().ofType(RunEvent.SignalAwaited.class).blockFirst(SOON);
        before.suspend().block(SOON);
        SpanData first = runOf(before.runId());
        SpanData slept = spans.only("flotilla.sleep", "outcome", "elapsed");
        assertThat(spans.parent(slept)).isEqualTo(branchAt("Solo"));
        assertThat(spans.parent(spans.only("flotilla.signal", "outcome", "suspended")))
                .isEqualTo(branchAt("Solo"));
        assertThat(slept.getTraceId()).isEqualTo(first.getTraceId());
        spans.forget();

        RunResult<String> result = inRequest(
                automatic,
                flow.get()
                        .runs()
                        .recover(before.runId())
                        .flatMap(run -> run.signal("paid", "12 EUR").then(run.result())));

        assertThat(result.answer()).isEqualTo("paid 12 EUR");
        SpanData waited = spans.only("flotilla.signal");
        assertThat(Spans.tag(waited, "outcome")).isEqualTo("received");
        assertThat(Spans.tag(waited, "signal")).isEqualTo("paid");
        assertThat(spans.parent(waited)).isEqualTo(branchAt("Solo"));
        assertThat(spans.parent(branchAt("Solo"))).isEqualTo(runOf(before.runId()));
        assertThat(runOf(before.runId()).getLinks())
                .extracting(link -> link.getSpanContext().getSpanId())
                .containsExactly(first.getSpanId());
        assertThat(spans.open()).isEmpty();
    }

    @Test
    void recovered_journalWithoutATrace_hasNoLink() {
        Journal journal = Journal.inMemory();
        Workflow<String, String> untraced = Workflow.builder(Topology.parse("start -> Solo"), String.class)
                .agent("Solo", Agent.of("Solo", (turn, context) -> Mono.<Decision>never()))
                .journal(journal)
                .build();
        Run<String> before = untraced.submit("go").block(SOON);
        before.suspend().block(SOON);

        RunResult<String> result = Workflow.builder(Topology.parse("start -> Solo"), String.class)
                .agent("Solo", Agent.of("Solo", (turn, context) -> later(Decision.answer("done"))))
                .engine(engine())
                .journal(journal)
                .build()
                .runs()
                .recover(before.runId())
                .flatMap(Run::result)
                .block(SOON);

        assertThat(result.answer()).isEqualTo("done");
        assertThat(spans.only("flotilla.run").getLinks()).isEmpty();
        assertThat(spans.only("flotilla.run").getParentSpanId()).isEqualTo(SpanId.getInvalid());
    }

    @Test
    void join_ofMoreThanASpanMayLink_isLinkedToTheFirst() {
        Workflow<String, String> wide = Workflow.builder(
                        Topology.parse("start -> Lead <-> Worker\nLead -> end"), String.class)
                .agent(
                        "Lead",
                        Agent.of(
                                "Lead",
                                (turn, context) -> Mono.fromSupplier(() -> turn.reason() == Turn.Reason.REQUESTED
                                        ? Decision.fanOut(
                                                java.util.Collections.nCopies(500, Invocation.of("Worker", "x")))
                                        : Decision.answer(
                                                "all of " + turn.outcomes().size()))))
                .agent("Worker", Agent.of("Worker", (turn, context) -> Mono.just(Decision.answer("y"))))
                .engine(engine())
                .build();

        assertThat(wide.run("go").block(SOON).answer()).isEqualTo("all of 500");

        assertThat(spans.only("flotilla.join").getLinks()).hasSize(128);
    }

    @Test
    void predicate_thatWantsNoAttempts_leavesThemOut() {
        spans.registry().observationConfig().observationPredicate((name, context) -> !name.equals("flotilla.attempt"));

        engine().run(List.of(Agent.of("a", (text, context) -> later(text))), "x")
                .block(SOON);

        assertThat(spans.exported())
                .extracting(SpanData::getName)
                .containsExactlyInAnyOrder("flotilla.step", "flotilla.round");
    }
}
