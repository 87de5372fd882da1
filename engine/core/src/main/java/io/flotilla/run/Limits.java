package io.flotilla.run;

import java.math.BigDecimal;
import java.time.Duration;
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

        private static final Chain NONE = new Chain(null, null, null, null, null, null, null, null);

        private final @Nullable Long steps;
        private final @Nullable Duration time;
        private final @Nullable Long tokens;
        private final @Nullable BigDecimal cost;
        private final @Nullable Long branches;
        private final @Nullable Integer depth;
        private final @Nullable Integer questions;
        private final @Nullable Integer delegationCycles;

        private Chain(
                @Nullable Long steps,
                @Nullable Duration time,
                @Nullable Long tokens,
                @Nullable BigDecimal cost,
                @Nullable Long branches,
                @Nullable Integer depth,
                @Nullable Integer questions,
                @Nullable Integer delegationCycles) {
            this.steps = steps;
            this.time = time;
            this.tokens = tokens;
            this.cost = cost;
            this.branches = branches;
            this.depth = depth;
            this.questions = questions;
            this.delegationCycles = delegationCycles;
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
            return new Chain(
                    Bounds.atLeast(1, "steps", steps),
                    time,
                    tokens,
                    cost,
                    branches,
                    depth,
                    questions,
                    delegationCycles);
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
            return new Chain(
                    steps, Bounds.positive("time", time), tokens, cost, branches, depth, questions, delegationCycles);
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
            return new Chain(
                    steps,
                    time,
                    Bounds.atLeast(1, "tokens", tokens),
                    cost,
                    branches,
                    depth,
                    questions,
                    delegationCycles);
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
            return new Chain(
                    steps, time, tokens, Bounds.positive("cost", cost), branches, depth, questions, delegationCycles);
        }

        /**
         * How many branches are started, the first one and those of rendezvous included.
         *
         * @param branches the most; 1 or more
         * @return limits with this one
         * @throws IllegalArgumentException if {@code branches} is outside its bounds
         */
        public Chain branches(long branches) {
            return new Chain(
                    steps,
                    time,
                    tokens,
                    cost,
                    Bounds.atLeast(1, "branches", branches),
                    depth,
                    questions,
                    delegationCycles);
        }

        /**
         * How deep forks are nested: the branch a run starts with has depth 0, its forks' branches 1. A hand-off does not count.
         *
         * @param depth the most; 0 or more, 0 for no forks
         * @return limits with this one
         * @throws IllegalArgumentException if {@code depth} is outside its bounds
         */
        public Chain depth(int depth) {
            return new Chain(
                    steps,
                    time,
                    tokens,
                    cost,
                    branches,
                    (int) Bounds.atLeast(0, "depth", depth),
                    questions,
                    delegationCycles);
        }

        /**
         * How many questions are open at the same time.
         *
         * @param questions the most; 0 or more, 0 for none
         * @return limits with this one
         * @throws IllegalArgumentException if {@code questions} is outside its bounds
         */
        public Chain questions(int questions) {
            return new Chain(
                    steps,
                    time,
                    tokens,
                    cost,
                    branches,
                    depth,
                    (int) Bounds.atLeast(0, "questions", questions),
                    delegationCycles);
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
            return new Chain(steps, time, tokens, cost, branches, depth, questions, (int)
                    Bounds.atLeast(0, "delegationCycles", delegationCycles));
        }

        @Override
        public @Nullable Long maxSteps() {
            return steps;
        }

        @Override
        public @Nullable Duration maxTime() {
            return time;
        }

        @Override
        public @Nullable Long maxTokens() {
            return tokens;
        }

        @Override
        public @Nullable BigDecimal maxCost() {
            return cost;
        }

        @Override
        public @Nullable Long maxBranches() {
            return branches;
        }

        @Override
        public @Nullable Integer maxDepth() {
            return depth;
        }

        @Override
        public @Nullable Integer maxQuestions() {
            return questions;
        }

        @Override
        public @Nullable Integer maxDelegationCycles() {
            return delegationCycles;
        }

        @Override
        public String toString() {
            StringJoiner set = new StringJoiner(", ", "Limits[", "]");
            say(set, "steps", steps);
            say(set, "time", time);
            say(set, "tokens", tokens);
            say(set, "cost", cost);
            say(set, "branches", branches);
            say(set, "depth", depth);
            say(set, "questions", questions);
            say(set, "delegationCycles", delegationCycles);
            return set.toString();
        }

        private static void say(StringJoiner set, String name, @Nullable Object value) {
            if (value != null) {
                set.add(name + "=" + value);
            }
        }
    }
}
