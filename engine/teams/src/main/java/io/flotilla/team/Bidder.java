package io.flotilla.team;

import java.util.OptionalDouble;

/**
 * What a peer asks for a task.
 *
 * <p>Called in the peer's mailbox, one task at a time. One that throws does not bid; one that keeps its thread bids too late,
 * and holds up its own peer alone.
 *
 * @param <I> the type of a task
 * @since 0.1
 */
@FunctionalInterface
public interface Bidder<I> {

    /**
     * A bid for a task. The lowest one of all peers is awarded it, of equal ones that of the smallest peer id.
     *
     * @param task the task
     * @param owned how many tasks the peer has at this moment
     * @return the cost; empty, or not a number, for no bid
     */
    OptionalDouble bid(I task, int owned);

    /**
     * Bids for each task with the number of tasks the peer has, so the idlest gets the next one.
     *
     * @param <I> the type of a task
     * @return the bidder
     */
    static <I> Bidder<I> byLoad() {
        return (task, owned) -> OptionalDouble.of(owned);
    }
}
