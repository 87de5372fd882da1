package io.flotilla.run.machine;

import io.flotilla.run.Arrival;
import io.flotilla.run.JoinPredicateException;
import io.flotilla.run.JoinShortfallException;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunEvent.Verdict;
import io.flotilla.run.Turn;
import java.util.List;

/** Brings branches to rendezvous, and fires these. */
final class Arrivals {

    private final Routes routes;
    private final Branches branches;
    private final RendezvousRegistry rendezvousRegistry;
    private final LimitGuard limits;
    private final Shortfalls shortfalls;
    private final Output output;

    Arrivals(
            Routes routes,
            Branches branches,
            RendezvousRegistry rendezvousRegistry,
            LimitGuard limits,
            Shortfalls shortfalls,
            Output output) {
        this.routes = routes;
        this.branches = branches;
        this.rendezvousRegistry = rendezvousRegistry;
        this.limits = limits;
        this.shortfalls = shortfalls;
        this.output = output;
    }

    /** The branch ends here, at the rendezvous; {@code delegation} is who handed on to it. */
    void arrive(Branch branch, int node, Arrival arrival, Delegation delegation) {
        String name = routes.name(node);
        Scope scope = rendezvousRegistry.scopeFor(branch, node);
        Long firedEarly = scope.firedEarly.get(node);
        if (firedEarly != null && branch.spawnIndex < firedEarly) {
            branches.movedOn(branch, name, true);
            return;
        }
        Rendezvous rendezvous = rendezvousRegistry.at(scope, node);
        rendezvous.add(arrival, delegation);
        branches.movedOn(branch, name, false);
        JoinEvaluator.Verdict verdict = JoinEvaluator.judgeArrival(rendezvous);
        if (verdict == JoinEvaluator.Verdict.OPEN) {
            branches.arrived(rendezvous);
        } else {
            fire(rendezvous, verdict == JoinEvaluator.Verdict.MET, true);
        }
    }

    /** No other branch can come before it has fired. */
    void fireComplete(Rendezvous rendezvous) {
        fire(rendezvous, JoinEvaluator.isMetWhenComplete(rendezvous), false);
    }

    /** Its deadline has passed. */
    void expire(Rendezvous rendezvous) {
        if (rendezvous.open) {
            fire(rendezvous, JoinEvaluator.isMetAtDeadline(rendezvous), true);
        }
    }

    private void fire(Rendezvous rendezvous, boolean met, boolean early) {
        Scope scope = rendezvous.scope;
        if (early) {
            scope.firedEarly.put(rendezvous.node, branches.spawned());
        }
        List<Arrival> arrivals = rendezvous.arrivals();
        Branch branch = branches.spawn(
                rendezvous,
                Turn.arrived(arrivals, routes.successorNames(rendezvous.node), !met),
                rendezvous.delegation());
        rendezvousRegistry.discard(rendezvous);
        if (limits.endsByBranches(branches.spawned(), branch)) {
            return;
        }
        output.record(new RunEvent.RendezvousFired(
                output.next(),
                output.at(),
                branch.path,
                branches.name(branch),
                met ? Verdict.MET : Verdict.UNMET,
                arrivals.size()));
        if (met) {
            branches.ready(branch);
        } else if (rendezvous.thrown != null) {
            branches.failed(branch, new JoinPredicateException(branches.name(branch), branch.path, rendezvous.thrown));
        } else {
            shortfalls.handle(
                    branch,
                    rendezvous.join,
                    JoinShortfallException.ofRendezvous(
                            branches.name(branch), branch.path, rendezvous.join, arrivals.size(), early),
                    null);
        }
    }
}
