package io.flotilla.run.machine;

import io.flotilla.agent.Usage;
import io.flotilla.run.BranchPath;
import io.flotilla.run.LimitExceededException;
import io.flotilla.run.Limits;
import java.math.BigDecimal;
import java.time.Duration;

/**
 * What a run has left of its limits, for a run that is nested in it.
 *
 * @since 0.1
 */
public final class LimitsLeft {

    private LimitsLeft() {}

    /**
     * What is left: of steps, time, tokens, cost and depth what has not been used; the bounds of branches, questions and
     * delegation cycles as they are.
     *
     * @param machine the machine of the run
     * @param branch the branch that starts the nested run
     * @param used what the run has used
     * @param elapsed how long it has been going on
     * @return what is left
     * @throws LimitExceededException if nothing is left of one of them
     */
    public static Limits of(RunMachine machine, BranchPath branch, Usage used, Duration elapsed) {
        Limits all = machine.plan().limits();
        Limits.Chain left = Limits.none();
        if (all.maxSteps() != null) {
            left = left.steps(positive("steps", all.maxSteps(), all.maxSteps() - machine.steps()));
        }
        if (all.maxTokens() != null) {
            left = left.tokens(positive("tokens", all.maxTokens(), all.maxTokens() - used.tokens()));
        }
        if (all.maxCost() != null) {
            BigDecimal cost = all.maxCost().subtract(used.cost());
            positive("cost", all.maxCost(), cost.signum());
            left = left.cost(cost);
        }
        if (all.maxTime() != null) {
            Duration time = all.maxTime().minus(elapsed);
            positive("time", all.maxTime(), time.isNegative() || time.isZero() ? 0 : 1);
            left = left.time(time);
        }
        if (all.maxDepth() != null) {
            left = left.depth(Math.max(0, all.maxDepth() - branch.depth()));
        }
        if (all.maxBranches() != null) {
            left = left.branches(all.maxBranches());
        }
        if (all.maxQuestions() != null) {
            left = left.questions(all.maxQuestions());
        }
        return all.maxDelegationCycles() == null ? left : left.delegationCycles(all.maxDelegationCycles());
    }

    private static long positive(String limit, Object value, long left) {
        if (left <= 0) {
            throw new LimitExceededException(limit, value.toString(), ", nothing is left for a nested run");
        }
        return left;
    }
}
