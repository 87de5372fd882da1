package io.flotilla.agent;

import io.flotilla.internal.JsonFields;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The usage of a step, a round or a run. Immutable.
 *
 * @param inputTokens tokens sent to a model; 0 or more
 * @param outputTokens tokens a model answered with; 0 or more
 * @param cost what it cost, in the one currency the application counts in; 0 or more
 * @since 0.1
 */
public record Usage(long inputTokens, long outputTokens, BigDecimal cost) {

    /** Nothing used. */
    public static final Usage NONE = new Usage(0, 0, BigDecimal.ZERO);

    /**
     * Checks the bounds.
     *
     * @param inputTokens tokens sent to a model
     * @param outputTokens tokens a model answered with
     * @param cost what it cost
     * @throws NullPointerException if {@code cost} is null
     * @throws IllegalArgumentException if a number is negative
     */
    public Usage {
        Objects.requireNonNull(cost, "cost");
        if (inputTokens < 0 || outputTokens < 0 || cost.signum() < 0) {
            throw new IllegalArgumentException("usage must not be negative, was " + inputTokens + " input tokens, "
                    + outputTokens + " output tokens, cost " + cost);
        }
    }

    /**
     * Tokens without a cost.
     *
     * @param inputTokens tokens sent
     * @param outputTokens tokens answered
     * @return the usage
     * @throws IllegalArgumentException if a number is negative
     */
    public static Usage ofTokens(long inputTokens, long outputTokens) {
        return new Usage(inputTokens, outputTokens, BigDecimal.ZERO);
    }

    /**
     * Both together.
     *
     * @param other what was used besides
     * @return the sum
     * @throws ArithmeticException if a sum of tokens does not fit a {@code long}
     */
    public Usage plus(Usage other) {
        return new Usage(
                Math.addExact(inputTokens, other.inputTokens),
                Math.addExact(outputTokens, other.outputTokens),
                cost.add(other.cost));
    }

    /**
     * Tokens in both directions.
     *
     * @return input and output tokens
     * @throws ArithmeticException if the sum does not fit a {@code long}
     */
    public long tokens() {
        return Math.addExact(inputTokens, outputTokens);
    }

    /**
     * The usage as JSON has it: the components under their names.
     *
     * @return numbers; cannot be changed
     */
    public Map<String, @Nullable Object> toMap() {
        return new JsonFields()
                .number("inputTokens", inputTokens)
                .number("outputTokens", outputTokens)
                .number("cost", cost)
                .toMap();
    }
}
