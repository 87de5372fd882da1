package io.flotilla.run.machine;

/** The rendezvous of a run that wait: in which scope those on their way to a node meet, and how many there are. */
final class RendezvousRegistry {

    private final Plan plan;
    private final Routes routes;
    private final Branches branches;
    private final Timers timers;
    private int open;

    RendezvousRegistry(Plan plan, Branches branches, Timers timers) {
        this.plan = plan;
        this.routes = plan.routes();
        this.branches = branches;
        this.timers = timers;
    }

    int size() {
        return open;
    }

    /** The innermost scope around the branch that all paths to the node lead through; else the run. */
    Scope scopeFor(Branch branch, int node) {
        Scope scope = branch.home;
        while (scope.parent != null && (scope.closed || !routes.dominates(scope.node, node))) {
            scope = scope.parent;
        }
        return scope;
    }

    /** The rendezvous that waits at the node, in a scope; opened if there is none. */
    Rendezvous at(Scope scope, int node) {
        Rendezvous rendezvous = scope.rendezvous.get(routes.order(node));
        return rendezvous == null ? open(scope, node) : rendezvous;
    }

    private Rendezvous open(Scope scope, int node) {
        branches.watch(scope);
        int order = routes.order(node);
        Rendezvous rendezvous = new Rendezvous(
                scope,
                node,
                Rendezvous.rank(order, scope.nextInstance(node)),
                plan.joinAt(node),
                routes.reaching(node, scope.node));
        scope.rendezvous.put(order, rendezvous);
        open++;
        branches.enter(scope.parent, node);
        if (scope.occupancy != null) {
            scope.occupancy.count(rendezvous);
        }
        rendezvous.timer = timers.start(rendezvous.join.within(), rendezvous);
        return rendezvous;
    }

    /** It waits no more: it has fired, or its scope is cancelled. */
    void discard(Rendezvous rendezvous) {
        Scope scope = rendezvous.scope;
        rendezvous.open = false;
        rendezvous.timer = timers.stop(rendezvous.timer);
        scope.rendezvous.remove(routes.order(rendezvous.node));
        open--;
        branches.leave(scope.parent, rendezvous.node);
        branches.changed(scope);
    }
}
