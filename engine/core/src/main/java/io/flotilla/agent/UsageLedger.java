package io.flotilla.agent;

import java.util.Objects;

/**
 * Where the steps of a round or run write what they have used. Every entry counts, also that of a step that has failed
 * or was cancelled: the tokens are gone.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class UsageLedger {

    private Usage total = Usage.NONE;

    /** An empty ledger. */
    public UsageLedger() {}

    /**
     * Adds an entry.
     *
     * @param used what was used
     * @throws NullPointerException if {@code used} is null
     * @throws ArithmeticException if the sum of tokens does not fit a {@code long}; nothing is added then
     */
    public synchronized void record(Usage used) {
        total = total.plus(Objects.requireNonNull(used, "used"));
    }

    /**
     * The usage recorded so far.
     *
     * @return the sum of all entries
     */
    public synchronized Usage total() {
        return total;
    }
}
