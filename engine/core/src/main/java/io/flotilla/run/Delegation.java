package io.flotilla.run;

import io.flotilla.AgentId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who handed the work on, from the last one back. Shared between the branches of a fork; only the last {@value #KEPT} to
 * {@value #MAX_LENGTH} are kept, so that a run that hands over for ever does not grow.
 */
final class Delegation {

    static final int KEPT = 1_000;
    private static final int MAX_LENGTH = 2 * KEPT;

    private final int node;
    private final @Nullable Delegation before;
    private final int length;

    private Delegation(int node, @Nullable Delegation before) {
        this.node = node;
        this.before = before;
        this.length = before == null ? 1 : before.length + 1;
    }

    /**
     * {@code path}, null for none, with another agent behind it. {@code whole} keeps all of it: where cycles are limited it
     * cannot become longer than that many times the number of agents.
     */
    static Delegation after(@Nullable Delegation path, int node, boolean whole) {
        return new Delegation(node, path == null || whole || path.length < MAX_LENGTH ? path : path.latest(KEPT - 1));
    }

    private @Nullable Delegation latest(int count) {
        Deque<Delegation> latest = new ArrayDeque<>(count);
        for (Delegation at = this; at != null && latest.size() < count; at = at.before) {
            latest.push(at);
        }
        Delegation copied = null;
        for (Delegation one : latest) {
            copied = new Delegation(one.node, copied);
        }
        return copied;
    }

    static int count(@Nullable Delegation path, int node) {
        int count = 0;
        for (Delegation at = path; at != null; at = at.before) {
            if (at.node == node) {
                count++;
            }
        }
        return count;
    }

    /** The nodes, the first one first. */
    static List<Integer> nodes(@Nullable Delegation path) {
        List<Integer> nodes = new ArrayList<>(path == null ? 0 : path.length);
        for (Delegation at = path; at != null; at = at.before) {
            nodes.add(at.node);
        }
        Collections.reverse(nodes);
        return nodes;
    }

    static List<AgentId> agents(@Nullable Delegation path, Routes routes) {
        return nodes(path).stream().map(node -> AgentId.of(routes.name(node))).toList();
    }
}
