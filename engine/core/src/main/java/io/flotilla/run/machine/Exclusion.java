package io.flotilla.run.machine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps steps apart whose agents exclude each other. A turn gets all groups of its agent when it is numbered, or waits in the line
 * of each; it is let in when it is the first in all of them and all are free. So turns of a group are let in in the order they
 * have come, none is passed over, and nobody holds one group while it waits for another.
 *
 * <p>A turn is let in before it waits for a place, and keeps its groups until its step has ended. So which turn waits does not
 * depend on how many places there are, and is the same in a replay.
 */
final class Exclusion {

    /** What a branch has to do with it. */
    enum Stake {
        NONE,
        WAITING,
        HOLDING
    }

    private static final int[] NO_GROUPS = {};

    private final int[][] groups; // by node
    private final @Nullable Branch[] holders; // by group
    private final List<Deque<Branch>> lines; // by group; some may have gone since

    Exclusion(Plan plan) {
        groups = plan.exclusions();
        int count = plan.exclusionCount();
        holders = new Branch[count];
        lines = new ArrayList<>(count);
        for (int group = 0; group < count; group++) {
            lines.add(new ArrayDeque<>());
        }
    }

    boolean isQuiet() {
        for (Branch holder : holders) {
            if (holder != null) {
                return false;
            }
        }
        return true;
    }

    private int[] groupsOf(Branch branch) {
        return holders.length == 0 ? NO_GROUPS : groups[branch.node];
    }

    /** The turn of the branch has come. False if it has to wait. */
    boolean enter(Branch branch) {
        int[] own = groupsOf(branch);
        if (own.length == 0) {
            return true;
        }
        branch.stake = Stake.WAITING;
        for (int group : own) {
            lines.get(group).add(branch);
        }
        return mayEnter(branch, own) && hold(branch, own);
    }

    /** The turn of the branch is over, whatever it has had. Returns those who are let in. */
    List<Branch> leave(Branch branch) {
        if (branch.stake == Stake.NONE) {
            return List.of();
        }
        int[] own = groupsOf(branch);
        if (branch.stake == Stake.HOLDING) {
            for (int group : own) {
                holders[group] = null;
            }
        }
        branch.stake = Stake.NONE;
        List<Branch> letIn = new ArrayList<>();
        for (int group : own) {
            Branch first = first(group);
            if (first != null && mayEnter(first, groupsOf(first)) && hold(first, groupsOf(first))) {
                letIn.add(first);
            }
        }
        return letIn;
    }

    private boolean mayEnter(Branch branch, int[] own) {
        for (int group : own) {
            if (holders[group] != null || first(group) != branch) {
                return false;
            }
        }
        return true;
    }

    private boolean hold(Branch branch, int[] own) {
        for (int group : own) {
            lines.get(group).remove();
            holders[group] = branch;
        }
        branch.stake = Stake.HOLDING;
        return true;
    }

    /** The first in line that still waits; null if none does. */
    private @Nullable Branch first(int group) {
        Deque<Branch> line = lines.get(group);
        while (!line.isEmpty() && line.element().stake != Stake.WAITING) {
            line.remove();
        }
        return line.peek();
    }
}
