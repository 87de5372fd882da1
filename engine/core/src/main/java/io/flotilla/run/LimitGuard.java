package io.flotilla.run;

import io.flotilla.agent.Usage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Holds what a run does against its limits. Each method returns null, or what the run ends with. */
final class LimitGuard {

    private final Plan plan;
    private final Limits.Chain limits;
    private final Routes routes;

    LimitGuard(Plan plan) {
        this.plan = plan;
        this.limits = plan.limits();
        this.routes = plan.routes();
    }

    /** {@code started} steps have been started before. */
    @Nullable LimitExceededException step(long started, Branch branch) {
        return limits.steps != null && started >= limits.steps ? exceeded("steps", limits.steps, branch) : null;
    }

    /** {@code births} branches there are. */
    @Nullable LimitExceededException branches(long spawned, Branch branch) {
        return limits.branches != null && spawned > limits.branches
                ? exceeded("branches", limits.branches, branch)
                : null;
    }

    /** The branch forks. */
    @Nullable LimitExceededException fork(Branch branch) {
        return limits.depth != null && branch.path.depth() >= limits.depth
                ? exceeded("depth", limits.depth, branch)
                : null;
    }

    /** {@code open} questions are open before; {@code branch} is null for a question of the run's own join. */
    @Nullable LimitExceededException question(int open, @Nullable Branch branch) {
        return limits.questions != null && open >= limits.questions
                ? exceeded("questions", limits.questions, branch)
                : null;
    }

    @Nullable LimitExceededException usage(Usage used, Branch branch) {
        if (limits.tokens != null && used.tokens() > limits.tokens) {
            return exceeded("tokens", limits.tokens, branch);
        }
        return limits.cost != null && used.cost().compareTo(limits.cost) > 0
                ? exceeded("cost", limits.cost, branch)
                : null;
    }

    /** The run's time is up; {@code branch} is one that is still at work, or null. */
    LimitExceededException time(@Nullable Branch branch) {
        return exceeded("time", String.valueOf(limits.time), branch);
    }

    /** The branch hands on to {@code target}, or forks there. */
    @Nullable LimitExceededException delegation(Branch branch, int target) {
        if (limits.delegationCycles == null) {
            return null;
        }
        Delegation path = plan.delegation(branch.delegation, branch.node);
        if (Delegation.count(path, target) <= limits.delegationCycles) {
            return null;
        }
        List<Integer> nodes = Delegation.nodes(path);
        List<Integer> cycle = nodes.subList(nodes.lastIndexOf(target), nodes.size());
        return new LimitExceededException(
                "delegationCycles",
                limits.delegationCycles.toString(),
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
