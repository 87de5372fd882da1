package io.flotilla.resilience;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** An agent whose bodies end when the test says so. */
final class Pending implements Agent<String, String> {

    private final AgentId id;
    private final List<Sinks.One<String>> bodies = new CopyOnWriteArrayList<>();
    final AtomicInteger cancelled = new AtomicInteger();

    Pending(String id) {
        this.id = AgentId.of(id);
    }

    @Override
    public AgentId id() {
        return id;
    }

    @Override
    public Mono<String> step(String input, StepContext context) {
        Sinks.One<String> body = Sinks.one();
        bodies.add(body);
        return body.asMono().doOnCancel(cancelled::incrementAndGet);
    }

    /** How many bodies have been called. */
    int called() {
        return bodies.size();
    }

    void succeed(int body) {
        bodies.get(body).tryEmitValue("done").orThrow();
    }

    void fail(int body, Throwable cause) {
        bodies.get(body).tryEmitError(cause).orThrow();
    }
}
