package io.flotilla.samples.traces;

import io.flotilla.agent.Agent;
import io.flotilla.observe.LinkingTracingObservationHandler;
import io.flotilla.resilience.Resilience;
import io.flotilla.resilience.RetryPolicy;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.PendingQuestion;
import io.flotilla.run.Question;
import io.flotilla.run.Run;
import io.flotilla.run.RunResult;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.otel.bridge.OtelCurrentTraceContext;
import io.micrometer.tracing.otel.bridge.OtelTracer;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import reactor.core.publisher.Mono;

/**
 * A newspaper is made, and its trace is drawn: an editor forks a reporter, whose first two attempts fail, a photographer, and a lawyer,
 * who asks the reader of the screen; reporter and photographer meet at the layout. Time is virtual, so the drawing is always the same.
 */
public final class Traces implements Sample {

    /** What {@code -Dsample} calls it. */
    public static final String NAME = "traces";

    private static final Topology TOPOLOGY = Topology.parse("""
            start -> Editor
            Editor -> Reporter -> Layout
            Editor -> Photographer -> Layout
            Layout -> Editor
            Editor <-> Lawyer
            Lawyer -> user
            Editor -> end
            """);

    /** How long the reader of the screen thinks; no agent takes longer. */
    private static final Duration READERS_PAUSE = Duration.ofSeconds(1);

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    public static void main(String[] args) {
        Shell.exit(new Traces());
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int run(Settings settings, Output output) {
        trace(); // once for the JVM, which loads classes while handlers are called
        List<SpanData> spans = trace();
        output.line("%3s  %-34s %6s %6s  %-10s %s", "", "span", "start", "took", "outcome", "linked to");
        new SpanTree(spans).lines().forEach(output::line);
        long traces = spans.stream().map(SpanData::getTraceId).distinct().count();
        output.line("%d spans in %d trace; an attempt that is the only one is not drawn", spans.size(), traces);
        return traces == 1 ? 0 : 1;
    }

    private static List<SpanData> trace() {
        VirtualTime time = new VirtualTime();
        Exported exported = new Exported();
        try (SdkTracerProvider provider = SdkTracerProvider.builder()
                .setClock(time)
                .addSpanProcessor(SimpleSpanProcessor.create(exported))
                .build()) {
            Tracer tracer = new OtelTracer(provider.get(NAME), new OtelCurrentTraceContext(), event -> {});
            newspaper(time, registry(tracer, time));
            return List.copyOf(exported.spans);
        }
    }

    // tag::registry[]
    /** What a service has: first the handler that knows of links, then the one for all other observations. */
    private static ObservationRegistry registry(Tracer tracer, VirtualTime time) {
        ObservationRegistry registry = ObservationRegistry.create();
        registry.observationConfig()
                .observationHandler(new ObservationHandler.FirstMatchingCompositeObservationHandler(
                        new LinkingTracingObservationHandler(tracer, time.clock()),
                        new DefaultTracingObservationHandler(tracer)));
        return registry;
    }
    // end::registry[]

    private static void newspaper(VirtualTime time, ObservationRegistry registry) {
        StepEngine engine = StepEngine.builder()
                .observationRegistry(registry)
                .timeoutScheduler(() -> time)
                .interceptor(Resilience.builder()
                        .retry(RetryPolicy.builder()
                                .maxAttempts(3)
                                .minBackoff(Duration.ofMillis(200))
                                .jitter(() -> 1)
                                .build())
                        .build())
                .build();
        AtomicInteger calls = new AtomicInteger();
        Workflow<String, String> flow = Workflow.builder(TOPOLOGY, String.class)
                .name("newspaper")
                .engine(engine)
                .agent("Editor", Agent.of("Editor", (turn, context) -> takes(time, 100, edit(turn))))
                .agent(
                        "Reporter",
                        Agent.of(
                                "Reporter",
                                (turn, context) -> calls.incrementAndGet() < 3
                                        ? takes(time, 100, Decision.handOff("Layout", ""))
                                                .then(Mono.error(new IllegalStateException("busy")))
                                        : takes(time, 600, Decision.handOff("Layout", "text"))))
                .agent(
                        "Photographer",
                        Agent.of(
                                "Photographer",
                                (turn, context) -> takes(time, 700, Decision.handOff("Layout", "photo"))))
                .agent("Layout", Agent.of("Layout", (turn, context) -> takes(time, 300, Decision.answer("page"))))
                .agent("Lawyer", Agent.of("Lawyer", (turn, context) -> takes(time, 200, check(turn))))
                .build();
        finish(flow.start("the morning paper"), time);
    }

    private static Decision edit(Turn turn) {
        return turn.reason() == Turn.Reason.REQUESTED
                ? Decision.fanOut(List.of(
                        Invocation.of("Reporter", "storm"),
                        Invocation.of("Photographer", "storm"),
                        Invocation.of("Lawyer", "storm")))
                : Decision.answer("printed");
    }

    private static Decision check(Turn turn) {
        return turn.reason() == Turn.Reason.ANSWERED
                ? Decision.answer("checked")
                : Decision.ask(Question.of("may we name the harbour master?"));
    }

    private static Mono<Decision> takes(VirtualTime time, long millis, Decision decision) {
        return Mono.delay(Duration.ofMillis(millis), time).thenReturn(decision);
    }

    /** Lets time pass until the run has ended; the question is answered when nothing else is to be done. */
    private static void finish(Run<String> run, VirtualTime time) {
        AtomicReference<RunResult<String>> result = new AtomicReference<>();
        run.result().subscribe(result::set);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (result.get() == null && System.nanoTime() < deadline) {
            if (!time.step(READERS_PAUSE)) {
                List<PendingQuestion> questions = run.questions();
                if (questions.isEmpty()) {
                    LockSupport.parkNanos(Duration.ofMillis(1).toNanos()); // another thread of the library is at it
                } else {
                    time.pass(READERS_PAUSE);
                    run.answer(questions.get(0).id(), "yes").subscribe();
                }
            }
        }
        Objects.requireNonNull(result.get(), "the run has not ended").answer();
    }

    /** What a service sends to its collector. */
    private static final class Exported implements SpanExporter {

        private final ConcurrentLinkedQueue<SpanData> spans = new ConcurrentLinkedQueue<>();

        @Override
        public CompletableResultCode export(Collection<SpanData> ended) {
            spans.addAll(ended);
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode flush() {
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode shutdown() {
            return CompletableResultCode.ofSuccess();
        }
    }
}
