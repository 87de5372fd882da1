package io.flotilla.samples.shape;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.step.ResultSink;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The shape of a fan-out, three times with one crew: {@code Flux.merge} over guarded {@code Mono}s written by hand, {@code
 * Flux.merge} over {@link StepEngine#step}, and {@link StepEngine#stream}. The crew has an agent that throws, one that fails and
 * one that never answers; in all three forms the others' work is kept.
 */
public final class Shape implements Sample {

    private static final Duration LIMIT = Duration.ofMillis(300);
    private static final String TASK = "ahoy there";

    public static void main(String[] args) {
        Shell.exit(new Shape());
    }

    /** How one step ended, whichever way it was run. */
    record Outcome(String agent, String how) {}

    @Override
    public String name() {
        return "shape";
    }

    static List<Agent<String, String>> crew() {
        return List.of(
                Agent.of("counter", (task, context) -> Mono.fromSupplier(() -> task.length() + " characters")),
                Agent.of(
                        "shouter",
                        (task, context) ->
                                Mono.delay(Duration.ofMillis(20)).map(tick -> task.toUpperCase(Locale.ROOT))),
                Agent.of("parser", (task, context) -> Mono.just("the number " + Integer.parseInt(task))),
                Agent.of("caller", (task, context) -> Mono.error(new IllegalStateException("nobody answers"))),
                Agent.of("silent", (task, context) -> Mono.never()));
    }

    @Override
    public int run(Settings settings, Output output) {
        StepEngine engine = StepEngine.builder().stepTimeout(LIMIT).build();
        ResultSink<String> sink = ResultSink.keepingAll();

        List<Outcome> byHand = all(byHand(crew()));
        List<Outcome> composed = all(composed(engine, crew(), sink).map(Shape::outcome));
        List<Outcome> fused = all(engine.stream(crew(), TASK).map(Shape::outcome));

        print(output, "1. Flux.merge over guarded Monos, by hand", byHand);
        print(output, "2. Flux.merge over engine.step, into a sink", composed);
        output.line("   the sink: %s", sink.report());
        print(output, "3. engine.stream, the fused form", fused);
        boolean same = byHand.equals(composed) && composed.equals(fused);
        output.line(same ? "The three are the same." : "The three differ.");
        return same ? 0 : 1;
    }

    /** Every step is deferred and guarded, has a time limit, and turns its failure into a value inside its own Mono. */
    static Flux<Outcome> byHand(List<Agent<String, String>> crew) {
        return Flux.merge(
                Flux.fromIterable(crew)
                        .map(agent -> Mono.defer(() -> agent.step(TASK, StepContext.detached(agent.id())))
                                .map(value -> new Outcome(agent.id().kind(), value))
                                .timeout(LIMIT)
                                .onErrorResume(cause -> Mono.just(failed(agent, cause)))),
                crew.size());
    }

    /** The same Mono, made by the engine: with interceptors, contexts, log and observations. */
    static Flux<StepResult<String>> composed(
            StepEngine engine, List<Agent<String, String>> crew, ResultSink<String> sink) {
        return Flux.merge(Flux.fromIterable(crew).map(agent -> engine.step(agent, TASK)), crew.size())
                .transform(sink::tap);
    }

    private static Outcome failed(Agent<String, String> agent, Throwable cause) {
        return new Outcome(
                agent.id().kind(), cause instanceof TimeoutException ? "no answer in time" : "failed: " + cause);
    }

    private static Outcome outcome(StepResult<String> result) {
        String how = result.fold(
                succeeded -> String.valueOf(succeeded.value()),
                degraded -> String.valueOf(degraded.value()),
                failed -> "failed: " + failed.cause(),
                timedOut -> "no answer in time",
                rejected -> "refused by " + rejected.guard(),
                cancelled -> "cancelled");
        return new Outcome(result.agentId().kind(), how);
    }

    /** In the crew's order, since results come as the steps end. Blocking is for the outermost edge of a program. */
    private static List<Outcome> all(Flux<Outcome> outcomes) {
        List<String> order = crew().stream().map(agent -> agent.id().kind()).toList();
        return Objects.requireNonNull(
                outcomes.collectSortedList(Comparator.comparingInt(outcome -> order.indexOf(outcome.agent())))
                        .block());
    }

    private static void print(Output output, String form, List<Outcome> outcomes) {
        output.line(form);
        outcomes.forEach(outcome -> output.line("   %-8s %s", outcome.agent(), outcome.how()));
    }
}
