package io.flotilla.testkit;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.run.Decision;
import io.flotilla.run.Turn;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * An agent of a run that follows a script, turn by turn, and records how it was called.
 *
 * <pre>{@code
 * ScriptedAgent planner = ScriptedAgent.of("Planner", fanOut("Reader", "Reader"), answer("read: $joined"));
 * ScriptedAgent reader = ScriptedAgent.named("Reader")
 *         .thenAlways(answer("a page").after(Duration.ofSeconds(2)))
 *         .failEvery(10, "page is blank")
 *         .build();
 * }</pre>
 *
 * <p>The decisions of the script are used one after another, in the order of the agent's steps, over all branches and all
 * runs; each attempt of a step uses one. So create an agent for each run, unless it has only decisions {@linkplain
 * Builder#thenAlways for all steps} or {@linkplain Builder#perBranch per branch}. A step past the end of a script fails
 * with an {@link IllegalStateException} that says so.
 *
 * <p>Thread-safe. Its decisions run on the thread on which the agent is called, or on Reactor's parallel scheduler if
 * they are {@linkplain ScriptedDecision#after delayed}.
 *
 * @since 0.1
 */
public final class ScriptedAgent implements Agent<Turn, Decision> {

    private final AgentId id;
    private final List<ScriptedDecision> script;
    private final List<ScriptedDecision> perBranch;
    private final @Nullable ScriptedDecision otherwise;
    private final int failEvery;
    private final @Nullable ScriptedDecision failure;

    // Guarded by this.
    private long steps;
    private long corrections;
    private @Nullable Turn lastTurn;
    private final Map<Turn.Reason, Turn> lastTurns = new EnumMap<>(Turn.Reason.class);
    private final Map<String, Integer> stepsByBranch = new HashMap<>();

    private ScriptedAgent(Builder builder) {
        this.id = builder.id;
        this.script = List.copyOf(builder.script);
        this.perBranch = List.copyOf(builder.perBranch);
        this.otherwise = builder.thenAlways;
        this.failEvery = builder.failEvery;
        this.failure = builder.failure;
    }

    /**
     * Starts the script of an agent.
     *
     * @param name the agent's name
     * @return a builder of an empty script
     * @throws NullPointerException if {@code name} is null
     * @throws IllegalArgumentException if the name is invalid, see {@link AgentId#of}
     */
    public static Builder named(String name) {
        return new Builder(AgentId.of(name));
    }

    /**
     * An agent with a script. A step past its end fails.
     *
     * @param name the agent's name
     * @param script one decision for each step
     * @return the agent
     * @throws NullPointerException if an argument or a play is null
     * @throws IllegalArgumentException if the name is invalid, see {@link AgentId#of}
     */
    public static ScriptedAgent of(String name, ScriptedDecision... script) {
        return named(name).script(script).build();
    }

    @Override
    public AgentId id() {
        return id;
    }

    @Override
    public Mono<Decision> step(Turn turn, StepContext context) {
        return Mono.defer(() -> next(turn, context).in(turn, context.state()));
    }

    private synchronized ScriptedDecision next(Turn turn, StepContext context) {
        lastTurn = turn;
        lastTurns.put(turn.reason(), turn);
        corrections += turn.correction() == null ? 0 : 1;
        long step = steps++;
        int inBranch = perBranch.isEmpty()
                ? 0
                : stepsByBranch.merge(context.runId() + context.branchPath(), 1, Integer::sum) - 1;
        if (failure != null && steps % failEvery == 0) {
            return failure;
        }
        if (step < script.size()) {
            return script.get((int) step);
        }
        if (inBranch < perBranch.size()) {
            return perBranch.get(inBranch);
        }
        if (otherwise != null) {
            return otherwise;
        }
        throw new IllegalStateException("the script of agent " + id + " has "
                + turns(perBranch.isEmpty() ? script : perBranch)
                + (perBranch.isEmpty()
                        ? ", and this is step " + steps
                        : " a branch, and this is step " + (inBranch + 1) + " of branch " + context.branchPath()));
    }

    private static String turns(List<ScriptedDecision> script) {
        return script.size() == 1 ? "1 turn" : script.size() + " turns";
    }

    /**
     * The number of calls.
     *
     * @return the number of steps, attempts and corrections included
     */
    public synchronized long steps() {
        return steps;
    }

    /**
     * The number of corrections.
     *
     * @return the number of turns with a {@link Turn#correction()}
     */
    public synchronized long corrections() {
        return corrections;
    }

    /**
     * The turn of the last call.
     *
     * @return the turn; null before the first call
     */
    public synchronized @Nullable Turn lastTurn() {
        return lastTurn;
    }

    /**
     * The turn of the last call for a reason: {@code JOINED} has the outcomes of its last fork, {@code ARRIVED} the
     * arrivals at the last rendezvous.
     *
     * @param reason the reason
     * @return the turn; null if it was never called for that reason
     * @throws NullPointerException if {@code reason} is null
     */
    public synchronized @Nullable Turn lastTurn(Turn.Reason reason) {
        return lastTurns.get(Objects.requireNonNull(reason, "reason"));
    }

    /** The name and the number of steps. */
    @Override
    public String toString() {
        return "ScriptedAgent[" + id + ", " + steps() + " steps]";
    }

    /** The script of an agent. Not thread-safe. */
    public static final class Builder {

        private final AgentId id;
        private final List<ScriptedDecision> script = new ArrayList<>();
        private final List<ScriptedDecision> perBranch = new ArrayList<>();
        private @Nullable ScriptedDecision thenAlways;
        private int failEvery;
        private @Nullable ScriptedDecision failure;

        private Builder(AgentId id) {
            this.id = id;
        }

        /**
         * Adds decisions for its next turns, counted over all branches.
         *
         * @param more one decision for each step, after those added before
         * @return this builder
         * @throws NullPointerException if {@code more} or one of them is null
         */
        public Builder script(ScriptedDecision... more) {
            script.addAll(List.of(more));
            return this;
        }

        /**
         * Adds decisions for its next turns on every branch. A script has either these or those of {@link #script}.
         *
         * @param more one decision for each step of a branch, after those added before
         * @return this builder
         * @throws NullPointerException if {@code more} or one of them is null
         */
        public Builder perBranch(ScriptedDecision... more) {
            perBranch.addAll(List.of(more));
            return this;
        }

        /**
         * Sets the decision for all steps past the end of the script.
         *
         * @param decision for every further step; default none: the step fails
         * @return this builder
         * @throws NullPointerException if {@code play} is null
         */
        public Builder thenAlways(ScriptedDecision decision) {
            this.thenAlways = Objects.requireNonNull(decision, "play");
            return this;
        }

        /**
         * Decides to fail in every n-th step, at once, instead of the scripted decision, which counts as used.
         *
         * @param n 1 or more, 1 for every step; default never
         * @param reason why
         * @return this builder
         * @throws NullPointerException if {@code reason} is null
         * @throws IllegalArgumentException if {@code n} is below 1
         */
        public Builder failEvery(int n, String reason) {
            if (n < 1) {
                throw new IllegalArgumentException("n must be >= 1, was " + n);
            }
            this.failEvery = n;
            this.failure = ScriptedDecision.fail(reason);
            return this;
        }

        /** What has no delay is due at once, but not before what was due already. */
        Builder inOrderOfTime() {
            script.replaceAll(Builder::due);
            perBranch.replaceAll(Builder::due);
            thenAlways = thenAlways == null ? null : due(thenAlways);
            failure = failure == null ? null : due(failure);
            return this;
        }

        private static ScriptedDecision due(ScriptedDecision decision) {
            return decision.isDelayed() ? decision : decision.after(Duration.ZERO);
        }

        /**
         * Creates the agent. The builder may be changed and used again.
         *
         * @return an agent at the start of its script
         * @throws IllegalStateException if it has decisions both in order and per branch
         */
        public ScriptedAgent build() {
            if (!script.isEmpty() && !perBranch.isEmpty()) {
                throw new IllegalStateException(
                        "the script of agent " + id + " has both a script in order and scripts per branch");
            }
            return new ScriptedAgent(this);
        }
    }
}
