package io.flotilla.team;

import java.util.Map;

/** What peers say to each other; everything else is the application's. */
sealed interface PeerMessage {

    /** A key has been written. */
    record Update(String key, Stamped value) implements PeerMessage {}

    /** All that the sender has. */
    record Sync(Map<String, Stamped> values, boolean isToBeAnswered) implements PeerMessage {}

    /** Who wants it? Answered with a {@link Bid}, or {@link #NO}. */
    record Offer(Object task) implements PeerMessage {}

    /** What it would cost. */
    record Bid(double cost) implements PeerMessage {}

    /** The task is yours. Answered with yes or no. */
    record Award(Lease<?, ?> lease) implements PeerMessage {}

    /** Are you still at it? Answered with yes or no. */
    record StillAtIt(Lease<?, ?> lease) implements PeerMessage {}

    /** An answer. */
    record Yes() implements PeerMessage {}

    /** An answer. */
    record No() implements PeerMessage {}

    PeerMessage YES = new Yes();

    PeerMessage NO = new No();
}
