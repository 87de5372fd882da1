package io.flotilla.resilience;

import io.flotilla.agent.Usage;
import io.flotilla.agent.UsageLedger;
import io.flotilla.step.EngineClock;
import io.flotilla.step.StepRejectedException;
import java.math.BigDecimal;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What one round or run has used of its {@link Budget}. */
final class BudgetUse {

    private final Budget budget;
    private final UsageLedger ledger;
    private final EngineClock clock;
    private final long since;

    // Guarded by this.
    private long steps;
    private long reservations;

    BudgetUse(Budget budget, UsageLedger ledger, EngineClock clock) {
        this.budget = budget;
        this.ledger = ledger;
        this.clock = clock;
        this.since = clock.nanoTime();
    }

    /** Counts a step, and refuses it if there have been enough. */
    synchronized @Nullable StepRejectedException startStep() {
        if (steps >= budget.steps()) {
            return refusal("steps", steps + " used of " + budget.steps());
        }
        steps++;
        return null;
    }

    /** Reserves what an attempt may use; null if there is enough left. */
    synchronized @Nullable StepRejectedException reserve() {
        long nanos = clock.nanoTime() - since;
        if (budget.time() != null && nanos >= budget.time().toNanos()) {
            return refusal("time", Duration.ofNanos(nanos) + " used of " + budget.time());
        }
        Usage used = ledger.total();
        Usage each = budget.reservation();
        if (budget.tokens() != Long.MAX_VALUE) {
            long reserved = reservations * each.tokens(); // fits: it has been within the limit
            long left = budget.tokens() - used.tokens();
            if (left < reserved || left - reserved < Math.max(1, each.tokens())) {
                return refusal("tokens", used.tokens() + " used and " + reserved + " reserved of " + budget.tokens());
            }
        }
        BigDecimal cost = budget.cost();
        if (cost != null) {
            BigDecimal reservedCost = each.cost().multiply(BigDecimal.valueOf(reservations));
            BigDecimal committed = used.cost().add(reservedCost);
            if (committed.compareTo(cost) >= 0 || committed.add(each.cost()).compareTo(cost) > 0) {
                return refusal("cost", used.cost() + " used and " + reservedCost + " reserved of " + cost);
            }
        }
        reservations++;
        return null;
    }

    /** The attempt is over; what it has really used stands in the ledger. */
    synchronized void release() {
        reservations--;
    }

    private static StepRejectedException refusal(String limit, String use) {
        return new StepRejectedException("budget", limit + ": " + use, null);
    }
}
