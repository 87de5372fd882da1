package io.flotilla.run.machine;

import io.flotilla.run.Limits;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Limits of one run, in words of the format and as the stricter of two. */
final class OwnLimits {

    private OwnLimits() {}

    /** What {@link PlanOutline#outline(Limits)} has said. */
    static Limits of(Map<String, String> words) {
        Limits.Chain limits = Limits.none();
        for (Map.Entry<String, String> word : words.entrySet()) {
            limits = with(limits, word.getKey(), word.getValue());
        }
        return limits;
    }

    private static Limits.Chain with(Limits.Chain limits, String name, String value) {
        return switch (name) {
            case "steps" -> limits.steps(Long.parseLong(value));
            case "time" -> limits.time(Duration.parse(value));
            case "tokens" -> limits.tokens(Long.parseLong(value));
            case "cost" -> limits.cost(new BigDecimal(value));
            case "branches" -> limits.branches(Long.parseLong(value));
            case "depth" -> limits.depth(Integer.parseInt(value));
            case "questions" -> limits.questions(Integer.parseInt(value));
            case "delegationCycles" -> limits.delegationCycles(Integer.parseInt(value));
            default -> throw new IllegalArgumentException("there is no limit " + name);
        };
    }

    /** Of each limit the lower one. */
    static Limits stricter(Limits one, Limits other) {
        Limits.Chain limits = Limits.none();
        Long steps = least(one.maxSteps(), other.maxSteps());
        limits = steps == null ? limits : limits.steps(steps);
        Duration time = least(one.maxTime(), other.maxTime());
        limits = time == null ? limits : limits.time(time);
        Long tokens = least(one.maxTokens(), other.maxTokens());
        limits = tokens == null ? limits : limits.tokens(tokens);
        BigDecimal cost = least(one.maxCost(), other.maxCost());
        limits = cost == null ? limits : limits.cost(cost);
        Long branches = least(one.maxBranches(), other.maxBranches());
        limits = branches == null ? limits : limits.branches(branches);
        Integer depth = least(one.maxDepth(), other.maxDepth());
        limits = depth == null ? limits : limits.depth(depth);
        Integer questions = least(one.maxQuestions(), other.maxQuestions());
        limits = questions == null ? limits : limits.questions(questions);
        Integer cycles = least(one.maxDelegationCycles(), other.maxDelegationCycles());
        return cycles == null ? limits : limits.delegationCycles(cycles);
    }

    private static <T extends Comparable<T>> @Nullable T least(@Nullable T one, @Nullable T other) {
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        return one.compareTo(other) <= 0 ? one : other;
    }
}
