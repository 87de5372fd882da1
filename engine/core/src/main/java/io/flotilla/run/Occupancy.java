package io.flotilla.run;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where in the topology the live branches of a scope are, inner scopes included; kept for scopes that have had a
 * rendezvous. A rendezvous that waits is counted at its node like a branch, since one will come of it.
 *
 * <p>A rendezvous waits for nobody else when no place is occupied from which it can be reached. Each counts those places
 * ({@link Rendezvous#expected}), and a count changes only when a place fills or empties: so a move costs O(1) while others
 * are at the same node, and a fork of 100,000 branches at one agent tells its rendezvous twice.
 */
final class Occupancy {

    private final Map<Integer, int[]> counts = new HashMap<>();
    private final List<Rendezvous> waiting = new ArrayList<>();

    private Occupancy() {}

    /** Of a scope, as it is now. */
    static Occupancy of(Scope scope) {
        Occupancy occupancy = new Occupancy();
        Deque<Scope> inside = new ArrayDeque<>(List.of(scope));
        while (!inside.isEmpty()) {
            Scope at = inside.remove();
            for (Branch branch = at.firstLive(); branch != null; branch = branch.next) {
                occupancy.enter(branch.node);
            }
            at.rendezvous.keySet().forEach(occupancy::enter);
            for (Scope inner = at.firstInner(); inner != null; inner = inner.nextSibling()) {
                inside.add(inner);
            }
        }
        return occupancy;
    }

    /** A rendezvous of this scope; it must have entered its node already. */
    void add(Rendezvous rendezvous) {
        waiting.add(rendezvous);
        counts.forEach((node, count) -> {
            if (count[0] >= least(rendezvous, node) && rendezvous.from.get(node)) {
                rendezvous.expected++;
            }
        });
    }

    /** It waits no more; it must leave its node besides. */
    void remove(Rendezvous rendezvous) {
        waiting.remove(rendezvous);
    }

    void enter(int node) {
        int count = ++counts.computeIfAbsent(node, any -> new int[1])[0];
        if (count <= 2) {
            for (Rendezvous rendezvous : waiting) {
                if (count == least(rendezvous, node) && rendezvous.from.get(node)) {
                    rendezvous.expected++;
                }
            }
        }
    }

    /** Those who wait for nobody any more are added to {@code fulfilled}. */
    void leave(int node, Collection<Rendezvous> fulfilled) {
        int[] here = counts.get(node);
        if (here == null) {
            return;
        }
        int count = here[0]--;
        if (count <= 2) {
            for (Rendezvous rendezvous : waiting) {
                if (count == least(rendezvous, node) && rendezvous.from.get(node) && --rendezvous.expected == 0) {
                    fulfilled.add(rendezvous);
                }
            }
        }
    }

    /** How many must be at a node for somebody else than the rendezvous itself to be there. */
    private static int least(Rendezvous rendezvous, int node) {
        return rendezvous.node == node ? 2 : 1;
    }
}
