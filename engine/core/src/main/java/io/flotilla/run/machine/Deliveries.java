package io.flotilla.run.machine;

import io.flotilla.run.Outcome;
import org.jspecify.annotations.Nullable;

/** Brings the answer of a branch to the fork or the run it is for; one that comes after the join has decided is late. */
final class Deliveries {

    private final Branches branches;

    Deliveries(Branches branches) {
        this.branches = branches;
    }

    /** The branch answers a scope around it. */
    void deliver(Branch branch, Scope scope, @Nullable Object value) {
        if (scope == branches.root) {
            deliverToRun(branch, branches.name(branch), value);
            return;
        }
        boolean tooLate = scope.decided;
        if (!tooLate) {
            scope.add(new Outcome.Answered(branches.name(branch), branch.path, value));
            branches.changed(scope);
        }
        branches.answered(branch, tooLate);
    }

    /** Out of a fork it is a move to the end; outside of all of them it is the branch's answer. */
    void deliverToRun(Branch branch, String from, @Nullable Object value) {
        Scope root = branches.root;
        boolean tooLate = root.decided;
        if (!tooLate) {
            root.add(new Outcome.Answered(from, branch.path, value));
        }
        if (branch.home == root) {
            branches.answered(branch, tooLate);
        } else {
            branches.movedOn(branch, "end", tooLate);
        }
    }
}
