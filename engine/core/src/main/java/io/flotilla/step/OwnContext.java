package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.StepState;
import io.flotilla.agent.Usage;
import io.flotilla.agent.UsageLedger;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * The context of a step, as its first attempt has it. Its strings and its ledger are made when they are asked for: most steps
 * never ask.
 */
abstract class OwnContext extends AttemptContext {

    private final AgentId agentId;

    @SuppressWarnings("UnusedVariable") // by its updater
    private volatile @Nullable UsageLedger ledger;

    private static final AtomicReferenceFieldUpdater<OwnContext, @Nullable UsageLedger> LEDGER =
            AtomicReferenceFieldUpdater.newUpdater(OwnContext.class, UsageLedger.class, "ledger");

    OwnContext(AgentId agentId) {
        this.agentId = agentId;
    }

    /** The context of a step of {@code scope}; {@code identity} is that of a run's step. */
    static OwnContext of(
            RoundScope scope,
            AgentId agentId,
            long index,
            Instant startedAt,
            @Nullable Duration stepTimeout,
            @Nullable StepIdentity identity) {
        if (identity == null) {
            return Objects.equals(stepTimeout, scope.stepTimeout())
                    ? new OfRound(scope, agentId, index, startedAt)
                    : new OfRoundLimited(scope, agentId, index, startedAt, stepTimeout);
        }
        return new OfIdentity(scope, identity, agentId, startedAt, stepTimeout);
    }

    /** The context of a later attempt. */
    final AttemptContext attempt(int number) {
        return new Later(this, number);
    }

    /** What the step has used so far. */
    final Usage used() {
        UsageLedger made = ledger;
        return made == null ? Usage.NONE : made.ownTotal();
    }

    /** The same without what steps inside of it have used. */
    final Usage usedDirectly() {
        UsageLedger made = ledger;
        return made == null ? Usage.NONE : made.ownDirect();
    }

    /** The ledger of the round or run. */
    abstract UsageLedger whole();

    @Override
    public final UsageLedger usage() {
        UsageLedger made = ledger;
        if (made == null) {
            made = whole().part();
            if (!LEDGER.compareAndSet(this, null, made)) {
                return usage();
            }
        }
        return made;
    }

    @Override
    public final AgentId agentId() {
        return agentId;
    }

    @Override
    public final int attempt() {
        return 1;
    }

    @Override
    public final String toString() {
        return text(this);
    }

    private static String text(StepContext context) {
        return "StepContext[" + context.stepId() + " agent=" + context.agentId() + " attempt=" + context.attempt()
                + "]";
    }

    /** A step of a round. */
    private static class OfRound extends OwnContext {

        private final RoundScope scope;
        private final long stepNumber;
        private final Instant startedAt;

        OfRound(RoundScope scope, AgentId agentId, long stepNumber, Instant startedAt) {
            super(agentId);
            this.scope = scope;
            this.stepNumber = stepNumber;
            this.startedAt = startedAt;
        }

        @Nullable Duration stepTimeout() {
            return scope.stepTimeout();
        }

        @Override
        final RoundScope scope() {
            return scope;
        }

        @Override
        final @Nullable StepIdentity identity() {
            return null;
        }

        @Override
        final UsageLedger whole() {
            return scope.usage();
        }

        @Override
        public final String runId() {
            return scope.runId();
        }

        @Override
        public final String branchPath() {
            return "/";
        }

        @Override
        public final long stepNumber() {
            return stepNumber;
        }

        @Override
        public final @Nullable Instant deadline() {
            return scope.deadline(startedAt, stepTimeout());
        }

        @Override
        public final List<AgentId> delegationPath() {
            return List.of();
        }
    }

    /** A step of a round whose agent has a timeout of its own. */
    private static final class OfRoundLimited extends OfRound {

        private final @Nullable Duration stepTimeout;

        OfRoundLimited(
                RoundScope scope, AgentId agentId, long stepNumber, Instant startedAt, @Nullable Duration stepTimeout) {
            super(scope, agentId, stepNumber, startedAt);
            this.stepTimeout = stepTimeout;
        }

        @Override
        @Nullable Duration stepTimeout() {
            return stepTimeout;
        }
    }

    /** A step that was given an identity. */
    private static final class OfIdentity extends OwnContext {

        private final RoundScope scope;
        private final StepIdentity identity;
        private final Instant startedAt;
        private final @Nullable Duration stepTimeout;
        private volatile @Nullable StepState state;

        OfIdentity(
                RoundScope scope,
                StepIdentity identity,
                AgentId agentId,
                Instant startedAt,
                @Nullable Duration stepTimeout) {
            super(agentId);
            this.scope = scope;
            this.identity = identity;
            this.startedAt = startedAt;
            this.stepTimeout = stepTimeout;
        }

        @Override
        RoundScope scope() {
            return scope;
        }

        @Override
        StepIdentity identity() {
            return identity;
        }

        @Override
        @Nullable StepState openedState() {
            return state;
        }

        @Override
        void opened(StepState opened) {
            state = opened;
        }

        @Override
        UsageLedger whole() {
            return identity.usage();
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
            Instant stepDeadline = scope.deadline(startedAt, stepTimeout);
            return outer == null || (stepDeadline != null && stepDeadline.isBefore(outer)) ? stepDeadline : outer;
        }

        @Override
        public List<AgentId> delegationPath() {
            return identity.delegationPath();
        }
    }

    /** A later attempt: all but its number is that of the first. */
    private static final class Later extends AttemptContext {

        private final OwnContext first;
        private final int attempt;
        private volatile @Nullable StepState state;

        Later(OwnContext first, int attempt) {
            this.first = first;
            this.attempt = attempt;
        }

        @Override
        RoundScope scope() {
            return first.scope();
        }

        @Override
        @Nullable StepIdentity identity() {
            return first.identity();
        }

        @Override
        @Nullable StepState openedState() {
            return state;
        }

        @Override
        void opened(StepState opened) {
            state = opened;
        }

        @Override
        public int attempt() {
            return attempt;
        }

        @Override
        public String runId() {
            return first.runId();
        }

        @Override
        public String branchPath() {
            return first.branchPath();
        }

        @Override
        public long stepNumber() {
            return first.stepNumber();
        }

        @Override
        public AgentId agentId() {
            return first.agentId();
        }

        @Override
        public @Nullable Instant deadline() {
            return first.deadline();
        }

        @Override
        public List<AgentId> delegationPath() {
            return first.delegationPath();
        }

        @Override
        public UsageLedger usage() {
            return first.usage();
        }

        @Override
        public String toString() {
            return text(this);
        }
    }
}
