package io.flotilla.run.machine;

import io.flotilla.agent.Usage;
import io.flotilla.run.LimitExceededException;
import io.flotilla.run.Limits;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Holds what a run does against its limits. The first limit that is exceeded ends the run. Each {@code endsBy} is true if the
 * run is over, by this limit or before.
 */
final class LimitGuard {

    private final Plan plan;
    private final Limits limits;
    private final Routes routes;
    private final RunCompletion completion;

    LimitGuard(Plan plan, RunCompletion completion) {
        this.plan = plan;
        this.limits = plan.limits();
        this.routes = plan.routes();
        this.completion = completion;
    }

    boolean isOver() {
        return completion.isFinished();
    }

    /** {@code started} steps have been started before. */
    boolean endsByStep(long started, Branch branch) {
        return endsIf(limits.maxSteps() != null && started >= limits.maxSteps(), "steps", limits.maxSteps(), branch);
    }

    /** There are {@code spawned} branches. */
    boolean endsByBranches(long spawned, Branch branch) {
        return endsIf(
                limits.maxBranches() != null && spawned > limits.maxBranches(),
                "branches",
                limits.maxBranches(),
                branch);
    }

    /** The branch forks. */
    boolean endsByFork(Branch branch) {
        return endsIf(
                limits.maxDepth() != null && branch.path.depth() >= limits.maxDepth(),
                "depth",
                limits.maxDepth(),
                branch);
    }

    /** {@code open} questions are open before; {@code branch} is null for a question of the run's own join. */
    boolean endsByQuestion(int open, @Nullable Branch branch) {
        return endsIf(
                limits.maxQuestions() != null && open >= limits.maxQuestions(),
                "questions",
                limits.maxQuestions(),
                branch);
    }

    boolean endsByUsage(Usage used, Branch branch) {
        return endsIf(
                        limits.maxTokens() != null && used.tokens() > limits.maxTokens(),
                        "tokens",
                        limits.maxTokens(),
                        branch)
                || endsIf(
                        limits.maxCost() != null && used.cost().compareTo(limits.maxCost()) > 0,
                        "cost",
                        limits.maxCost(),
                        branch);
    }

    /** The run's time is up; {@code branch} is one that is still at work, or null. */
    void endByTime(@Nullable Branch branch) {
        endsIf(true, "time", String.valueOf(limits.maxTime()), branch);
    }

    /** The branch hands on to {@code target}, or forks there. */
    boolean endsByDelegation(Branch branch, int target) {
        return completion.isOver(cycle(branch, target), branch);
    }

    private @Nullable LimitExceededException cycle(Branch branch, int target) {
        if (limits.maxDelegationCycles() == null) {
            return null;
        }
        Delegation path = plan.delegation(branch.delegation, branch.node);
        if (Delegation.count(path, target) <= limits.maxDelegationCycles()) {
            return null;
        }
        List<Integer> nodes = Delegation.nodes(path);
        List<Integer> cycle = nodes.subList(nodes.lastIndexOf(target), nodes.size());
        return new LimitExceededException(
                "delegationCycles",
                limits.maxDelegationCycles().toString(),
                where(branch) + "; cycle " + names(cycle) + " > " + routes.name(target));
    }

    private boolean endsIf(boolean exceeded, String limit, @Nullable Object value, @Nullable Branch branch) {
        return completion.isOver(
                exceeded
                        ? new LimitExceededException(limit, String.valueOf(value), branch == null ? "" : where(branch))
                        : null,
                branch);
    }

    private String where(Branch branch) {
        return " at agent " + routes.name(branch.node) + " (branch " + branch.path + "), path "
                + names(Delegation.nodes(plan.delegation(branch.delegation, branch.node)));
    }

    private String names(List<Integer> nodes) {
        return String.join(" > ", nodes.stream().map(routes::name).toList());
    }
}
