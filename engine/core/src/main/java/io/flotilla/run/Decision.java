package io.flotilla.run;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What an agent wants to happen next on its branch. Checked against the edges of that branch's own agent; one that is
 * not allowed is given back to the agent as a {@link Correction}.
 *
 * <p>Immutable, as far as the values in it are.
 *
 * @since 0.1
 */
public sealed interface Decision {

    /**
     * The branch ends, and this is what came of it. Goes to the join of the fork the branch belongs to, or, outside every
     * fork, to the result of the run.
     *
     * @param value the answer; may be null
     * @return the decision
     */
    static Decision answer(@Nullable Object value) {
        return new Answer(value);
    }

    /**
     * The branch continues at another agent. At the agent that forked it, it ends and its request is its answer; at a
     * rendezvous it waits for the others; at {@code end} its request is an answer of the run.
     *
     * @param agent where to; needs an edge from this agent
     * @param request what it hands over; may be null
     * @return the decision
     * @throws NullPointerException if {@code agent} is null
     */
    static Decision handOff(String agent, @Nullable Object request) {
        return new HandOff(agent, request);
    }

    /**
     * The branch forks: each invocation is a branch of its own, and this one waits until their join has decided.
     *
     * @param invocations one or more; the same agent may be in it many times; each needs an edge from this agent
     * @return the decision
     * @throws NullPointerException if {@code invocations} or one of them is null
     */
    static Decision fanOut(List<Invocation> invocations) {
        return new FanOut(invocations);
    }

    /**
     * The branch forks, see {@link #fanOut(List)}.
     *
     * @param invocations one or more
     * @return the decision
     * @throws NullPointerException if {@code invocations} or one of them is null
     */
    static Decision fanOut(Invocation... invocations) {
        return new FanOut(List.of(invocations));
    }

    /**
     * The branch waits until a person has answered; then the agent has another turn, with the answer. Needs an edge from
     * this agent to {@code user}.
     *
     * @param question what to ask
     * @return the decision
     * @throws NullPointerException if {@code question} is null
     */
    static Decision ask(Question question) {
        return new Ask(question);
    }

    /**
     * The branch waits until a person has answered, see {@link #ask(Question)}.
     *
     * @param question what to ask, without a deadline
     * @return the decision
     * @throws NullPointerException if {@code question} is null
     */
    static Decision ask(String question) {
        return new Ask(Question.of(question));
    }

    /**
     * The branch ends as a failure.
     *
     * @param reason why, for the reader of the result
     * @return the decision
     * @throws NullPointerException if {@code reason} is null
     */
    static Decision fail(String reason) {
        return new Fail(reason);
    }

    /**
     * The agent has another turn at once.
     *
     * @param input the input of that turn; may be null
     * @return the decision
     */
    static Decision repeat(@Nullable Object input) {
        return new Repeat(input);
    }

    /**
     * See {@link Decision#answer}.
     *
     * @param value the answer
     */
    record Answer(@Nullable Object value) implements Decision {}

    /**
     * See {@link Decision#handOff}.
     *
     * @param agent where to
     * @param request what is handed over
     */
    record HandOff(String agent, @Nullable Object request) implements Decision {

        /**
         * Checks the name.
         *
         * @param agent where to
         * @param request what is handed over
         * @throws NullPointerException if {@code agent} is null
         */
        public HandOff {
            Objects.requireNonNull(agent, "agent");
        }
    }

    /**
     * See {@link Decision#fanOut(List)}.
     *
     * @param invocations the branches
     */
    record FanOut(List<Invocation> invocations) implements Decision {

        /**
         * Copies the list.
         *
         * @param invocations the branches
         * @throws NullPointerException if {@code invocations} or one of them is null
         * @throws ClassCastException if one is no invocation, after an unchecked cast
         */
        public FanOut {
            invocations = List.copyOf(invocations);
            for (Object invocation : invocations) {
                if (!(invocation instanceof Invocation)) {
                    throw new ClassCastException("a fork is of " + Invocation.class.getName() + ", here is a "
                            + invocation.getClass().getName());
                }
            }
        }
    }

    /**
     * See {@link Decision#ask(Question)}.
     *
     * @param question what to ask
     */
    record Ask(Question question) implements Decision {

        /**
         * Checks that there is a question.
         *
         * @param question what to ask
         * @throws NullPointerException if {@code question} is null
         */
        public Ask {
            Objects.requireNonNull(question, "question");
        }
    }

    /**
     * See {@link Decision#fail}.
     *
     * @param reason why
     */
    record Fail(String reason) implements Decision {

        /**
         * Checks that there is a reason.
         *
         * @param reason why
         * @throws NullPointerException if {@code reason} is null
         */
        public Fail {
            Objects.requireNonNull(reason, "reason");
        }
    }

    /**
     * See {@link Decision#repeat}.
     *
     * @param input the input of the next turn
     */
    record Repeat(@Nullable Object input) implements Decision {}
}
