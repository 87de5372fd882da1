package io.flotilla.run;

import java.time.Duration;
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
     * The branch waits until a person has answered, see {@link #ask(Question)}, and keeps what the agent is working on.
     *
     * @param question what to ask
     * @param carry what the turn with the answer has as {@link Turn#carried()}; may be null. Recorded with the decision
     * @return the decision
     * @throws NullPointerException if {@code question} is null
     */
    static Decision ask(Question question, @Nullable Object carry) {
        return new Ask(question, carry);
    }

    /**
     * The branch waits until a person has answered, see {@link #ask(Question, Object)}.
     *
     * @param question what to ask, without a deadline
     * @param carry what the turn with the answer has as {@link Turn#carried()}; may be null
     * @return the decision
     * @throws NullPointerException if {@code question} is null
     */
    static Decision ask(String question, @Nullable Object carry) {
        return new Ask(Question.of(question), carry);
    }

    /**
     * The branch waits for a time; then the agent has another turn. The branch holds no place meanwhile, and the end of the
     * time is an instant that survives a restart: what has passed when the run is recovered has passed.
     *
     * @param duration how long; zero for another turn at once
     * @return the decision
     * @throws NullPointerException if {@code duration} is null
     * @throws IllegalArgumentException if {@code duration} is negative, or more than 292 years
     */
    static Decision sleep(Duration duration) {
        return new Sleep(duration, null);
    }

    /**
     * The branch waits for a time, see {@link #sleep(Duration)}, and keeps what the agent is working on.
     *
     * @param duration how long; zero for another turn at once
     * @param carry what the next turn has as {@link Turn#carried()}; may be null. Recorded with the decision
     * @return the decision
     * @throws NullPointerException if {@code duration} is null
     * @throws IllegalArgumentException if {@code duration} is negative, or more than 292 years
     */
    static Decision sleep(Duration duration, @Nullable Object carry) {
        return new Sleep(duration, carry);
    }

    /**
     * The branch waits for a signal from outside, see {@link Run#signal}; then the agent has another turn, with its value. One
     * that came before, and that no branch has taken, is taken at once. Needs no edge.
     *
     * @param signal what to wait for, for how long, and what then
     * @return the decision
     * @throws NullPointerException if {@code signal} is null
     */
    static Decision await(Await signal) {
        return new AwaitSignal(signal, null);
    }

    /**
     * The branch waits for a signal for as long as the run lives, see {@link #await(Await)}.
     *
     * @param signal its name
     * @return the decision
     * @throws NullPointerException if {@code signal} is null
     * @throws IllegalArgumentException if it is not the name of a signal, see {@link Await#of}
     */
    static Decision await(String signal) {
        return new AwaitSignal(Await.of(signal), null);
    }

    /**
     * The branch waits for a signal, see {@link #await(Await)}, and keeps what the agent is working on.
     *
     * @param signal what to wait for, for how long, and what then
     * @param carry what the next turn has as {@link Turn#carried()}; may be null. Recorded with the decision
     * @return the decision
     * @throws NullPointerException if {@code signal} is null
     */
    static Decision await(Await signal, @Nullable Object carry) {
        return new AwaitSignal(signal, carry);
    }

    /**
     * The branch waits for a signal for as long as the run lives, see {@link #await(Await, Object)}.
     *
     * @param signal its name
     * @param carry what the next turn has as {@link Turn#carried()}; may be null. Recorded with the decision
     * @return the decision
     * @throws NullPointerException if {@code signal} is null
     * @throws IllegalArgumentException if it is not the name of a signal, see {@link Await#of}
     */
    static Decision await(String signal, @Nullable Object carry) {
        return new AwaitSignal(Await.of(signal), carry);
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
     * The whole run ends as a failure, at once: all other branches are cancelled, and the settled steps of agents that have a {@link
     * Compensation} are undone, see {@link Workflow.Builder#compensate}. {@link #fail} ends this branch only.
     *
     * @param reason why, for the reader of the result
     * @return the decision
     * @throws NullPointerException if {@code reason} is null
     */
    static Decision compensate(String reason) {
        return new Compensate(reason);
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
     * The agent has another turn at once, see {@link #repeat(Object)}, and keeps what it is working on.
     *
     * @param input the input of that turn; may be null
     * @param carry what that turn has as {@link Turn#carried()}; may be null. Recorded with the decision
     * @return the decision
     */
    static Decision repeat(@Nullable Object input, @Nullable Object carry) {
        return new Repeat(input, carry);
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
     * See {@link Decision#ask(Question, Object)}.
     *
     * @param question what to ask
     * @param carry what the next turn has as {@link Turn#carried()}
     */
    record Ask(Question question, @Nullable Object carry) implements Decision {

        /**
         * Checks that there is a question.
         *
         * @param question what to ask
         * @param carry what the next turn has as {@link Turn#carried()}
         * @throws NullPointerException if {@code question} is null
         */
        public Ask {
            Objects.requireNonNull(question, "question");
        }

        /**
         * A question without anything to carry.
         *
         * @param question what to ask
         * @throws NullPointerException if {@code question} is null
         */
        public Ask(Question question) {
            this(question, null);
        }
    }

    /**
     * See {@link Decision#sleep(Duration, Object)}.
     *
     * @param duration how long
     * @param carry what the next turn has as {@link Turn#carried()}
     */
    record Sleep(Duration duration, @Nullable Object carry) implements Decision {

        /**
         * Checks the time.
         *
         * @param duration how long
         * @param carry what the next turn has as {@link Turn#carried()}
         * @throws NullPointerException if {@code duration} is null
         * @throws IllegalArgumentException if {@code duration} is negative, or more than 292 years
         */
        public Sleep {
            Bounds.notNegative("duration", duration);
        }
    }

    /**
     * See {@link Decision#await(Await, Object)}.
     *
     * @param signal what to wait for
     * @param carry what the next turn has as {@link Turn#carried()}
     */
    record AwaitSignal(Await signal, @Nullable Object carry) implements Decision {

        /**
         * Checks that there is something to wait for.
         *
         * @param signal what to wait for
         * @param carry what the next turn has as {@link Turn#carried()}
         * @throws NullPointerException if {@code signal} is null
         */
        public AwaitSignal {
            Objects.requireNonNull(signal, "signal");
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
     * See {@link Decision#compensate}.
     *
     * @param reason why
     */
    record Compensate(String reason) implements Decision {

        /**
         * Checks that there is a reason.
         *
         * @param reason why
         * @throws NullPointerException if {@code reason} is null
         */
        public Compensate {
            Objects.requireNonNull(reason, "reason");
        }
    }

    /**
     * See {@link Decision#repeat(Object, Object)}.
     *
     * @param input the input of the next turn
     * @param carry what the next turn has as {@link Turn#carried()}
     */
    record Repeat(@Nullable Object input, @Nullable Object carry) implements Decision {

        /**
         * Another turn without anything to carry.
         *
         * @param input the input of the next turn
         */
        public Repeat(@Nullable Object input) {
            this(input, null);
        }
    }
}
