package io.flotilla.run.machine;

import io.flotilla.run.Join;
import io.flotilla.run.Join.Requirement;
import io.flotilla.run.JoinProgress;

/** What a {@link Join} says of a {@link Tally}, and of arrivals at a rendezvous. */
final class JoinEvaluator {

    /** What a join says of a tally. */
    enum Verdict {
        OPEN,
        MET,
        UNMET
    }

    private JoinEvaluator() {}

    /** Met whatever the live ones do; for a run, which every live branch may yet fork, nothing is lost before they end. */
    static Verdict judge(Join join, Tally tally, boolean mayGrow) {
        if (isMet(join, tally)) {
            return Verdict.MET;
        }
        boolean certain = tally.answered() + tally.failed() > 0;
        return certain && isLost(join, tally, mayGrow) ? Verdict.UNMET : Verdict.OPEN;
    }

    /** What the join of a scope says, of counts that may have changed since it was last asked. */
    static Verdict judge(Scope scope, Tally tally, boolean mayGrow) {
        if (scope.join.requirement() != Requirement.WHEN) {
            return judge(scope.join, tally, mayGrow);
        }
        if (tally.answered() + tally.failed() == 0 || tally.equals(scope.judged)) {
            return Verdict.OPEN;
        }
        scope.judged = tally;
        return ask(scope, tally);
    }

    /** Whether the join of a scope is met at its deadline. */
    static boolean isMetAtDeadline(Scope scope, Tally expired) {
        return scope.join.requirement() == Requirement.WHEN
                ? ask(scope, expired) == Verdict.MET
                : isMet(scope.join, expired);
    }

    private static Verdict ask(Scope scope, Tally tally) {
        JoinPredicate asked = JoinPredicate.ask(
                scope.join,
                JoinProgress.of(
                        tally.answered(), tally.failed(), tally.live(), tally.live() == 0, scope.outcomesSoFar()));
        scope.thrown = asked.thrown();
        return asked.verdict();
    }

    /** Whether so many branches can never be enough, provided that none of them may move on. */
    static boolean isLostFromTheStart(Join join, int branches) {
        return join.requirement() == Requirement.AT_LEAST && branches < join.requiredCount();
    }

    static boolean isMet(Join join, Tally tally) {
        return switch (join.requirement()) {
            case ALL -> tally.live() == 0 && tally.failed() == 0 && tally.answered() > 0;
            case AT_LEAST -> tally.answered() >= join.requiredCount();
            case RATIO ->
                tally.answered() + tally.failed() > 0 && share(tally.answered(), tally) >= join.requiredRatio();
            case FIRST_SUCCESS -> tally.answered() > 0;
            case ALL_SETTLED -> tally.live() == 0 && tally.answered() > 0;
            case WHEN -> false; // its predicate decides
        };
    }

    private static boolean isLost(Join join, Tally tally, boolean mayGrow) {
        boolean open = mayGrow && tally.live() > 0;
        return switch (join.requirement()) {
            case ALL -> tally.failed() > 0;
            case AT_LEAST -> !open && tally.answered() + tally.live() < join.requiredCount();
            case RATIO -> !open && share(tally.answered() + tally.live(), tally) < join.requiredRatio();
            case FIRST_SUCCESS, ALL_SETTLED -> tally.live() == 0 && tally.answered() == 0;
            case WHEN -> false;
        };
    }

    /** Divided, not multiplied: 11 of 20 are 0.55, and 0.55 times 20 is more than 11. */
    private static double share(int count, Tally tally) {
        return (double) count / tally.all();
    }

    // --- at a rendezvous

    /** What those who have arrived are, while others may still come. */
    static Verdict judgeArrival(Rendezvous rendezvous) {
        Join join = rendezvous.join;
        return switch (join.requirement()) {
            case FIRST_SUCCESS -> Verdict.MET;
            case AT_LEAST -> rendezvous.arrived() >= join.requiredCount() ? Verdict.MET : Verdict.OPEN;
            case WHEN -> ask(rendezvous, false);
            default -> Verdict.OPEN;
        };
    }

    /** Whether those who have arrived are enough when nobody else can come. */
    static boolean isMetWhenComplete(Rendezvous rendezvous) {
        Join join = rendezvous.join;
        return switch (join.requirement()) {
            case AT_LEAST -> rendezvous.arrived() >= join.requiredCount();
            case WHEN -> ask(rendezvous, true) == Verdict.MET;
            default -> true;
        };
    }

    /** Whether those who have arrived are enough because the time is up. */
    static boolean isMetAtDeadline(Rendezvous rendezvous) {
        return switch (rendezvous.join.requirement()) {
            case ALL, RATIO -> false;
            case WHEN -> ask(rendezvous, true) == Verdict.MET;
            default -> true;
        };
    }

    private static Verdict ask(Rendezvous rendezvous, boolean complete) {
        JoinPredicate asked = JoinPredicate.ask(
                rendezvous.join, JoinProgress.of(rendezvous.arrived(), 0, 0, complete, rendezvous.outcomesSoFar()));
        rendezvous.thrown = asked.thrown();
        return asked.verdict();
    }
}
