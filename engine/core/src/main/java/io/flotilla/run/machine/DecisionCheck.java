package io.flotilla.run.machine;

import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.topology.Topology;
import org.jspecify.annotations.Nullable;

/** Whether a decision is allowed to the agent of the branch it was made on. */
final class DecisionCheck {

    private final Routes routes;
    private final Class<?> answerType;

    DecisionCheck(Plan plan) {
        this.routes = plan.routes();
        this.answerType = plan.answerType();
    }

    /** What is wrong with it; null if nothing is. {@code outermost} says that an answer would be the run's. */
    @Nullable String problem(int node, @Nullable Decision decision, boolean outermost) {
        if (decision == null) {
            return "it decided nothing";
        }
        if (decision instanceof Decision.Answer answer) {
            return outermost ? wrongType(answer.value()) : null;
        }
        if (decision instanceof Decision.HandOff handOff) {
            return wrongTarget(node, handOff.agent(), handOff.request());
        }
        if (decision instanceof Decision.FanOut fanOut) {
            return wrongFork(node, fanOut);
        }
        if (decision instanceof Decision.Ask && !routes.hasEdge(node, routes.user())) {
            return "it may not ask, it has no edge to " + Topology.USER;
        }
        return null;
    }

    private @Nullable String wrongFork(int node, Decision.FanOut fanOut) {
        if (fanOut.invocations().isEmpty()) {
            return "it forked no branch at all";
        }
        for (Invocation invocation : fanOut.invocations()) {
            String problem = wrongTarget(node, invocation.agent(), invocation.request());
            if (problem != null) {
                return problem;
            }
        }
        return null;
    }

    private @Nullable String wrongTarget(int node, String name, @Nullable Object request) {
        int target = routes.number(name);
        if (target == Routes.NONE) {
            return "there is no agent called \"" + name + "\"";
        }
        if (!routes.hasEdge(node, target)) {
            return "it has no edge to " + name;
        }
        if (target == routes.user()) {
            return "nothing is handed over to " + Topology.USER + ", who is asked a question instead";
        }
        return routes.isEnd(target) ? wrongType(request) : null;
    }

    private @Nullable String wrongType(@Nullable Object answer) {
        return answer == null || answerType.isInstance(answer)
                ? null
                : "the run's answer must be a " + answerType.getName() + ", was a "
                        + answer.getClass().getName();
    }
}
