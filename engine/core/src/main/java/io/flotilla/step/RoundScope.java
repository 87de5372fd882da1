package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.UsageLedger;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the contexts of all steps of a round share; kept apart from the round, which a kept context must not hold on to. */
final class RoundScope {

    private final String engineId;
    private final long round;
    private final @Nullable Duration stepTimeout;
    private final UsageLedger usage;
    private final Map<Object, Object> sharedState = new ConcurrentHashMap<>(2);

    RoundScope(String engineId, long round, @Nullable Duration stepTimeout, UsageLedger usage) {
        this.usage = usage;
        this.engineId = engineId;
        this.round = round;
        this.stepTimeout = stepTimeout;
    }

    @SuppressWarnings("unchecked") // put there by the same owner
    <T> T sharedState(Object owner, Supplier<? extends T> create) {
        Objects.requireNonNull(create, "create");
        Object found = sharedState.get(owner);
        return (T)
                (found != null
                        ? found
                        : sharedState.computeIfAbsent(
                                owner, any -> Objects.requireNonNull(create.get(), "create returned null")));
    }

    String runId() {
        return engineId + '-' + round;
    }

    AttemptContext context(AgentId agentId, long index, Instant startedAt, @Nullable StepIdentity identity) {
        return identity == null
                ? new RoundContext(this, agentId, index, 1, startedAt)
                : new IdentifiedContext(identity, agentId, 1, deadline(startedAt));
    }

    private @Nullable Instant deadline(Instant startedAt) {
        return stepTimeout == null ? null : startedAt.plus(stepTimeout);
    }

    /** The context of one attempt. Its strings are made when asked for: most steps never are. */
    private record RoundContext(RoundScope scope, AgentId agentId, long stepNumber, int attempt, Instant startedAt)
            implements AttemptContext {

        @Override
        public StepContext attempt(int number) {
            return new RoundContext(scope, agentId, stepNumber, number, startedAt);
        }

        @Override
        public String runId() {
            return scope.runId();
        }

        @Override
        public String branchPath() {
            return "/";
        }

        @Override
        public @Nullable Instant deadline() {
            return scope.deadline(startedAt);
        }

        @Override
        public List<AgentId> delegationPath() {
            return List.of();
        }

        @Override
        public UsageLedger usage() {
            return scope.usage;
        }

        @Override
        public String toString() {
            return "StepContext[" + stepId() + " agent=" + agentId + " attempt=" + attempt + "]";
        }
    }

    /** The context of one attempt at a step that was given an identity. */
    private record IdentifiedContext(
            StepIdentity identity,
            AgentId agentId,
            int attempt,
            @Nullable Instant stepDeadline) implements AttemptContext {

        @Override
        public StepContext attempt(int number) {
            return new IdentifiedContext(identity, agentId, number, stepDeadline);
        }

        @Override
        public String runId() {
            return identity.runId();
        }

        @Override
        public String branchPath() {
            return identity.branchPath();
        }

        @Override
        public long stepNumber() {
            return identity.stepNumber();
        }

        @Override
        public @Nullable Instant deadline() {
            Instant outer = identity.deadline();
            return outer == null || (stepDeadline != null && stepDeadline.isBefore(outer)) ? stepDeadline : outer;
        }

        @Override
        public List<AgentId> delegationPath() {
            return identity.delegationPath();
        }

        @Override
        public UsageLedger usage() {
            return identity.usage();
        }

        @Override
        public String toString() {
            return "StepContext[" + stepId() + " agent=" + agentId + " attempt=" + attempt + "]";
        }
    }

    /** A context that can be had for a later attempt. */
    interface AttemptContext extends StepContext {

        StepContext attempt(int number);
    }
}
