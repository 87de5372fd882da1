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
 * An agent of a run that does what it is told, turn by turn, and remembers what it was called with.
 *
 * <pre>{@code
 * ScriptedAgent planner = ScriptedAgent.of("Planner", fanOut("Reader", "Reader"), answer("read: $joined"));
 * ScriptedAgent reader = ScriptedAgent.named("Reader")
 *         .thenAlways(answer("a page").after(Duration.ofSeconds(2)))
 *         .failEvery(10, "page is blank")
 *         .build();
 * }</pre>
 *
 * <p>The plays of the script are used one after another, in the order the agent is stepped, over all branches and all runs;
 * an attempt at a step counts as one. So an agent is made for one run, unless it only plays {@linkplain Builder#thenAlways
 * otherwise} or {@linkplain Builder#perBranch per branch}. A step past the end of a script fails with an {@link
 * IllegalStateException} that says so.
 *
 * <p>Thread-safe. Its plays run on the thread the agent is called on, or, if they are {@linkplain ScriptedDecision#after delayed}, on
 * Reactor's parallel scheduler.
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
     * @return a builder of a script without plays
     * @throws NullPointerException if {@code name} is null
     * @throws IllegalArgumentException if it is no name, see {@link AgentId#of}
     */
    public static Builder named(String name) {
        return new Builder(AgentId.of(name));
    }

    /**
     * An agent with a script and nothing after it.
     *
     * @param name the agent's name
     * @param script one a step
     * @return the agent
     * @throws NullPointerException if an argument or a play is null
     * @throws IllegalArgumentException if it is no name, see {@link AgentId#of}
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
        return Mono.defer(() -> next(turn, context).in(turn));
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
     * How often it was called.
     *
     * @return the number of steps, attempts and corrections included
     */
    public synchronized long steps() {
        return steps;
    }

    /**
     * How often it was told that its decision was not allowed.
     *
     * @return the number of turns with a {@link Turn#correction()}
     */
    public synchronized long corrections() {
        return corrections;
    }

    /**
     * What it was called with last.
     *
     * @return the turn; null before the first
     */
    public synchronized @Nullable Turn lastTurn() {
        return lastTurn;
    }

    /**
     * What it was called with last for a reason: {@code JOINED} for the outcomes of its last fork, {@code ARRIVED} for who
     * came to the last rendezvous.
     *
     * @param reason why it was called
     * @return the turn; null if it never was called for that
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
         * What it does in its first turns, whichever branches they are on.
         *
         * @param more one a step; after those there are
         * @return this builder
         * @throws NullPointerException if {@code more} or one of them is null
         */
        public Builder script(ScriptedDecision... more) {
            script.addAll(List.of(more));
            return this;
        }

        /**
         * What it does in its first turns on every branch. A script has this or {@link #script}.
         *
         * @param more one a step of a branch; after those there are
         * @return this builder
         * @throws NullPointerException if {@code more} or one of them is null
         */
        public Builder perBranch(ScriptedDecision... more) {
            perBranch.addAll(List.of(more));
            return this;
        }

        /**
         * What it does when it has nothing else to play.
         *
         * @param decision for every further step; default none, the step fails
         * @return this builder
         * @throws NullPointerException if {@code play} is null
         */
        public Builder thenAlways(ScriptedDecision decision) {
            this.thenAlways = Objects.requireNonNull(decision, "play");
            return this;
        }

        /**
         * Decides to fail in every n-th step, at once, in place of what it would play, which counts as played.
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
         * Makes the agent. The builder may be changed and used again.
         *
         * @return an agent at the start of its script
         * @throws IllegalStateException if it has plays both in order and per branch
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
