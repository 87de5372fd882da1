package io.flotilla.samples.meters;

import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.resilience.CircuitBreakerPolicy;
import io.flotilla.resilience.Resilience;
import io.flotilla.resilience.RetryPolicy;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.PendingQuestion;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunResult;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.step.InFlightLimit;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import reactor.core.publisher.Mono;

/**
 * Three runs as Prometheus sees them: one that succeeds after a correction, one whose join falls short, and one that waits for a person
 * while the numbers are read. The dashboard in flotilla-core asks for these numbers.
 */
public final class MetersSample implements Sample {

    private static final Topology TRIAGE = Topology.parse("""
            start -> Desk
            Desk <-> Expert
            Desk -> user
            Desk -> end
            """);

    private static final Duration SOON = Duration.ofSeconds(20);

    public static void main(String[] args) {
        Shell.exit(new MetersSample());
    }

    @Override
    public String name() {
        return "meters";
    }

    @Override
    public int run(Settings settings, Output output) {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        Workflow<String, String> triage = triage(registry);

        RunResult<String> solved = result(triage.start("printer"));
        RunResult<String> failed = result(triage.start("vague"));
        Run<String> asking = triage.start("ask");
        output.line("printer: %s", solved.status());
        output.line(
                "vague: %s, %s",
                failed.status(), Objects.requireNonNull(failed.failure()).kind());
        PendingQuestion question = question(asking);
        output.line("ask: waits for an answer to \"%s\"", question.text());
        output.line("");
        registry.scrape().lines().filter(MetersSample::isCount).forEach(output::line);
        asking.answer(question.id(), "yes").block(SOON);
        boolean asExpected =
                solved.isSucceeded() && !failed.isSucceeded() && result(asking).isSucceeded();
        return asExpected ? 0 : 1;
    }

    /** A desk that asks experts, or a person; its guards and limits have meters too. */
    static Workflow<String, String> triage(PrometheusMeterRegistry registry) {
        Resilience guards = Resilience.builder()
                .retry(RetryPolicy.attempts(2))
                .circuitBreaker(CircuitBreakerPolicy.defaults())
                .meterRegistry(registry)
                .build();
        StepEngine engine = StepEngine.builder()
                .maxInFlight(InFlightLimit.of(16))
                .interceptor(guards)
                .meterRegistry(registry)
                .build();
        return Workflow.builder(TRIAGE, String.class)
                .name("triage")
                .agent("Desk", Agent.of("Desk", (turn, context) -> Mono.fromSupplier(() -> decide(turn))))
                .agent("Expert", Agent.of("Expert", (turn, context) -> {
                    context.usage().record(new Usage(120, 30, new BigDecimal("0.002")));
                    return Integer.valueOf(0).equals(turn.input(Integer.class))
                            ? Mono.error(new IllegalStateException("no idea"))
                            : Mono.just(Decision.answer("turn it off and on"));
                }))
                .engine(engine)
                .joinAt("Desk", Join.atLeast(1))
                .build();
    }

    private static Decision decide(Turn turn) {
        if (turn.reason() == Turn.Reason.JOINED) {
            return Decision.answer(turn.answers(String.class).get(0));
        }
        if (turn.reason() == Turn.Reason.ANSWERED) {
            return Decision.answer("asked");
        }
        return switch (Objects.requireNonNull(turn.input(String.class))) {
            case "ask" -> Decision.ask("is it plugged in?");
            case "vague" -> Decision.fanOut(List.of(Invocation.of("Expert", 0)));
            default ->
                turn.correction() == null
                        ? Decision.handOff("Wizard", turn.input()) // there is none, and the desk is told
                        : Decision.fanOut(List.of(Invocation.of("Expert", 0), Invocation.of("Expert", 1)));
        };
    }

    /** Blocking is for the outermost edge of a program. */
    private static RunResult<String> result(Run<String> run) {
        return Objects.requireNonNull(run.result().block(SOON));
    }

    private static PendingQuestion question(Run<String> run) {
        return Objects.requireNonNull(run.events()
                .ofType(RunEvent.QuestionAsked.class)
                .map(RunEvent.QuestionAsked::question)
                .blockFirst(SOON));
    }

    /** Times differ each time. */
    private static boolean isCount(String line) {
        return line.startsWith("flotilla_") && !line.contains("_seconds_sum") && !line.contains("_seconds_max");
    }
}
