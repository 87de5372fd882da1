package io.flotilla.samples.health;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.health.Heartbeat;
import java.time.Duration;
import java.util.Locale;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Writes in capitals, until it is frozen; its timer ticks on then, since it has nothing to do with the work. */
final class Clerk implements Agent<String, String> {

    private static final Duration TICK = Duration.ofMillis(10);

    private static final Duration WRITING = Duration.ofMillis(30);

    /** Long enough for a machine that is busy with other things. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final AgentId id;
    private final Heartbeat timer = Heartbeat.within(PATIENCE);
    private final Disposable ticks = Flux.interval(TICK).onBackpressureDrop().subscribe(tick -> timer.beat());
    private volatile Sinks.Empty<Void> thaw = thawed();

    Clerk(long number) {
        this.id = AgentId.of("clerk", number);
    }

    private static Sinks.Empty<Void> thawed() {
        Sinks.Empty<Void> gate = Sinks.empty();
        gate.tryEmitEmpty().orThrow();
        return gate;
    }

    @Override
    public AgentId id() {
        return id;
    }

    @Override
    public Mono<String> step(String letter, StepContext context) {
        return thaw.asMono().then(Mono.delay(WRITING)).map(done -> letter.toUpperCase(Locale.ROOT));
    }

    void freezes() {
        thaw = Sinks.empty();
    }

    void thaws() {
        thaw.tryEmitEmpty().orThrow();
    }

    Heartbeat timer() {
        return timer;
    }

    void goesHome() {
        ticks.dispose();
    }
}
