package io.flotilla.team;

import io.flotilla.AgentId;
import org.jspecify.annotations.Nullable;

/**
 * What happens among peers. Immutable.
 *
 * @since 0.1
 */
public sealed interface PeerEvent {

    /**
     * Two peers have written the same key without knowing of each other. One value is kept, the same at every peer.
     *
     * @param noticedBy the peer at which they met
     * @param key the key
     * @param winner the value that is kept: the higher version, of equal ones that of the larger peer id
     * @param loser the value that is lost
     */
    record StateConflict(AgentId noticedBy, String key, PeerValue winner, PeerValue loser) implements PeerEvent {}

    /**
     * A task has an owner.
     *
     * @param offeredBy the peer that offered it
     * @param task the number of the task, from 0 for each group of peers
     * @param owner the peer that has it now
     * @param bid its bid
     */
    record TaskAwarded(AgentId offeredBy, long task, AgentId owner, double bid) implements PeerEvent {}

    /**
     * A task has lost its owner, and is offered again if it has attempts left.
     *
     * @param offeredBy the peer that offered it
     * @param task the number of the task
     * @param owner the peer that had it
     * @param why what happened
     * @param cause what the owner failed with; null if its lease ended
     */
    record TaskLost(
            AgentId offeredBy,
            long task,
            AgentId owner,
            Why why,
            @Nullable Throwable cause) implements PeerEvent {}

    /** Why a task has lost its owner. */
    enum Why {
        /** The owner was asked whether it is at the task, and did not answer until the lease ended. */
        LEASE_ENDED,
        /** The owner has left, or says that it is not at the task. */
        GIVEN_UP,
        /** The owner's step has failed. */
        FAILED
    }
}
