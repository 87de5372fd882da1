package io.flotilla.run.machine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rule of knots, the plainest way: who can come to whom is searched anew for every pair of branches and rendezvous, whatever
 * scopes they are in. Shares nothing with {@link Knot}.
 */
final class KnotRule {

    private final RandomGraph graph;
    private final List<Onlooker.Meeting> meetings;
    private final Collection<Onlooker.Line> live;
    private final Onlooker.@Nullable Line except;

    /** {@code except} is a live branch that is not to be minded. */
    KnotRule(
            RandomGraph graph,
            List<Onlooker.Meeting> meetings,
            Collection<Onlooker.Line> live,
            Onlooker.@Nullable Line except) {
        this.graph = graph;
        this.meetings = meetings;
        this.live = live;
        this.except = except;
    }

    /**
     * Who waits for each other and for nobody else, the one asked for among them: itself alone if nobody at all can come. Empty
     * if it has to wait for others.
     */
    List<Onlooker.Meeting> knotOf(Onlooker.Meeting meeting) {
        List<Onlooker.Meeting> all = reachedFrom(meeting);
        for (Onlooker.Meeting other : all) {
            boolean isMutual = other == meeting || reachedFrom(other).contains(meeting);
            if (!isMutual || mayABranchCome(other)) {
                return List.of();
            }
        }
        return all;
    }

    /** Whom it waits for, and those wait for, and so on; itself first. */
    private List<Onlooker.Meeting> reachedFrom(Onlooker.Meeting meeting) {
        List<Onlooker.Meeting> reached = new ArrayList<>(List.of(meeting));
        Deque<Onlooker.Meeting> open = new ArrayDeque<>(reached);
        while (!open.isEmpty()) {
            Onlooker.Meeting at = open.remove();
            for (Onlooker.Meeting other : meetings) {
                if (other != at && !reached.contains(other) && mayCome(other.node, other.fork, at)) {
                    reached.add(other);
                    open.add(other);
                }
            }
        }
        return reached;
    }

    private boolean mayABranchCome(Onlooker.Meeting meeting) {
        return live.stream()
                .anyMatch(line -> line != except && line.node < graph.agents && mayCome(line.node, line.home, meeting));
    }

    private boolean mayCome(int node, Onlooker.Fork from, Onlooker.Meeting meeting) {
        BitSet closed = new BitSet();
        if (meeting.fork.node >= 0) {
            closed.set(meeting.fork.node);
        }
        return from.isInside(meeting.fork) && graph.leads(node, meeting.node, closed);
    }
}
