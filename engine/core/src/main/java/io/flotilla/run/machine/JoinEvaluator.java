package io.flotilla.run.machine;

import io.flotilla.run.Join;
import io.flotilla.run.Join.Requirement;

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
        };
    }

    private static boolean isLost(Join join, Tally tally, boolean mayGrow) {
        boolean open = mayGrow && tally.live() > 0;
        return switch (join.requirement()) {
            case ALL -> tally.failed() > 0;
            case AT_LEAST -> !open && tally.answered() + tally.live() < join.requiredCount();
            case RATIO -> !open && share(tally.answered() + tally.live(), tally) < join.requiredRatio();
            case FIRST_SUCCESS, ALL_SETTLED -> tally.live() == 0 && tally.answered() == 0;
        };
    }

    /** Divided, not multiplied: 11 of 20 are 0.55, and 0.55 times 20 is more than 11. */
    private static double share(int count, Tally tally) {
        return (double) count / tally.all();
    }

    // --- at a rendezvous

    /** Whether so many arrivals are enough while others may still come. */
    static boolean firesOnArrival(Join join, int arrived) {
        return join.requirement() == Requirement.FIRST_SUCCESS
                || (join.requirement() == Requirement.AT_LEAST && arrived >= join.requiredCount());
    }

    /** Whether so many arrivals are enough when nobody else can come. */
    static boolean isMetBy(Join join, int arrived) {
        return join.requirement() != Requirement.AT_LEAST || arrived >= join.requiredCount();
    }

    /** Whether what has arrived is enough because the time is up. */
    static boolean isMetAtDeadline(Join join) {
        return join.requirement() != Requirement.ALL && join.requirement() != Requirement.RATIO;
    }
}
