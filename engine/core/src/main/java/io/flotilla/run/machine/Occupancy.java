package io.flotilla.run.machine;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Where in the topology those are who live in a scope and can move: its branches, those of inner scopes, and the rendezvous that
 * wait in inner scopes, since a branch will come of each. Kept for scopes that have had a rendezvous. The rendezvous of the scope
 * itself are not counted, since they may wait for each other; {@link Knot} looks at them.
 *
 * <p>Each rendezvous of the scope counts the occupied places from which it can be reached ({@link Rendezvous#movers}), and a
 * count changes only when a place fills or empties. So a move costs O(1) while others are at the same node, and a fork of 100,000
 * branches at one agent tells its rendezvous twice.
 */
final class Occupancy {

    private final Scope scope;
    private final Map<Integer, int[]> counts = new HashMap<>(); // only ever counted over: its order is nobody's

    private Occupancy(Scope scope) {
        this.scope = scope;
    }

    /** Of a scope, as it is now. */
    static Occupancy of(Scope scope) {
        Occupancy occupancy = new Occupancy(scope);
        Deque<Scope> inside = new ArrayDeque<>();
        inside.add(scope);
        while (!inside.isEmpty()) {
            Scope at = inside.remove();
            for (Branch branch = at.firstLive(); branch != null; branch = branch.next) {
                occupancy.enter(branch.node);
            }
            for (Scope inner = at.firstInner(); inner != null; inner = inner.nextSibling()) {
                inner.rendezvous.values().forEach(rendezvous -> occupancy.enter(rendezvous.node));
                inside.add(inner);
            }
        }
        return occupancy;
    }

    /** Counts who may come to a rendezvous of this scope that has just been opened. */
    void count(Rendezvous rendezvous) {
        counts.forEach((node, count) -> {
            if (count[0] > 0 && rendezvous.from.get(node)) {
                rendezvous.movers++;
            }
        });
    }

    void enter(int node) {
        if (++counts.computeIfAbsent(node, any -> new int[1])[0] == 1) {
            for (Rendezvous rendezvous : scope.rendezvous.values()) {
                if (rendezvous.from.get(node)) {
                    rendezvous.movers++;
                }
            }
        }
    }

    /** Rendezvous to which nobody who can move may come any more are added to {@code abandoned}. */
    void leave(int node, Collection<Rendezvous> abandoned) {
        int[] here = counts.get(node);
        if (here != null && --here[0] == 0) {
            for (Rendezvous rendezvous : scope.rendezvous.values()) {
                if (rendezvous.from.get(node) && --rendezvous.movers == 0) {
                    abandoned.add(rendezvous);
                }
            }
        }
    }
}
