package io.flotilla.simulation;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.Order;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.math.MathFlux;

/**
 * The agents of a simulation: an ordered set with a seed, so that the same seed gives the same run.
 *
 * <pre>{@code
 * AgentSet<Trader> traders = AgentSet.of(42, Trader::id, list);
 * Flux.range(0, 100)
 *         .concatMap(round -> traders.step(
 *                 engine.withOrder(traders.shuffledOrder()), (trader, context) -> trader.trade()))
 *         .then(traders.aggregate(AgentSet.Aggregate.AVERAGE, Trader::wealth));
 * }</pre>
 *
 * <p>Every method that visits the set visits a snapshot of it. Agents added while a step is running wait for the next step;
 * agents removed before their turn are not stepped.
 *
 * <p>The set and its generator are thread-safe; the agents in it are the user's.
 *
 * @param <A> an agent of the simulation: any class, with or without {@link Agent}
 * @since 0.1
 */
public final class AgentSet<A> {

    /** The functions of {@link AgentSet#aggregate}. */
    public enum Aggregate {
        /** Their sum; of none, no value. */
        SUM,
        /** Their arithmetic mean; of none, no value. */
        AVERAGE,
        /** The smallest; of none, no value. */
        MIN,
        /** The largest; of none, no value. */
        MAX
    }

    private final Function<? super A, AgentId> id;

    /** In the set's order; guarded by itself. */
    private final Map<AgentId, A> members = new LinkedHashMap<>();

    /** Guarded by itself. */
    private final Random random;

    private AgentSet(Random random, Function<? super A, AgentId> id, Iterable<? extends A> agents) {
        this.random = random;
        this.id = id;
        for (A agent : agents) {
            if (!add(agent)) {
                throw new IllegalArgumentException(
                        "agent id must be unique in a set, was there before: " + idOf(agent));
            }
        }
    }

    /**
     * A set of objects that have an id.
     *
     * @param seed of the set's generator
     * @param id the id of an agent; the same at every call
     * @param agents in their order
     * @param <A> an agent of the simulation
     * @return a new set
     * @throws NullPointerException if an argument, an agent or its id is null
     * @throws IllegalArgumentException if two agents have the same id
     */
    public static <A> AgentSet<A> of(long seed, Function<? super A, AgentId> id, Iterable<? extends A> agents) {
        return new AgentSet<>(
                new Random(seed), Objects.requireNonNull(id, "id"), Objects.requireNonNull(agents, "agents"));
    }

    /**
     * A set of agents.
     *
     * @param seed of the set's generator
     * @param agents in their order
     * @param <A> an agent of the simulation
     * @return a new set
     * @throws NullPointerException if an argument, an agent or its id is null
     * @throws IllegalArgumentException if two agents have the same id
     */
    public static <A extends Agent<?, ?>> AgentSet<A> of(long seed, Iterable<? extends A> agents) {
        return of(seed, Agent::id, agents);
    }

    private AgentId idOf(A agent) {
        return Objects.requireNonNull(id.apply(Objects.requireNonNull(agent, "agent")), () -> "id of " + agent);
    }

    private AgentSet<A> derived(Iterable<? extends A> agents) {
        long seed;
        synchronized (random) {
            seed = random.nextLong();
        }
        return new AgentSet<>(new Random(seed), id, agents);
    }

    /** The ids of the first agents, and how many there are. */
    @Override
    public String toString() {
        List<A> agents = toList();
        String first =
                agents.stream().limit(5).map(agent -> idOf(agent).toString()).collect(Collectors.joining(", "));
        return "AgentSet[" + agents.size() + ": " + first + (agents.size() > 5 ? ", ...]" : "]");
    }

    // --- membership

    /**
     * Adds an agent at the end.
     *
     * @param agent the agent
     * @return false if one with its id is there already; the set is as before then
     * @throws NullPointerException if {@code agent} or its id is null
     */
    public boolean add(A agent) {
        AgentId key = idOf(agent);
        synchronized (members) {
            return members.putIfAbsent(key, agent) == null;
        }
    }

    /**
     * Removes an agent. If a step is running and its turn has not come, it is not stepped.
     *
     * @param agent the agent
     * @return false if it was not there
     * @throws NullPointerException if {@code agent} or its id is null
     */
    public boolean remove(A agent) {
        AgentId key = idOf(agent);
        synchronized (members) {
            return members.remove(key) != null;
        }
    }

    /**
     * Whether an agent is in the set.
     *
     * @param agent the agent
     * @return true if one with its id is there
     * @throws NullPointerException if {@code agent} or its id is null
     */
    public boolean contains(A agent) {
        AgentId key = idOf(agent);
        synchronized (members) {
            return members.containsKey(key);
        }
    }

    /**
     * How many agents there are.
     *
     * @return the size
     */
    public int size() {
        synchronized (members) {
            return members.size();
        }
    }

    /**
     * The agents at this moment.
     *
     * @return a snapshot, in the set's order
     */
    public List<A> toList() {
        synchronized (members) {
            return List.copyOf(members.values());
        }
    }

    // --- other sets

    /**
     * The agents that meet a condition.
     *
     * @param condition true for the agents to select
     * @return a new set in the same order, with a generator of its own seeded by this one's
     * @throws NullPointerException if {@code condition} is null
     */
    public AgentSet<A> select(Predicate<? super A> condition) {
        return derived(toList().stream().filter(condition).toList());
    }

    /**
     * The agents in a random order, drawn from the set's generator.
     *
     * @return a new set, with a generator of its own seeded by this one's
     */
    public AgentSet<A> shuffle() {
        List<A> shuffled = new ArrayList<>(toList());
        synchronized (random) {
            Collections.shuffle(shuffled, random);
        }
        return derived(shuffled);
    }

    /**
     * The agents in the order of a comparator.
     *
     * @param comparator the order; agents it holds for equal keep theirs
     * @return a new set, with a generator of its own seeded by this one's
     * @throws NullPointerException if {@code comparator} is null
     */
    public AgentSet<A> sort(Comparator<? super A> comparator) {
        return derived(toList().stream()
                .sorted(Objects.requireNonNull(comparator, "comparator"))
                .toList());
    }

    /**
     * The agents in groups of the same key.
     *
     * @param key the key of an agent; not null
     * @param <K> the type of a key
     * @return one new set for each key, keys in the order of their first agents
     * @throws NullPointerException if {@code key} is or returns null
     */
    public <K> Map<K, AgentSet<A>> groupBy(Function<? super A, ? extends K> key) {
        Objects.requireNonNull(key, "key");
        Map<K, List<A>> groups = new LinkedHashMap<>();
        for (A agent : toList()) {
            K of = Objects.requireNonNull(key.apply(agent), () -> "key of " + idOf(agent));
            groups.computeIfAbsent(of, any -> new ArrayList<>()).add(agent);
        }
        Map<K, AgentSet<A>> sets = new LinkedHashMap<>();
        groups.forEach((of, agents) -> sets.put(of, derived(agents)));
        return sets;
    }

    // --- values

    /**
     * Calls a function on every agent, now and on this thread. For functions that may fail or take time there is {@link
     * #step}.
     *
     * @param function what to call; what it throws ends the call
     * @param <R> what it returns, not null
     * @return the results, in the set's order
     * @throws NullPointerException if {@code function} is or returns null
     */
    public <R> List<R> map(Function<? super A, ? extends R> function) {
        Objects.requireNonNull(function, "function");
        List<R> results = new ArrayList<>();
        for (A agent : toList()) {
            results.add(Objects.requireNonNull(function.apply(agent), () -> "result of " + idOf(agent)));
        }
        return Collections.unmodifiableList(results);
    }

    /**
     * Reads one attribute of every agent.
     *
     * @param attribute what to read; not null
     * @param <V> its type
     * @return the values by agent, in the set's order
     * @throws NullPointerException if {@code attribute} is or returns null
     */
    public <V> Map<AgentId, V> get(Function<? super A, ? extends V> attribute) {
        Objects.requireNonNull(attribute, "attribute");
        Map<AgentId, V> values = new LinkedHashMap<>();
        for (A agent : toList()) {
            values.put(
                    idOf(agent), Objects.requireNonNull(attribute.apply(agent), () -> "attribute of " + idOf(agent)));
        }
        return Collections.unmodifiableMap(values);
    }

    /**
     * Writes one attribute of every agent.
     *
     * @param attribute how to write it
     * @param value what to write
     * @param <V> its type
     * @throws NullPointerException if {@code attribute} is null
     */
    public <V> void set(BiConsumer<? super A, ? super V> attribute, V value) {
        Objects.requireNonNull(attribute, "attribute");
        toList().forEach(agent -> attribute.accept(agent, value));
    }

    /**
     * Aggregates an attribute of all agents to one number, with Reactor Extra's {@link MathFlux}.
     *
     * <ul>
     *   <li><b>onNext</b>: the number, of the agents as they are at subscription.
     *   <li><b>onError</b>: what {@code attribute} throws.
     *   <li><b>onComplete</b>: without a number for an empty set.
     * </ul>
     *
     * @param how sum, average, minimum or maximum
     * @param attribute the number of one agent
     * @return the number, summed as {@code double}
     * @throws NullPointerException if an argument is null
     */
    public Mono<Double> aggregate(Aggregate how, Function<? super A, ? extends Number> attribute) {
        Objects.requireNonNull(how, "how");
        Objects.requireNonNull(attribute, "attribute");
        Flux<Double> numbers = Flux.defer(() -> Flux.fromIterable(toList()))
                .map(agent -> attribute.apply(agent).doubleValue());
        return switch (how) {
            case SUM -> MathFlux.sumDouble(numbers);
            case AVERAGE -> MathFlux.averageDouble(numbers);
            case MIN -> MathFlux.min(numbers);
            case MAX -> MathFlux.max(numbers);
        };
    }

    // --- steps

    /**
     * A random order for the next step, drawn from the set's generator: each call gives another, and the same seed gives
     * the same ones. It is drawn now: a step that is subscribed to again has the same order again.
     *
     * @return a shuffled order, for {@link StepEngine#withOrder}
     */
    public Order shuffledOrder() {
        synchronized (random) {
            return Order.shuffled(random.nextLong());
        }
    }

    /**
     * Steps every agent once, in the engine's order and failure mode.
     *
     * <p>Cold: the snapshot is taken at subscription, and every subscription is a round of its own. Signals as for {@link
     * StepEngine#run}; the report has no result for agents that were removed before their turn came.
     *
     * @param engine runs the steps; often {@code engine.withOrder(set.shuffledOrder())}
     * @param body one step of an agent, which may do all that {@link Agent#step} may do
     * @param <O> the value of a step
     * @return the report, with indices by the snapshot's order
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     */
    public <O> Mono<StepReport<O>> step(
            StepEngine engine, BiFunction<? super A, ? super StepContext, ? extends Mono<O>> body) {
        Objects.requireNonNull(engine, "engine");
        Objects.requireNonNull(body, "body");
        return Mono.defer(() -> {
            List<A> snapshot = toList();
            List<Member<A, O>> agents = new ArrayList<>(snapshot.size());
            for (A agent : snapshot) {
                agents.add(new Member<>(idOf(agent), agent, body));
            }
            return EngineAccess.of(engine)
                    .runWanted(
                            agents,
                            NO_INPUT,
                            index -> isMember(
                                    agents.get(index).id(), agents.get(index).agent()));
        });
    }

    /** Whether this very agent is in the set, not another one of the same id added in its place. */
    @SuppressWarnings("ReferenceEquality") // this very agent
    private boolean isMember(AgentId key, A agent) {
        synchronized (members) {
            return members.get(key) == agent;
        }
    }

    private static final Object NO_INPUT = new Object();

    /** One agent of the snapshot, as the engine wants it. */
    private record Member<A, O>(AgentId id, A agent, BiFunction<? super A, ? super StepContext, ? extends Mono<O>> body)
            implements Agent<Object, O> {

        @Override
        public Mono<O> step(Object none, StepContext context) {
            return body.apply(agent, context);
        }
    }
}
