package io.flotilla.run.machine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The agents that handed the work on, up to a step. The branches of a fork share it. Only the last {@value #KEPT} to
 * {@value #MAX_LENGTH} agents are kept, so that a run that hands over for ever does not grow. Immutable.
 *
 * @since 0.1
 */
public final class Delegation {

    static final int KEPT = 1_000;
    private static final int MAX_LENGTH = 2 * KEPT;

    private final int node;
    private final String agent;
    private final @Nullable Delegation before;
    private final int length;

    private Delegation(int node, String agent, @Nullable Delegation before) {
        this.node = node;
        this.agent = agent;
        this.before = before;
        this.length = before == null ? 1 : before.length + 1;
    }

    /**
     * {@code path}, null for none, with another agent behind it. {@code whole} keeps all of it: where cycles are limited it
     * cannot become longer than that many times the number of agents.
     */
    static Delegation after(@Nullable Delegation path, int node, String agent, boolean whole) {
        return new Delegation(
                node, agent, path == null || whole || path.length < MAX_LENGTH ? path : path.latest(KEPT - 1));
    }

    private @Nullable Delegation latest(int count) {
        Deque<Delegation> latest = new ArrayDeque<>(count);
        for (Delegation at = this; at != null && latest.size() < count; at = at.before) {
            latest.push(at);
        }
        Delegation copied = null;
        for (Delegation one : latest) {
            copied = new Delegation(one.node, one.agent, copied);
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

    /**
     * The names of the agents, the first one first.
     *
     * @return a list that cannot be changed
     */
    public List<String> agents() {
        List<String> agents = new ArrayList<>(length);
        for (Delegation at = this; at != null; at = at.before) {
            agents.add(at.agent);
        }
        Collections.reverse(agents);
        return Collections.unmodifiableList(agents);
    }

    /** The names of the agents, with arrows between them. */
    @Override
    public String toString() {
        return String.join(" > ", agents());
    }
}
