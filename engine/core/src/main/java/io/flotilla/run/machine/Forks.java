package io.flotilla.run.machine;

import io.flotilla.run.Arrival;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.JoinShortfallException;
import io.flotilla.run.Outcome;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunEvent.Verdict;
import io.flotilla.run.Turn;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The forks of a run: opens scopes, joins them, and cancels what is inside. */
final class Forks {

    private final RunMachine run;

    Forks(RunMachine run) {
        this.run = run;
    }

    void open(Branch branch, List<Invocation> invocations) {
        LimitGuard limits = run.limits;
        if (run.isOver(limits.fork(branch), branch)
                || run.isOver(limits.branches(run.branches.spawned() + invocations.size(), branch), branch)) {
            return;
        }
        Scope scope = new Scope(branch, run.plan.joinAt(branch.node));
        run.branches.awaitJoin(branch);
        String from = run.branches.name(branch);
        run.recorder.record(new RunEvent.Forked(
                run.recorder.next(), run.recorder.at(), branch.path, from, scope.fork, invocations.size()));
        scope.timer = run.timers.start(scope.join.within(), scope);
        Delegation delegation = run.plan.delegation(branch.delegation, branch.node);
        boolean hopeful = !JoinEvaluator.isLostFromTheStart(scope.join, invocations.size());
        List<Branch> children = new ArrayList<>(invocations.size());
        for (Invocation invocation : invocations) {
            int node = run.routes.number(invocation.agent());
            if (run.isOver(limits.delegation(branch, node), branch)) {
                return;
            }
            hopeful = hopeful || run.routes.mayMoveOn(node, branch.node, branch.home::isAt);
            Turn turn = Turn.requested(invocation.request(), from, run.routes.successorNames(node));
            children.add(run.branches.spawn(scope, node, turn, delegation));
        }
        for (Branch child : children) { // all are born before the first of them arrives anywhere
            send(child, from, delegation);
            if (run.completion.isFinished()) {
                return;
            }
        }
        if (hopeful) {
            run.branches.changed(scope);
        } else {
            decide(scope, false, scope.tally());
        }
    }

    private void send(Branch child, String from, Delegation delegation) {
        Object request = child.turn.input();
        if (run.routes.isEnd(child.node)) {
            run.deliverToRun(child, from, request);
        } else if (run.routes.isRendezvous(child.node)) {
            run.rendezvousRegistry.arrive(child, child.node, new Arrival(from, child.path, request), delegation);
        } else {
            run.branches.ready(child);
        }
    }

    /** A member of the scope has changed, or something inside of it has ended. */
    void evaluate(Scope scope) {
        if (scope.closed) {
            return;
        }
        if (!scope.decided) {
            Tally tally = scope.tally();
            JoinEvaluator.Verdict verdict = JoinEvaluator.judge(scope.join, tally, false);
            if (verdict != JoinEvaluator.Verdict.OPEN) {
                decide(scope, verdict == JoinEvaluator.Verdict.MET, tally);
            } else if (tally.live() == 0) {
                // Everybody has gone out of the fork; so has the one who forked.
                run.branches.movedOn(joined(scope, Verdict.VACATED, tally), null, false);
            }
        }
        if (scope.decided && scope.isEmpty()) {
            run.branches.close(scope);
        }
    }

    /** The deadline of its join: whoever is still live has failed it. */
    void expire(Scope scope) {
        Duration limit = scope.join.within();
        if (scope.decided || limit == null) {
            return;
        }
        Tally tally = scope.tally().expired();
        for (Branch branch = scope.firstLive(); branch != null; branch = branch.next) {
            scope.add(new Outcome.TimedOut(run.branches.name(branch), branch.path, limit));
        }
        for (Rendezvous rendezvous : scope.rendezvous.values()) {
            scope.add(new Outcome.TimedOut(run.routes.name(rendezvous.node), scope.nextPath(rendezvous.rank), limit));
        }
        decide(scope, JoinEvaluator.isMet(scope.join, tally), tally);
    }

    private void decide(Scope scope, boolean met, Tally tally) {
        List<Outcome> outcomes = scope.takeOutcomes();
        Branch resolver = joined(scope, met ? Verdict.MET : Verdict.UNMET, tally);
        if (met) {
            advance(resolver, outcomes, false);
        } else {
            JoinShortfallException why = JoinShortfallException.ofFork(
                    run.branches.name(resolver),
                    resolver.path,
                    scope.join,
                    outcomes,
                    tally.answered(),
                    tally.failed(),
                    tally.live());
            handleShortfall(resolver, scope.join, why, outcomes);
        }
    }

    /** Returns the resolver. */
    private Branch joined(Scope scope, Verdict verdict, Tally tally) {
        Branch resolver = Objects.requireNonNull(scope.resolver, "the run is not joined by a branch");
        scope.decided = true;
        scope.timer = run.timers.stop(scope.timer);
        run.recorder.record(new RunEvent.Joined(
                run.recorder.next(),
                run.recorder.at(),
                resolver.path,
                run.branches.name(resolver),
                scope.fork,
                verdict,
                tally.answered(),
                tally.failed(),
                scope.tally().live()));
        if (!scope.join.keepsStragglers()) {
            cancelInside(scope);
        }
        run.branches.changed(scope);
        return resolver;
    }

    /** {@code outcomes} is null at a rendezvous, which has its arrivals. */
    void proceed(Branch branch, @Nullable List<Outcome> outcomes) {
        advance(branch, outcomes, true);
    }

    private void advance(Branch branch, @Nullable List<Outcome> outcomes, boolean joinUnmet) {
        if (outcomes != null) {
            branch.turn = branch.turn.thenJoined(outcomes, joinUnmet);
        }
        run.branches.ready(branch);
    }

    /** {@code outcomes} is null at a rendezvous. */
    void handleShortfall(Branch branch, Join join, JoinShortfallException why, @Nullable List<Outcome> outcomes) {
        switch (join.shortfall()) {
            case FAIL -> run.branches.failed(branch, why);
            case PROCEED -> proceed(branch, outcomes);
            case ASK -> run.questions.askJoin(branch, why, outcomes);
        }
    }

    /**
     * Cancels whatever lives inside a scope, at any depth. Those that were born last go first: steps that wait for a place in
     * a guard of the user's are gone before one of those they wait for makes room.
     */
    void cancelInside(Scope scope) {
        Deque<Scope> inside = new ArrayDeque<>(List.of(scope));
        while (!inside.isEmpty()) {
            Scope at = inside.remove();
            for (Branch branch = at.lastLive(); branch != null; branch = at.lastLive()) {
                cancel(branch);
            }
            List.copyOf(at.rendezvous.values()).forEach(run.rendezvousRegistry::discard);
            for (Scope inner = at.firstInner(); inner != null; inner = at.firstInner()) {
                inside.add(inner);
                inner.timer = run.timers.stop(inner.timer);
                run.branches.close(inner);
            }
        }
    }

    private void cancel(Branch branch) {
        if (branch.questionEntry != null) {
            run.questions.withdraw(branch.questionEntry);
        }
        if (run.branches.cancelled(branch)) {
            run.effects.add(new Effect.CancelStep(branch.step));
        }
    }
}
