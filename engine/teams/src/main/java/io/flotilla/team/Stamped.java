package io.flotilla.team;

import java.util.HashMap;
import java.util.Map;

/**
 * A value on its way between peers: with the number of writes of each membership that its writer had seen, its own included. So
 * it can be told whether one followed from the other. A peer that leaves and joins again is another membership, which knows
 * nothing of what the first one wrote.
 */
record Stamped(PeerValue value, long membership, Map<Long, Long> seen) {

    Stamped {
        seen = Map.copyOf(seen);
    }

    /** The writer had seen the other. */
    boolean follows(Stamped other) {
        return other.seen.entrySet().stream().allMatch(each -> seen.getOrDefault(each.getKey(), 0L) >= each.getValue());
    }

    /** The last writer by version, of equal ones the larger peer id. */
    boolean isAheadOf(Stamped other) {
        int order = Long.compare(value.version(), other.value.version());
        if (order == 0) {
            order = value.writer().toString().compareTo(other.value.writer().toString());
        }
        return order != 0 ? order > 0 : membership > other.membership;
    }

    /** The value of this one, which from now on has seen what the other has. */
    Stamped over(Stamped other) {
        Map<Long, Long> all = new HashMap<>(seen);
        other.seen.forEach((writer, count) -> all.merge(writer, count, Math::max));
        return new Stamped(value, membership, all);
    }
}
