package io.flotilla.resilience;

import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepInterceptor;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Engines on a clock that only a test moves, with a count of the timers armed on it. */
final class VirtualRound {

    private final VirtualTimeScheduler clock = VirtualTimeScheduler.create();
    private final OpenTimers timers = new OpenTimers(clock);
    final AtomicInteger armed = timers.armed;
    final AtomicInteger open = timers.open;

    /** An engine without a step timeout. */
    StepEngine engine(StepInterceptor... interceptors) {
        return builder(interceptors).noStepTimeout().build();
    }

    StepEngine.Builder builder(StepInterceptor... interceptors) {
        StepEngine.Builder engine = StepEngine.builder().timeoutScheduler(() -> timers);
        for (StepInterceptor interceptor : interceptors) {
            engine.interceptor(interceptor);
        }
        return engine;
    }

    void pass(Duration time) {
        clock.advanceTimeBy(time);
    }

    Instant now() {
        return Instant.ofEpochMilli(clock.now(TimeUnit.MILLISECONDS));
    }

    /** Something that takes so long. */
    Mono<Long> in(Duration delay) {
        return Mono.delay(delay, clock);
    }

    /** Runs one agent to its end, all waits included. */
    StepResult<String> result(StepEngine engine, Agent<String, String> agent) {
        return report(engine, List.of(agent)).results().get(0);
    }

    StepReport<String> report(StepEngine engine, List<Agent<String, String>> agents) {
        CompletableFuture<StepReport<String>> report = engine.run(agents, "go").toFuture();
        for (int waits = 0; !report.isDone() && waits < 1_000; waits++) {
            pass(Duration.ofMinutes(1));
        }
        return report.getNow(null);
    }
}
