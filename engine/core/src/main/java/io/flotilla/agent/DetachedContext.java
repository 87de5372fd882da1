package io.flotilla.agent;

import io.flotilla.AgentId;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The context behind {@link StepContext#detached(AgentId)}. */
record DetachedContext(String runId, AgentId agentId, UsageLedger usage) implements StepContext {

    private static final AtomicLong COUNT = new AtomicLong();

    static DetachedContext of(AgentId agentId) {
        Objects.requireNonNull(agentId, "agentId");
        return new DetachedContext("detached-" + COUNT.incrementAndGet(), agentId, new UsageLedger());
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
