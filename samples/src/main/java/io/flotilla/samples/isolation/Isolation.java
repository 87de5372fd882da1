package io.flotilla.samples.isolation;

import io.flotilla.agent.Agent;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.step.FailureMode;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepFailedException;
import io.flotilla.step.StepReport;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;

/**
 * One failing and one working agent in the same round. A plain parallel join loses the worker's result together with the
 * failing agent's; here the worker has counted to 1, and the failure is a result in the report. Then the same pair in the
 * mode that raises the failure, for debugging.
 */
public final class Isolation implements Sample {

    public static void main(String[] args) {
        Shell.exit(new Isolation());
    }

    @Override
    public String name() {
        return "isolation";
    }

    @Override
    public int run(Settings settings, Output output) {
        AtomicInteger counter = new AtomicInteger();
        Agent<String, Integer> failing = Agent.of(
                "failing", (input, context) -> Mono.error(new IllegalStateException("this agent always fails")));
        Agent<String, Integer> worker =
                Agent.of("worker", (input, context) -> Mono.fromSupplier(counter::incrementAndGet));
        List<Agent<String, Integer>> agents = List.of(failing, worker);
        StepEngine engine = StepEngine.builder().build();

        // Blocking is for the outermost edge of a program, such as this.
        StepReport<Integer> report =
                Objects.requireNonNull(engine.run(agents, "go").block());
        output.line("isolate: the worker's counter is %d", counter.get());
        report.results()
                .forEach(result -> output.line(
                        "  %-8s %-9s %s",
                        result.agentId(), result.kind(), result.isFailure() ? result.cause() : result.value()));
        output.line("  report: %s", report);

        try {
            engine.withFailureMode(FailureMode.FAIL_FAST).run(agents, "go").block();
            throw new IllegalStateException("the failure was not raised");
        } catch (StepFailedException raised) {
            output.line("fail-fast: raised %s", raised.getClass().getSimpleName());
            output.line("  agent:   %s", raised.agentId());
            output.line("  message: %s", raised.getMessage());
            output.line("  cause:   %s", raised.getCause());
        }
        return 0;
    }
}
