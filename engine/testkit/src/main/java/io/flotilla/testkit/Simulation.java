package io.flotilla.testkit;

import io.flotilla.Experimental;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

/**
 * Runs a whole system, a workflow or a network, many times in a simulated world: one thread, virtual time, and an order of
 * everything that is ready, and faults, that follow from a seed. A seed that fails is made smaller, and can be replayed.
 *
 * <pre>{@code
 * Simulation.seeded(42)
 *         .seeds(1_000)
 *         .agents(2, 20)
 *         .chaos(SimulationChaos.none().fail(0.05).delay(0.2, Duration.ZERO, Duration.ofSeconds(2)))
 *         .check(world -> {
 *             Counter counter = new Counter();
 *             StepEngine engine = world.engine().build();
 *             return engine.run(adders(world.agents(), counter), "add")
 *                     .doOnNext(report -> assertThat(counter.value()).isEqualTo(report.succeeded().size()));
 *         })
 *         .orThrow();
 * }</pre>
 *
 * <p>The check builds the system in the world it is given, runs it, and says by its signals whether all is well. It is
 * subscribed to in that world: everything of Reactor and of the library that it uses there is simulated, {@code
 * Schedulers.parallel()}, {@code Mono.delay}, engines, workflows, mailboxes, timeouts. A time-out of an hour takes no time.
 *
 * <p>What a simulation is told:
 *
 * <ul>
 *   <li><b>the check completes</b>: the seed has passed. What it emits is ignored.
 *   <li><b>it fails, throws, or a task of its world throws</b>: the seed has failed. Assertions are such.
 *   <li><b>it does neither, and nothing is left to happen</b>: somebody waits for ever.
 *   <li><b>or there is no end</b>: the limits of virtual time and of tasks.
 *   <li><b>a thread of its own is seen</b>: it is refused, whatever the check says.
 * </ul>
 *
 * <p>A system with threads of its own is refused, with the place: who makes a thread in its world, gives a task to a scheduler
 * that was made outside of it, or signals from elsewhere what is expected in it. Whatever else no seed decides is found by running
 * seeds twice, the first, second, fourth, eighth and so on, and each that fails: if the logs differ, the report says where they
 * part. Such are {@code System.nanoTime()}, {@code UUID.randomUUID()}, the order of a {@code Set.of} or of a {@code HashMap} of
 * things without a {@code hashCode}, and what one world leaves to the next in a static field. An {@code Agent.blocking} that
 * blocks on something of its world holds up that world.
 *
 * <p>While a case runs, Reactor's schedulers are exchanged in the JVM, for the one thread of the world: other threads have real
 * ones all the same. They are not to be exchanged by others meanwhile, as {@code StepVerifier.withVirtualTime} does. Simulations
 * and {@link ScenarioRunner}s wait for each other. Immutable and thread-safe.
 *
 * @since 0.1
 */
@Experimental
public final class Simulation {

    /** The default of {@link #seeds}. */
    public static final int DEFAULT_SEEDS = 100;

    /** The default of {@link #maxTasks}. */
    public static final long DEFAULT_MAX_TASKS = 1_000_000;

    /** The default of {@link #maxShrinkRuns}. */
    public static final int DEFAULT_MAX_SHRINK_RUNS = 2_000;

    /** The default of {@link #virtualTimeLimit}. */
    public static final Duration DEFAULT_VIRTUAL_TIME_LIMIT = Duration.ofDays(1);

    /** The default of {@link #realTimeLimit}. */
    public static final Duration DEFAULT_REAL_TIME_LIMIT = Duration.ofSeconds(30);

    private static final Duration MOST_TIME = Duration.ofDays(36_500);

    private final long firstSeed;
    private final int seeds;
    private final int leastAgents;
    private final int mostAgents;
    private final int leastMessages;
    private final int mostMessages;
    private final SimulationChaos chaos;
    private final long maxTasks;
    private final int maxShrinkRuns;
    private final Duration virtualTimeLimit;
    private final Duration realTimeLimit;

    private Simulation(Draft from) {
        this.firstSeed = from.firstSeed;
        this.seeds = from.seeds;
        this.leastAgents = from.leastAgents;
        this.mostAgents = from.mostAgents;
        this.leastMessages = from.leastMessages;
        this.mostMessages = from.mostMessages;
        this.chaos = from.chaos;
        this.maxTasks = from.maxTasks;
        this.maxShrinkRuns = from.maxShrinkRuns;
        this.virtualTimeLimit = from.virtualTimeLimit;
        this.realTimeLimit = from.realTimeLimit;
    }

    /** Between two simulations. */
    private static final class Draft {
        private long firstSeed;
        private int seeds = DEFAULT_SEEDS;
        private int leastAgents = 1;
        private int mostAgents = 1;
        private int leastMessages = 1;
        private int mostMessages = 1;
        private SimulationChaos chaos = SimulationChaos.none();
        private long maxTasks = DEFAULT_MAX_TASKS;
        private int maxShrinkRuns = DEFAULT_MAX_SHRINK_RUNS;
        private Duration virtualTimeLimit = DEFAULT_VIRTUAL_TIME_LIMIT;
        private Duration realTimeLimit = DEFAULT_REAL_TIME_LIMIT;
    }

    private Draft draft() {
        Draft draft = new Draft();
        draft.firstSeed = firstSeed;
        draft.seeds = seeds;
        draft.leastAgents = leastAgents;
        draft.mostAgents = mostAgents;
        draft.leastMessages = leastMessages;
        draft.mostMessages = mostMessages;
        draft.chaos = chaos;
        draft.maxTasks = maxTasks;
        draft.maxShrinkRuns = maxShrinkRuns;
        draft.virtualTimeLimit = virtualTimeLimit;
        draft.realTimeLimit = realTimeLimit;
        return draft;
    }

    /**
     * A simulation with all defaults.
     *
     * @param seed the first seed; the others follow one by one
     * @return the simulation
     */
    public static Simulation seeded(long seed) {
        Draft draft = new Draft();
        draft.firstSeed = seed;
        return new Simulation(draft);
    }

    /**
     * How many seeds to run.
     *
     * @param count 1 or more; default {@value #DEFAULT_SEEDS}
     * @return the changed simulation
     * @throws IllegalArgumentException if {@code count} is below 1
     */
    public Simulation seeds(int count) {
        Draft draft = draft();
        draft.seeds = (int) atLeast(1, "seeds", count);
        return new Simulation(draft);
    }

    /**
     * What {@link SimulatedWorld#agents()} says.
     *
     * @param least how few it may say while a failure is shrunk; 1 or more, default 1
     * @param most what it says otherwise; {@code least} or more, default 1
     * @return the changed simulation
     * @throws IllegalArgumentException if an argument is out of bounds
     */
    public Simulation agents(int least, int most) {
        Draft draft = draft();
        draft.leastAgents = (int) atLeast(1, "least", least);
        draft.mostAgents = (int) atLeast(least, "most", most);
        return new Simulation(draft);
    }

    /**
     * What {@link SimulatedWorld#messages()} says.
     *
     * @param least how few it may say while a failure is shrunk; 0 or more, default 1
     * @param most what it says otherwise; {@code least} or more, default 1
     * @return the changed simulation
     * @throws IllegalArgumentException if an argument is out of bounds
     */
    public Simulation messages(int least, int most) {
        Draft draft = draft();
        draft.leastMessages = (int) atLeast(0, "least", least);
        draft.mostMessages = (int) atLeast(least, "most", most);
        return new Simulation(draft);
    }

    /**
     * Which faults happen, and how often.
     *
     * @param chaos default {@link SimulationChaos#none()}. They happen where the system uses what the world gives: {@link
     *     SimulatedWorld#engine()}, {@link SimulatedWorld#faults()}, {@link SimulatedWorld#deliveries}
     * @return the changed simulation
     * @throws NullPointerException if {@code chaos} is null
     */
    public Simulation chaos(SimulationChaos chaos) {
        Draft draft = draft();
        draft.chaos = Objects.requireNonNull(chaos, "chaos");
        return new Simulation(draft);
    }

    /**
     * How many tasks a world may run: what answers itself for ever in no time ends here.
     *
     * @param tasks 1 or more; default {@value #DEFAULT_MAX_TASKS}
     * @return the changed simulation
     * @throws IllegalArgumentException if {@code tasks} is below 1
     */
    public Simulation maxTasks(long tasks) {
        Draft draft = draft();
        draft.maxTasks = atLeast(1, "tasks", tasks);
        return new Simulation(draft);
    }

    /**
     * How much virtual time a world may take.
     *
     * @param limit more than zero, at most 100 years; default a day
     * @return the changed simulation
     * @throws NullPointerException if {@code limit} is null
     * @throws IllegalArgumentException if {@code limit} is out of bounds
     */
    public Simulation virtualTimeLimit(Duration limit) {
        Draft draft = draft();
        draft.virtualTimeLimit = checked(limit, Duration.ofNanos(1));
        return new Simulation(draft);
    }

    /**
     * How much real time a world may take: an agent that blocks its thread, or computes for ever, ends here. Its thread cannot
     * be taken from it, so it is left behind.
     *
     * @param limit 1 ms or more, at most 100 years; default 30 seconds
     * @return the changed simulation
     * @throws NullPointerException if {@code limit} is null
     * @throws IllegalArgumentException if {@code limit} is out of bounds
     */
    public Simulation realTimeLimit(Duration limit) {
        Draft draft = draft();
        draft.realTimeLimit = checked(limit, Duration.ofMillis(1));
        return new Simulation(draft);
    }

    /**
     * How many runs may be made to find a smaller case that fails.
     *
     * @param runs 0 or more, 0 for not at all; default {@value #DEFAULT_MAX_SHRINK_RUNS}
     * @return the changed simulation
     * @throws IllegalArgumentException if {@code runs} is negative
     */
    public Simulation maxShrinkRuns(int runs) {
        Draft draft = draft();
        draft.maxShrinkRuns = (int) atLeast(0, "runs", runs);
        return new Simulation(draft);
    }

    private static long atLeast(long least, String what, long value) {
        if (value < least) {
            throw new IllegalArgumentException(what + " must be >= " + least + ", was " + value);
        }
        return value;
    }

    private static Duration checked(Duration limit, Duration least) {
        if (limit.compareTo(least) < 0 || limit.compareTo(MOST_TIME) > 0) {
            throw new IllegalArgumentException("limit must be >= " + least + " and <= 100 years, was " + limit);
        }
        return limit;
    }

    // --- what the parts of it ask

    SimulationChaos chaos() {
        return chaos;
    }

    int leastAgents() {
        return leastAgents;
    }

    int leastMessages() {
        return leastMessages;
    }

    long maxTasks() {
        return maxTasks;
    }

    int maxShrinkRuns() {
        return maxShrinkRuns;
    }

    Duration virtualTimeLimit() {
        return virtualTimeLimit;
    }

    Duration realTimeLimit() {
        return realTimeLimit;
    }

    // --- runs

    /**
     * Runs the seeds one after another until one fails, and shrinks that one. Blocks until that is done.
     *
     * @param check builds a system in its world, runs it, and completes if all is well; called once a run, on the world's thread
     * @return the report; {@link SimulationReport#orThrow()} makes a test of it
     * @throws NullPointerException if {@code check} is null
     * @throws IllegalStateException if it is called in a simulated world
     */
    public SimulationReport check(Function<? super SimulatedWorld, ? extends Publisher<?>> check) {
        CaseRunner runner = new CaseRunner(this, Objects.requireNonNull(check, "check"));
        SimulationRun run = null;
        for (int seed = 0; seed < seeds; seed++) {
            run = runner.run(new SimulationCase(firstSeed + seed, mostAgents, mostMessages, Integer.MAX_VALUE, null));
            if (run.outcome().isOfTheSimulation()) {
                return new SimulationReport(seed + 1, run, run, 0, null);
            }
            boolean isTwice = Integer.bitCount(seed + 1) == 1 || !run.passed();
            SimulationReport.Difference difference = isTwice ? difference(runner, run) : null;
            if (difference != null) {
                return SimulationReport.differs(seed + 1, run.passed() ? null : run, difference);
            }
            if (!run.passed()) {
                Shrinking shrinking = new Shrinking(runner, this, run);
                SimulationRun smallest = shrinking.shrink();
                return new SimulationReport(seed + 1, run, smallest, shrinking.runs(), difference(runner, smallest));
            }
        }
        SimulationRun last = runner.notRefused(Objects.requireNonNull(run, "there is one"));
        return last.passed() ? SimulationReport.passed(seeds) : new SimulationReport(seeds, last, last, 0, null);
    }

    private static SimulationReport.@Nullable Difference difference(CaseRunner runner, SimulationRun run) {
        return SimulationReport.Difference.between(run, runner.run(run.of(), false));
    }

    /**
     * Runs one case: that of a report, or one of your own. Blocks until it has ended.
     *
     * @param one the case; {@link #seeds}, {@link #agents} and {@link #messages} do not count
     * @param check as for {@link #check}
     * @return what became of it: the same at every call, to the byte of its log
     * @throws NullPointerException if an argument is null
     * @throws IllegalStateException if it is called in a simulated world
     */
    public SimulationRun replay(SimulationCase one, Function<? super SimulatedWorld, ? extends Publisher<?>> check) {
        return new CaseRunner(this, Objects.requireNonNull(check, "check")).run(Objects.requireNonNull(one, "one"));
    }
}
