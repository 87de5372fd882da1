package io.flotilla.agent;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where the steps of a round or run write what they have used. Every entry counts, also that of a step that has failed
 * or was cancelled: the tokens are gone.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class UsageLedger {

    private final @Nullable UsageLedger whole;

    // Guarded by this.
    private Usage direct = Usage.NONE;
    private Usage nested = Usage.NONE;

    /** An empty ledger. */
    public UsageLedger() {
        this(null);
    }

    private UsageLedger(@Nullable UsageLedger whole) {
        this.whole = whole;
    }

    /**
     * A ledger of a part of this one's, as each step of a round or run has one: what is recorded in it counts here too.
     *
     * @return a new ledger with the {@link #total()} of this one, and an {@link #ownTotal()} of its own
     */
    public UsageLedger part() {
        return new UsageLedger(this);
    }

    /**
     * Adds an entry.
     *
     * @param used what was used
     * @throws NullPointerException if {@code used} is null
     * @throws ArithmeticException if the sum of tokens does not fit a {@code long}; nothing is added then
     */
    public void record(Usage used) {
        Objects.requireNonNull(used, "used");
        add(used, Usage.NONE);
    }

    private void add(Usage more, Usage moreNested) {
        if (whole != null) { // this first, since it has the larger sums
            whole.add(more, moreNested);
        }
        addOwn(more, moreNested);
    }

    private synchronized void addOwn(Usage more, Usage moreNested) {
        Usage newDirect = sum(direct, more);
        Usage newNested = sum(nested, moreNested);
        sum(newDirect, newNested); // throws before anything is added
        direct = newDirect;
        nested = newNested;
    }

    private static Usage sum(Usage one, Usage more) {
        return more.equals(Usage.NONE) ? one : one.plus(more);
    }

    /**
     * Adds what a round, run or task inside the step has used, whose steps had ledgers of their own: {@code
     * context.usage().recordNested(report.usage())}. It is in the sums, so results, reports and limits have it; {@code flotilla.tokens} and {@code
     * flotilla.cost} do not count it for this step, since they have counted it for the inner ones.
     *
     * <p>These meters count an entry once, for the step in whose ledger it was made by {@link #record}, if the engine of that step has a
     * meter registry. If it has none, a {@code Manager} has it counted for the step around its task, see {@link #recordUnmeasured}; what a
     * nested run has used is counted by the engine of that run or not at all.
     *
     * @param used what was used
     * @throws NullPointerException if {@code used} is null
     * @throws ArithmeticException if the sum of tokens does not fit a {@code long}; nothing is added then
     */
    public void recordNested(Usage used) {
        Objects.requireNonNull(used, "used");
        add(Usage.NONE, used);
    }

    /**
     * Adds what a step inside this one has used whose engine has no meter registry: what was added there by {@link #record} is added here by
     * {@link #record}, since nobody has counted it yet, and what was added there by {@link #recordNested} by that.
     *
     * @param inner the ledger of the inner step, as it is now
     * @throws NullPointerException if {@code inner} is null
     * @throws ArithmeticException if the sum of tokens does not fit a {@code long}; nothing is added then
     */
    public void recordUnmeasured(UsageLedger inner) {
        Objects.requireNonNull(inner, "inner");
        Usage uncounted;
        Usage counted;
        synchronized (inner) {
            uncounted = inner.direct;
            counted = inner.nested;
        }
        add(uncounted, counted);
    }

    /**
     * The usage recorded so far in the whole round or run.
     *
     * @return the sum of all entries, of this ledger and of all that it is a part of or that are parts of it
     */
    public Usage total() {
        return whole == null ? ownTotal() : whole.total();
    }

    /**
     * The usage recorded so far in this ledger and its parts: in that of a step, by the step.
     *
     * @return the sum of their entries
     */
    public synchronized Usage ownTotal() {
        return sum(direct, nested);
    }

    /**
     * What of {@link #ownTotal()} was recorded by {@link #record}, and not by {@link #recordNested}: what the meters count for the step.
     *
     * @return the sum of these entries
     */
    public synchronized Usage ownDirect() {
        return direct;
    }
}
