package io.flotilla.run.machine;

import io.flotilla.run.Arrival;
import io.flotilla.run.Invocation;
import io.flotilla.run.RunEvent;
import io.flotilla.run.Turn;
import java.util.ArrayList;
import java.util.List;

/** Opens forks: a scope, its members, and where each of them goes first. */
final class Forks {

    private final Plan plan;
    private final Routes routes;
    private final Branches branches;
    private final LimitGuard limits;
    private final ForkJoins joins;
    private final Arrivals arrivals;
    private final Deliveries deliveries;
    private final Timers timers;
    private final Output output;

    Forks(
            Plan plan,
            Branches branches,
            LimitGuard limits,
            ForkJoins joins,
            Arrivals arrivals,
            Deliveries deliveries,
            Timers timers,
            Output output) {
        this.plan = plan;
        this.routes = plan.routes();
        this.branches = branches;
        this.limits = limits;
        this.joins = joins;
        this.arrivals = arrivals;
        this.deliveries = deliveries;
        this.timers = timers;
        this.output = output;
    }

    void open(Branch branch, List<Invocation> invocations) {
        if (limits.endsByFork(branch) || limits.endsByBranches(branches.spawned() + invocations.size(), branch)) {
            return;
        }
        Scope scope = new Scope(branch, plan.joinAt(branch.node));
        branches.awaitJoin(branch);
        String from = branches.name(branch);
        output.record(
                new RunEvent.Forked(output.next(), output.at(), branch.path, from, scope.fork, invocations.size()));
        scope.timer = timers.start(scope.join.within(), scope);
        Delegation delegation = plan.delegation(branch.delegation, branch.node);
        boolean hopeful = !JoinEvaluator.isLostFromTheStart(scope.join, invocations.size());
        List<Branch> children = new ArrayList<>(invocations.size());
        for (Invocation invocation : invocations) {
            int node = routes.number(invocation.agent());
            if (limits.endsByDelegation(branch, node)) {
                return;
            }
            hopeful = hopeful || routes.mayMoveOn(node, branch.node, branch.home::isAt);
            Turn turn = Turn.requested(invocation.request(), from, routes.successorNames(node));
            children.add(branches.spawn(scope, node, turn, delegation));
        }
        for (Branch child : children) { // all are spawned before the first of them arrives anywhere
            send(child, from, delegation);
            if (limits.isOver()) {
                return;
            }
        }
        if (hopeful) {
            branches.changed(scope);
        } else {
            joins.lose(scope);
        }
    }

    private void send(Branch child, String from, Delegation delegation) {
        Object request = child.turn.input();
        if (routes.isEnd(child.node)) {
            deliveries.deliverToRun(child, from, request);
        } else if (routes.isRendezvous(child.node)) {
            arrivals.arrive(child, child.node, new Arrival(from, child.path, request), delegation);
        } else {
            branches.ready(child);
        }
    }
}
