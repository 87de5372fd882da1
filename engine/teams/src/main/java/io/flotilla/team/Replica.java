package io.flotilla.team;

import io.flotilla.AgentId;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A peer's copy of the state. However updates arrive, late, twice, or in another order, all copies become the same. */
final class Replica {

    private final AgentId peer;
    private final long membership;

    /** Guarded by this. */
    private final Map<String, Stamped> values = new HashMap<>();

    Replica(AgentId peer, long membership) {
        this.peer = peer;
        this.membership = membership;
    }

    /** What came of an update. */
    record Merge(boolean isNews, PeerEvent.@Nullable StateConflict conflict) {}

    synchronized Stamped write(String key, Object value) {
        Stamped before = values.get(key);
        Map<Long, Long> seen = before == null ? new HashMap<>() : new HashMap<>(before.seen());
        seen.merge(membership, 1L, Long::sum);
        long version = before == null ? 1 : before.value().version() + 1;
        Stamped written = new Stamped(new PeerValue(value, version, peer), membership, seen);
        values.put(key, written);
        return written;
    }

    synchronized Merge merge(String key, Stamped update) {
        Stamped mine = values.get(key);
        if (mine == null || update.follows(mine)) {
            values.put(key, update);
            return new Merge(mine == null || !mine.follows(update), null);
        }
        if (mine.follows(update)) {
            return new Merge(false, null);
        }
        boolean isAhead = update.isAheadOf(mine);
        Stamped winner = isAhead ? update : mine;
        Stamped loser = isAhead ? mine : update;
        values.put(key, winner.over(loser));
        return new Merge(true, new PeerEvent.StateConflict(peer, key, winner.value(), loser.value()));
    }

    synchronized @Nullable PeerValue get(String key) {
        Stamped mine = values.get(key);
        return mine == null ? null : mine.value();
    }

    synchronized Map<String, PeerValue> values() {
        Map<String, PeerValue> copy = new TreeMap<>();
        values.forEach((key, stamped) -> copy.put(key, stamped.value()));
        return copy;
    }

    synchronized Map<String, Stamped> all() {
        return Map.copyOf(values);
    }
}
