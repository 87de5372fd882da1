package io.flotilla.run.machine;

import io.flotilla.run.JoinPredicateException;
import io.flotilla.run.JoinShortfallException;
import io.flotilla.run.Outcome;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunEvent.Verdict;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/** The joins of forks: evaluates them as members settle, resumes the forking branch, closes scopes. */
final class ForkJoins {

    private final Routes routes;
    private final Branches branches;
    private final Cancellation cancellation;
    private final Shortfalls shortfalls;
    private final Timers timers;
    private final Output output;

    ForkJoins(
            Routes routes,
            Branches branches,
            Cancellation cancellation,
            Shortfalls shortfalls,
            Timers timers,
            Output output) {
        this.routes = routes;
        this.branches = branches;
        this.cancellation = cancellation;
        this.shortfalls = shortfalls;
        this.timers = timers;
        this.output = output;
    }

    /** A member of the scope has changed, or something inside of it has ended. */
    void evaluate(Scope scope) {
        if (scope.closed) {
            return;
        }
        if (!scope.decided) {
            Tally tally = scope.tally();
            JoinEvaluator.Verdict verdict = JoinEvaluator.judge(scope, tally, false);
            if (verdict != JoinEvaluator.Verdict.OPEN) {
                decide(scope, verdict == JoinEvaluator.Verdict.MET, tally);
            } else if (tally.live() == 0) {
                // Every branch has left the fork, so the forking branch ends as moved-on.
                branches.movedOn(joined(scope, Verdict.VACATED, tally), null, false);
            }
        }
        if (scope.decided && scope.isEmpty()) {
            branches.close(scope);
        }
    }

    /** The deadline of its join: members that are still live have failed it. */
    void expire(Scope scope) {
        Duration limit = scope.join.within();
        if (scope.decided || limit == null) {
            return;
        }
        Tally tally = scope.tally().expired();
        for (Branch branch = scope.firstLive(); branch != null; branch = branch.next) {
            scope.add(new Outcome.TimedOut(branches.name(branch), branch.path, limit));
        }
        for (Rendezvous rendezvous : scope.rendezvous.values()) {
            scope.add(new Outcome.TimedOut(routes.name(rendezvous.node), scope.nextPath(rendezvous.rank), limit));
        }
        decide(scope, JoinEvaluator.isMetAtDeadline(scope, tally), tally);
    }

    /** The join can no longer be met. */
    void lose(Scope scope) {
        decide(scope, false, scope.tally());
    }

    private void decide(Scope scope, boolean met, Tally tally) {
        List<Outcome> outcomes = scope.takeOutcomes();
        Branch resolver = joined(scope, met ? Verdict.MET : Verdict.UNMET, tally);
        if (met) {
            branches.join(resolver, outcomes, false);
        } else if (scope.thrown != null) {
            branches.failed(resolver, new JoinPredicateException(branches.name(resolver), resolver.path, scope.thrown));
        } else {
            JoinShortfallException why = JoinShortfallException.ofFork(
                    branches.name(resolver),
                    resolver.path,
                    scope.join,
                    outcomes,
                    tally.answered(),
                    tally.failed(),
                    tally.live());
            shortfalls.handle(resolver, scope.join, why, outcomes);
        }
    }

    /** Returns the resolver. */
    private Branch joined(Scope scope, Verdict verdict, Tally tally) {
        Branch resolver = Objects.requireNonNull(scope.resolver, "the run is not joined by a branch");
        scope.decided = true;
        scope.timer = timers.stop(scope.timer);
        output.record(new RunEvent.Joined(
                output.next(),
                output.at(),
                resolver.path,
                branches.name(resolver),
                scope.fork,
                verdict,
                tally.answered(),
                tally.failed(),
                scope.tally().live()));
        if (!scope.join.keepsStragglers()) {
            cancellation.cancelInside(scope);
        }
        branches.changed(scope);
        return resolver;
    }
}
