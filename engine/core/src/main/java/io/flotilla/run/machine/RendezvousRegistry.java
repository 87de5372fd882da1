package io.flotilla.run.machine;

import io.flotilla.run.Arrival;
import io.flotilla.run.JoinShortfallException;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunEvent.Verdict;
import io.flotilla.run.Turn;
import java.util.List;

/** The rendezvous of a run that wait: who comes to them, and when they fire. */
final class RendezvousRegistry {

    private final RunMachine run;
    private int open;

    RendezvousRegistry(RunMachine run) {
        this.run = run;
    }

    int size() {
        return open;
    }

    /** The branch ends here, at the rendezvous; {@code delegation} is who handed on to it. */
    void arrive(Branch branch, int node, Arrival arrival, Delegation delegation) {
        String name = run.routes.name(node);
        Scope scope = scopeFor(branch, node);
        Long firedEarly = scope.firedEarly.get(node);
        if (firedEarly != null && branch.spawnIndex < firedEarly) {
            run.branches.movedOn(branch, name, true);
            return;
        }
        Rendezvous rendezvous = scope.rendezvous.get(run.routes.order(node));
        if (rendezvous == null) {
            rendezvous = open(scope, node);
        }
        rendezvous.add(arrival, delegation);
        run.branches.movedOn(branch, name, false);
        if (JoinEvaluator.firesOnArrival(rendezvous.join, rendezvous.arrived())) {
            fire(rendezvous, true, true);
        } else {
            run.branches.arrived(rendezvous);
        }
    }

    /** The innermost scope around the branch that everybody on the way to the node has to come through; else the run. */
    private Scope scopeFor(Branch branch, int node) {
        Scope scope = branch.home;
        while (scope.parent != null && (scope.closed || !run.routes.dominates(scope.node, node))) {
            scope = scope.parent;
        }
        return scope;
    }

    private Rendezvous open(Scope scope, int node) {
        run.branches.watch(scope);
        int order = run.routes.order(node);
        Rendezvous rendezvous = new Rendezvous(
                scope,
                node,
                Rendezvous.rank(order, scope.nextInstance(node)),
                run.plan.joinAt(node),
                run.routes.reaching(node, scope.node));
        scope.rendezvous.put(order, rendezvous);
        open++;
        run.branches.enter(scope.parent, node);
        if (scope.occupancy != null) {
            scope.occupancy.count(rendezvous);
        }
        rendezvous.timer = run.timers.start(rendezvous.join.within(), rendezvous);
        return rendezvous;
    }

    /** Nobody else can come before it has fired. */
    void fireComplete(Rendezvous rendezvous) {
        fire(rendezvous, JoinEvaluator.isMetBy(rendezvous.join, rendezvous.arrived()), false);
    }

    /** Its deadline has passed. */
    void expire(Rendezvous rendezvous) {
        if (rendezvous.open) {
            fire(rendezvous, JoinEvaluator.isMetAtDeadline(rendezvous.join), true);
        }
    }

    private void fire(Rendezvous rendezvous, boolean met, boolean early) {
        Scope scope = rendezvous.scope;
        if (early) {
            scope.firedEarly.put(rendezvous.node, run.branches.spawned());
        }
        List<Arrival> arrivals = rendezvous.arrivals();
        Branch branch = run.branches.spawn(
                rendezvous,
                Turn.arrived(arrivals, run.routes.successorNames(rendezvous.node), !met),
                rendezvous.delegation());
        discard(rendezvous);
        if (run.isOver(run.limits.branches(run.branches.spawned(), branch), branch)) {
            return;
        }
        run.recorder.record(new RunEvent.RendezvousFired(
                run.recorder.next(),
                run.recorder.at(),
                branch.path,
                run.branches.name(branch),
                met ? Verdict.MET : Verdict.UNMET,
                arrivals.size()));
        if (met) {
            run.branches.ready(branch);
        } else {
            run.forks.handleShortfall(
                    branch,
                    rendezvous.join,
                    JoinShortfallException.ofRendezvous(
                            run.branches.name(branch), branch.path, rendezvous.join, arrivals.size(), early),
                    null);
        }
    }

    /** It waits no more: it has fired, or its scope is cancelled. */
    void discard(Rendezvous rendezvous) {
        Scope scope = rendezvous.scope;
        rendezvous.open = false;
        rendezvous.timer = run.timers.stop(rendezvous.timer);
        scope.rendezvous.remove(run.routes.order(rendezvous.node));
        open--;
        run.branches.leave(scope.parent, rendezvous.node);
        run.branches.changed(scope);
    }
}
