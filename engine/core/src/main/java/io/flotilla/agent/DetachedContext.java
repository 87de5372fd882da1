package io.flotilla.agent;

import io.flotilla.AgentId;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The context behind {@link StepContext#detached(AgentId)}. */
record DetachedContext(String runId, AgentId agentId, UsageLedger usage, StepState state, Consumer<Object> emitted)
        implements StepContext {

    private static final AtomicLong COUNT = new AtomicLong();

    static DetachedContext of(AgentId agentId, Consumer<Object> emitted) {
        Objects.requireNonNull(agentId, "agentId");
        Objects.requireNonNull(emitted, "emitted");
        return new DetachedContext(
                "detached-" + COUNT.incrementAndGet(), agentId, new UsageLedger(), new DetachedState(), emitted);
    }

    @Override
    public void emit(Object value) {
        if (value != null) {
            emitted.accept(value);
        }
    }

    @Override
    public String branchPath() {
        return "/";
    }

    @Override
    public long stepNumber() {
        return 0;
    }

    @Override
    public int attempt() {
        return 1;
    }

    @Override
    public @Nullable Instant deadline() {
        return null;
    }

    @Override
    public List<AgentId> delegationPath() {
        return List.of();
    }
}
