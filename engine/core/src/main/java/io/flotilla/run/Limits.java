package io.flotilla.run;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.EnumMap;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * What a whole run may use. A run that exceeds a limit ends with {@link LimitExceededException}: what is in flight is
 * cancelled, and not one step more is started.
 *
 * <p>Start with any of them and chain others: {@code Limits.steps(200).time(Duration.ofMinutes(3)).tokens(100_000)}. What is
 * not set is not limited. Immutable.
 *
 * @since 0.1
 */
public sealed interface Limits permits Limits.Chain {

    /**
     * No limits.
     *
     * @return limits that nothing exceeds
     */
    static Chain none() {
        return Chain.NONE;
    }

    /**
     * How many turns agents are given, corrections and repeated turns included, attempts not. A turn counts as soon as it
     * comes, also while its step waits for a place: the limit does not depend on the engine's concurrency.
     *
     * @param steps the most; 1 or more
     * @return limits with this one
     * @throws IllegalArgumentException if {@code steps} is outside its bounds
     */
    static Chain steps(long steps) {
        return none().steps(steps);
    }

    /**
     * How long the run may take, pauses and questions included. Every step sees it in its deadline.
     *
     * @param time the most; more than zero, at most 292 years
     * @return limits with this one
     * @throws NullPointerException if {@code time} is null
     * @throws IllegalArgumentException if {@code time} is outside its bounds
     */
    static Chain time(Duration time) {
        return none().time(time);
    }

    /**
     * How many tokens, in both directions, the steps may record in their usage. Looked at when a step ends, so what is in
     * flight then may go beyond.
     *
     * @param tokens the most; 1 or more
     * @return limits with this one
     * @throws IllegalArgumentException if {@code tokens} is outside its bounds
     */
    static Chain tokens(long tokens) {
        return none().tokens(tokens);
    }

    /**
     * How much cost the steps may record in their usage; looked at as tokens are.
     *
     * @param cost the most; more than zero
     * @return limits with this one
     * @throws NullPointerException if {@code cost} is null
     * @throws IllegalArgumentException if {@code cost} is outside its bounds
     */
    static Chain cost(BigDecimal cost) {
        return none().cost(cost);
    }

    /**
     * How many branches are started, the first one and those of rendezvous included.
     *
     * @param branches the most; 1 or more
     * @return limits with this one
     * @throws IllegalArgumentException if {@code branches} is outside its bounds
     */
    static Chain branches(long branches) {
        return none().branches(branches);
    }

    /**
     * How deep forks are nested: the branch a run starts with has depth 0, its forks' branches 1. A hand-off does not count.
     *
     * @param depth the most; 0 or more, 0 for no forks
     * @return limits with this one
     * @throws IllegalArgumentException if {@code depth} is outside its bounds
     */
    static Chain depth(int depth) {
        return none().depth(depth);
    }

    /**
     * How many questions are open at the same time.
     *
     * @param questions the most; 0 or more, 0 for none
     * @return limits with this one
     * @throws IllegalArgumentException if {@code questions} is outside its bounds
     */
    static Chain questions(int questions) {
        return none().questions(questions);
    }

    /**
     * How often the work may come back to an agent that had it before on the same path, by hand-off or fork; a return to
     * the agent that forked is none. The failure spells the cycle out. Off unless set.
     *
     * @param delegationCycles the most; 0 or more, 0 for never
     * @return limits with this one
     * @throws IllegalArgumentException if {@code delegationCycles} is outside its bounds
     */
    static Chain delegationCycles(int delegationCycles) {
        return none().delegationCycles(delegationCycles);
    }

    /**
     * The limit of {@link #steps turns}.
     *
     * @return the most; null without this limit
     */
    @Nullable Long maxSteps();

    /**
     * The limit of {@link #time time}.
     *
     * @return the most; null without this limit
     */
    @Nullable Duration maxTime();

    /**
     * The limit of {@link #tokens tokens}.
     *
     * @return the most; null without this limit
     */
    @Nullable Long maxTokens();

    /**
     * The limit of {@link #cost cost}.
     *
     * @return the most; null without this limit
     */
    @Nullable BigDecimal maxCost();

    /**
     * The limit of {@link #branches branches}.
     *
     * @return the most; null without this limit
     */
    @Nullable Long maxBranches();

    /**
     * The limit of {@link #depth depth}.
     *
     * @return the most; null without this limit
     */
    @Nullable Integer maxDepth();

    /**
     * The limit of open {@link #questions questions}.
     *
     * @return the most; null without this limit
     */
    @Nullable Integer maxQuestions();

    /**
     * The limit of {@link #delegationCycles delegation cycles}.
     *
     * @return the most; null without this limit
     */
    @Nullable Integer maxDelegationCycles();

    /** Limits that others can be added to; the last of each counts. Immutable. */
    final class Chain implements Limits {

        private static final Chain NONE = new Chain(new EnumMap<>(Limit.class));

        /** In the order in which they are told. */
        private enum Limit {
            STEPS("steps"),
            TIME("time"),
            TOKENS("tokens"),
            COST("cost"),
            BRANCHES("branches"),
            DEPTH("depth"),
            QUESTIONS("questions"),
            DELEGATION_CYCLES("delegationCycles");

            private final String word;

            Limit(String word) {
                this.word = word;
            }
        }

        /** What each may be at most, if it is limited; is not changed. */
        private final EnumMap<Limit, Object> most;

        private Chain(EnumMap<Limit, Object> most) {
            this.most = most;
        }

        private Chain with(Limit limit, Object value) {
            EnumMap<Limit, Object> more = most.clone();
            more.put(limit, value);
            return new Chain(more);
        }

        /**
         * How many turns agents are given, corrections and repeated turns included, attempts not. A turn counts as soon as it
         * comes, also while its step waits for a place: the limit does not depend on the engine's concurrency.
         *
         * @param steps the most; 1 or more
         * @return limits with this one
         * @throws IllegalArgumentException if {@code steps} is outside its bounds
         */
        public Chain steps(long steps) {
            return with(Limit.STEPS, Bounds.atLeast(1, "steps", steps));
        }

        /**
         * How long the run may take, pauses and questions included. Every step sees it in its deadline.
         *
         * @param time the most; more than zero, at most 292 years
         * @return limits with this one
         * @throws NullPointerException if {@code time} is null
         * @throws IllegalArgumentException if {@code time} is outside its bounds
         */
        public Chain time(Duration time) {
            return with(Limit.TIME, Bounds.positive("time", time));
        }

        /**
         * How many tokens, in both directions, the steps may record in their usage. Looked at when a step ends, so what is in
         * flight then may go beyond.
         *
         * @param tokens the most; 1 or more
         * @return limits with this one
         * @throws IllegalArgumentException if {@code tokens} is outside its bounds
         */
        public Chain tokens(long tokens) {
            return with(Limit.TOKENS, Bounds.atLeast(1, "tokens", tokens));
        }

        /**
         * How much cost the steps may record in their usage; looked at as tokens are.
         *
         * @param cost the most; more than zero
         * @return limits with this one
         * @throws NullPointerException if {@code cost} is null
         * @throws IllegalArgumentException if {@code cost} is outside its bounds
         */
        public Chain cost(BigDecimal cost) {
            return with(Limit.COST, Bounds.positive("cost", cost));
        }

        /**
         * How many branches are started, the first one and those of rendezvous included.
         *
         * @param branches the most; 1 or more
         * @return limits with this one
         * @throws IllegalArgumentException if {@code branches} is outside its bounds
         */
        public Chain branches(long branches) {
            return with(Limit.BRANCHES, Bounds.atLeast(1, "branches", branches));
        }

        /**
         * How deep forks are nested: the branch a run starts with has depth 0, its forks' branches 1. A hand-off does not count.
         *
         * @param depth the most; 0 or more, 0 for no forks
         * @return limits with this one
         * @throws IllegalArgumentException if {@code depth} is outside its bounds
         */
        public Chain depth(int depth) {
            return with(Limit.DEPTH, (int) Bounds.atLeast(0, "depth", depth));
        }

        /**
         * How many questions are open at the same time.
         *
         * @param questions the most; 0 or more, 0 for none
         * @return limits with this one
         * @throws IllegalArgumentException if {@code questions} is outside its bounds
         */
        public Chain questions(int questions) {
            return with(Limit.QUESTIONS, (int) Bounds.atLeast(0, "questions", questions));
        }

        /**
         * How often the work may come back to an agent that had it before on the same path, by hand-off or fork; a return to
         * the agent that forked is none. The failure spells the cycle out. Off unless set.
         *
         * @param delegationCycles the most; 0 or more, 0 for never
         * @return limits with this one
         * @throws IllegalArgumentException if {@code delegationCycles} is outside its bounds
         */
        public Chain delegationCycles(int delegationCycles) {
            return with(Limit.DELEGATION_CYCLES, (int) Bounds.atLeast(0, "delegationCycles", delegationCycles));
        }

        @Override
        public @Nullable Long maxSteps() {
            return (Long) most.get(Limit.STEPS);
        }

        @Override
        public @Nullable Duration maxTime() {
            return (Duration) most.get(Limit.TIME);
        }

        @Override
        public @Nullable Long maxTokens() {
            return (Long) most.get(Limit.TOKENS);
        }

        @Override
        public @Nullable BigDecimal maxCost() {
            return (BigDecimal) most.get(Limit.COST);
        }

        @Override
        public @Nullable Long maxBranches() {
            return (Long) most.get(Limit.BRANCHES);
        }

        @Override
        public @Nullable Integer maxDepth() {
            return (Integer) most.get(Limit.DEPTH);
        }

        @Override
        public @Nullable Integer maxQuestions() {
            return (Integer) most.get(Limit.QUESTIONS);
        }

        @Override
        public @Nullable Integer maxDelegationCycles() {
            return (Integer) most.get(Limit.DELEGATION_CYCLES);
        }

        @Override
        public String toString() {
            StringJoiner told = new StringJoiner(", ", "Limits[", "]");
            most.forEach((limit, value) -> told.add(limit.word + "=" + value));
            return told.toString();
        }
    }
}
