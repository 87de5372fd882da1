package io.flotilla.run.machine;

import io.flotilla.run.Join;
import io.flotilla.run.Limits;
import io.flotilla.topology.Topology;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link RunMachine} has to know before its first fact: the topology, its joins, and what a run may use. One plan
 * serves any number of runs, also at the same time. Immutable and thread-safe.
 *
 * @since 0.1
 */
public final class Plan {

    /** How many corrections in a row an agent is given, unless set. */
    public static final int DEFAULT_MAX_CORRECTIONS = 2;

    /** How many signals a run keeps that no branch has taken, unless set. */
    public static final int DEFAULT_MAX_PENDING_SIGNALS = 1_000;

    /** How many keys the state of a run may have, unless set. */
    public static final int DEFAULT_MAX_STATE_KEYS = 1_000;

    /** How many steps of a run may be in flight, unless set. */
    public static final int DEFAULT_MAX_STEPS_IN_FLIGHT = 256;

    private final Topology topology;
    private final Routes routes;
    private final Join join;
    private final @Nullable Join[] joins;
    private final Join end;
    private final Limits limits;
    private final int maxCorrections;
    private final int maxStepsInFlight;
    private final int maxPendingSignals;
    private final Class<?> answerType;
    private final List<List<String>> exclusive;
    private final int[][] exclusions;
    private final Set<String> compensated;
    private final BitSet compensatedNodes;
    private final Map<String, StateMerge<?>> stateMerges;
    private final int maxStateKeys;

    private Plan(Builder builder) {
        topology = builder.topology;
        routes = new Routes(topology);
        join = builder.join;
        joins = new Join[routes.agents()];
        Join atEnd = Join.all();
        for (Map.Entry<String, Join> at : builder.joins.entrySet()) {
            int node = routes.number(at.getKey());
            if (routes.isEnd(node)) {
                atEnd = at.getValue();
            } else if (routes.isAgent(node)) {
                joins[node] = at.getValue();
            } else {
                throw new IllegalArgumentException("there is no agent " + at.getKey() + " in the topology to join at");
            }
        }
        end = atEnd;
        limits = builder.limits;
        maxCorrections = builder.maxCorrections;
        maxStepsInFlight = builder.maxStepsInFlight;
        maxPendingSignals = builder.maxPendingSignals;
        answerType = builder.answerType;
        exclusive = List.copyOf(builder.exclusive);
        exclusions = exclusions(routes, exclusive);
        stateMerges = Map.copyOf(builder.stateMerges);
        maxStateKeys = builder.maxStateKeys;
        compensated = Collections.unmodifiableSet(new LinkedHashSet<>(builder.compensated));
        compensatedNodes = new BitSet();
        for (String name : compensated) {
            if (!routes.isAgent(routes.number(name))) {
                throw new IllegalArgumentException("there is no agent " + name + " in the topology to compensate");
            }
            compensatedNodes.set(routes.number(name));
        }
    }

    /** By node, which of the groups it is in. */
    private static int[][] exclusions(Routes routes, List<List<String>> exclusive) {
        int[][] groups = new int[exclusive.isEmpty() ? 0 : routes.agents()][];
        Arrays.fill(groups, new int[0]);
        for (int group = 0; group < exclusive.size(); group++) {
            for (String name : exclusive.get(group)) {
                int node = routes.number(name);
                if (!routes.isAgent(node)) {
                    throw new IllegalArgumentException(
                            "there is no agent " + name + " in the topology to be exclusive");
                }
                groups[node] = Arrays.copyOf(groups[node], groups[node].length + 1);
                groups[node][groups[node].length - 1] = group;
            }
        }
        return groups;
    }

    private Plan(Plan all, Limits own) {
        topology = all.topology;
        routes = all.routes;
        join = all.join;
        joins = all.joins;
        end = all.end;
        limits = own;
        maxCorrections = all.maxCorrections;
        maxStepsInFlight = all.maxStepsInFlight;
        maxPendingSignals = all.maxPendingSignals;
        answerType = all.answerType;
        exclusive = all.exclusive;
        exclusions = all.exclusions;
        compensated = all.compensated;
        compensatedNodes = all.compensatedNodes;
        stateMerges = all.stateMerges;
        maxStateKeys = all.maxStateKeys;
    }

    /**
     * This plan for a run that may use less: of each limit the lower one counts.
     *
     * @param own the limits of that run
     * @return the plan; this one if {@code own} limits nothing
     * @throws NullPointerException if {@code own} is null
     */
    public Plan within(Limits own) {
        return PlanOutline.outline(own).isEmpty() ? this : new Plan(this, OwnLimits.stricter(limits, own));
    }

    /**
     * Starts a plan.
     *
     * @param topology who may hand over to whom
     * @param answerType what a run is answered with
     * @return a builder with all defaults
     * @throws NullPointerException if an argument is null
     */
    public static Builder builder(Topology topology, Class<?> answerType) {
        return new Builder(topology, answerType);
    }

    /**
     * Starts another plan with the settings of this one.
     *
     * @return a builder
     */
    public Builder toBuilder() {
        Builder copy = new Builder(topology, answerType)
                .join(join)
                .joinAt(Topology.END, end)
                .limits(limits)
                .maxCorrections(maxCorrections)
                .maxStepsInFlight(maxStepsInFlight)
                .maxPendingSignals(maxPendingSignals)
                .maxStateKeys(maxStateKeys);
        stateMerges.forEach(copy::mergeState);
        exclusive.forEach(copy::exclusive);
        compensated.forEach(copy::compensated);
        for (int node = 0; node < joins.length; node++) {
            Join own = joins[node];
            if (own != null) {
                copy.joinAt(routes.name(node), own);
            }
        }
        return copy;
    }

    /**
     * Who may hand over to whom.
     *
     * @return as set
     */
    public Topology topology() {
        return topology;
    }

    /**
     * What a run may use.
     *
     * @return as set
     */
    public Limits limits() {
        return limits;
    }

    /**
     * How many corrections in a row an agent is given.
     *
     * @return as set
     */
    public int maxCorrections() {
        return maxCorrections;
    }

    /**
     * How many steps of a run may be in flight.
     *
     * @return as set
     */
    public int maxStepsInFlight() {
        return maxStepsInFlight;
    }

    /**
     * How many signals a run keeps that no branch has taken.
     *
     * @return as set
     */
    public int maxPendingSignals() {
        return maxPendingSignals;
    }

    /**
     * How many keys the state of a run may have.
     *
     * @return as set
     */
    public int maxStateKeys() {
        return maxStateKeys;
    }

    /**
     * How values under a key of the state of a run are merged.
     *
     * @param key any key
     * @return as set; null if they are not
     */
    public @Nullable StateMerge<?> stateMerge(String key) {
        return stateMerges.get(key);
    }

    /**
     * What a run is answered with.
     *
     * @return as set
     */
    public Class<?> answerType() {
        return answerType;
    }

    /**
     * Whether the topology has an agent of that name, or the name is {@code end} or {@code user}.
     *
     * @param name any name
     * @return whether a decision may name it
     */
    public boolean isPlace(String name) {
        return routes.number(name) != Routes.NONE;
    }

    /** By node, which of the groups that exclude each other it is in; empty if there are none. */
    int[][] exclusions() {
        return exclusions;
    }

    /** Whether the steps at a node can be undone. */
    boolean isCompensated(int node) {
        return compensatedNodes.get(node);
    }

    int exclusionCount() {
        return exclusive.size();
    }

    Routes routes() {
        return routes;
    }

    /** The join of the run. */
    Join end() {
        return end;
    }

    Join joinAt(int node) {
        Join own = joins[node];
        return own == null ? join : own;
    }

    /** Who handed the work on, with {@code node} behind it. */
    Delegation delegation(@Nullable Delegation path, int node) {
        return Delegation.after(path, node, routes.name(node), limits.maxDelegationCycles() != null);
    }

    /** The configuration of a plan. Not thread-safe. */
    public static final class Builder {

        private final Topology topology;
        private final Class<?> answerType;
        private final Map<String, Join> joins = new HashMap<>();
        private Join join = Join.all();
        private Limits limits = Limits.none();
        private int maxCorrections = DEFAULT_MAX_CORRECTIONS;
        private int maxStepsInFlight = DEFAULT_MAX_STEPS_IN_FLIGHT;
        private int maxPendingSignals = DEFAULT_MAX_PENDING_SIGNALS;
        private final Map<String, StateMerge<?>> stateMerges = new HashMap<>();
        private int maxStateKeys = DEFAULT_MAX_STATE_KEYS;
        private final List<List<String>> exclusive = new ArrayList<>();
        private final Set<String> compensated = new LinkedHashSet<>();

        private Builder(Topology topology, Class<?> answerType) {
            this.topology = Objects.requireNonNull(topology, "topology");
            this.answerType = Objects.requireNonNull(answerType, "answerType");
        }

        /**
         * The join of every fork and rendezvous that has none of its own; never that of the run.
         *
         * @param byDefault default {@link Join#all()}
         * @return this builder
         * @throws NullPointerException if {@code byDefault} is null
         */
        public Builder join(Join byDefault) {
            join = Objects.requireNonNull(byDefault, "join");
            return this;
        }

        /**
         * The join of the forks an agent opens and of the rendezvous it is; at {@code end} the join of the run.
         *
         * @param name an agent, or {@code end}
         * @param own its join
         * @return this builder
         * @throws NullPointerException if an argument is null
         */
        public Builder joinAt(String name, Join own) {
            Objects.requireNonNull(own, "join");
            joins.put(Objects.requireNonNull(name, "name"), own);
            return this;
        }

        /**
         * What a run may use. The rules of the topology are not read, see {@link Topology#rules()}.
         *
         * @param most default {@link Limits#none()}
         * @return this builder
         * @throws NullPointerException if {@code most} is null
         */
        public Builder limits(Limits most) {
            limits = Objects.requireNonNull(most, "limits");
            return this;
        }

        /**
         * How many corrections in a row an agent is given before its branch fails.
         *
         * @param most 0 or more; default {@value Plan#DEFAULT_MAX_CORRECTIONS}
         * @return this builder
         * @throws IllegalArgumentException if {@code most} is negative
         */
        public Builder maxCorrections(int most) {
            maxCorrections = atLeast(0, "maxCorrections", most);
            return this;
        }

        /**
         * How many steps of a run may be in flight. No decision of a run depends on it.
         *
         * @param most 1 or more; default {@value Plan#DEFAULT_MAX_STEPS_IN_FLIGHT}
         * @return this builder
         * @throws IllegalArgumentException if {@code most} is below 1
         */
        public Builder maxStepsInFlight(int most) {
            maxStepsInFlight = atLeast(1, "maxStepsInFlight", most);
            return this;
        }

        /**
         * How many signals a run keeps that no branch has taken. One more is refused.
         *
         * @param most 0 or more, 0 for none; default {@value Plan#DEFAULT_MAX_PENDING_SIGNALS}
         * @return this builder
         * @throws IllegalArgumentException if {@code most} is negative
         */
        public Builder maxPendingSignals(int most) {
            maxPendingSignals = atLeast(0, "maxPendingSignals", most);
            return this;
        }

        /**
         * How many keys the state of a run may have. What a step writes is not taken if there would be more.
         *
         * @param most 0 or more, 0 for none; default {@value Plan#DEFAULT_MAX_STATE_KEYS}
         * @return this builder
         * @throws IllegalArgumentException if {@code most} is negative
         */
        public Builder maxStateKeys(int most) {
            maxStateKeys = atLeast(0, "maxStateKeys", most);
            return this;
        }

        /**
         * How values under a key of the state of a run are merged.
         *
         * @param key the key
         * @param merge merges two values
         * @return this builder
         * @throws NullPointerException if an argument is null
         */
        public Builder mergeState(String key, StateMerge<?> merge) {
            stateMerges.put(Objects.requireNonNull(key, "key"), Objects.requireNonNull(merge, "merge"));
            return this;
        }

        /**
         * Steps of these agents never overlap in a run, nor do two of one of them. No decision of a run depends on it.
         *
         * @param agents two names at least
         * @return this builder
         * @throws NullPointerException if {@code agents} or one of them is null
         * @throws IllegalArgumentException if there are fewer than two different names
         */
        public Builder exclusive(Collection<String> agents) {
            List<String> different = List.copyOf(new LinkedHashSet<>(agents));
            if (different.size() < 2) {
                throw new IllegalArgumentException("exclusive must have two different agents, was " + agents);
            }
            exclusive.add(different);
            return this;
        }

        /**
         * Settled steps of this agent are undone when the run has not succeeded, see {@link Effect.StartStep#isCompensation()}.
         *
         * @param agent its name
         * @return this builder
         * @throws NullPointerException if {@code agent} is null
         */
        public Builder compensated(String agent) {
            compensated.add(Objects.requireNonNull(agent, "agent"));
            return this;
        }

        private static int atLeast(int least, String name, int value) {
            if (value < least) {
                throw new IllegalArgumentException(name + " must be >= " + least + ", was " + value);
            }
            return value;
        }

        /**
         * Makes the plan. The builder may be changed and used again.
         *
         * @return the plan
         * @throws IllegalArgumentException if a join, or an exclusive agent, is at a place that the topology does not have
         */
        public Plan build() {
            return new Plan(this);
        }
    }
}
