package io.flotilla.run.machine;

import io.flotilla.agent.Usage;
import io.flotilla.run.LimitExceededException;
import io.flotilla.run.Limits;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Holds what a run does against its limits. Each method returns null, or what the run ends with. */
final class LimitGuard {

    private final Plan plan;
    private final Limits limits;
    private final Routes routes;

    LimitGuard(Plan plan) {
        this.plan = plan;
        this.limits = plan.limits();
        this.routes = plan.routes();
    }

    /** {@code started} steps have been started before. */
    @Nullable LimitExceededException step(long started, Branch branch) {
        return limits.maxSteps() != null && started >= limits.maxSteps()
                ? exceeded("steps", limits.maxSteps(), branch)
                : null;
    }

    /** {@code births} branches there are. */
    @Nullable LimitExceededException branches(long spawned, Branch branch) {
        return limits.maxBranches() != null && spawned > limits.maxBranches()
                ? exceeded("branches", limits.maxBranches(), branch)
                : null;
    }

    /** The branch forks. */
    @Nullable LimitExceededException fork(Branch branch) {
        return limits.maxDepth() != null && branch.path.depth() >= limits.maxDepth()
                ? exceeded("depth", limits.maxDepth(), branch)
                : null;
    }

    /** {@code open} questions are open before; {@code branch} is null for a question of the run's own join. */
    @Nullable LimitExceededException question(int open, @Nullable Branch branch) {
        return limits.maxQuestions() != null && open >= limits.maxQuestions()
                ? exceeded("questions", limits.maxQuestions(), branch)
                : null;
    }

    @Nullable LimitExceededException usage(Usage used, Branch branch) {
        if (limits.maxTokens() != null && used.tokens() > limits.maxTokens()) {
            return exceeded("tokens", limits.maxTokens(), branch);
        }
        return limits.maxCost() != null && used.cost().compareTo(limits.maxCost()) > 0
                ? exceeded("cost", limits.maxCost(), branch)
                : null;
    }

    /** The run's time is up; {@code branch} is one that is still at work, or null. */
    LimitExceededException time(@Nullable Branch branch) {
        return exceeded("time", String.valueOf(limits.maxTime()), branch);
    }

    /** The branch hands on to {@code target}, or forks there. */
    @Nullable LimitExceededException delegation(Branch branch, int target) {
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

    private LimitExceededException exceeded(String limit, Object value, @Nullable Branch branch) {
        return new LimitExceededException(limit, value.toString(), branch == null ? "" : where(branch));
    }

    private String where(Branch branch) {
        return " at agent " + routes.name(branch.node) + " (branch " + branch.path + "), path "
                + names(Delegation.nodes(plan.delegation(branch.delegation, branch.node)));
    }

    private String names(List<Integer> nodes) {
        return String.join(" > ", nodes.stream().map(routes::name).toList());
    }
}
