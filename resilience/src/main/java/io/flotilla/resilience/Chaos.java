package io.flotilla.resilience;

import io.flotilla.AgentId;
import io.flotilla.agent.StepContext;
import io.flotilla.step.StepCall;
import io.flotilla.step.StepInterceptor;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Injects faults into attempts, to test that a service copes with them.
 *
 * <pre>{@code
 * Chaos chaos = Chaos.seeded(42)
 *         .forKind("reader").fail(0.1).hang(0.02).delay(0.3, Duration.ofMillis(5), Duration.ofSeconds(2));
 * StepEngine engine = StepEngine.builder().interceptor(resilience).interceptor(chaos).build();
 * }</pre>
 *
 * <p>Add it to the engine last, so that it is innermost and everything else sees its faults. Nothing else enables it: no
 * property and no environment variable.
 *
 * <p>Whether a fault is injected is drawn from the seed, the agent's id, the branch, the number of the step and of the
 * attempt: the same seed and the same steps give the same faults, whatever the threads do. All rounds use the same draws.
 * For each attempt the faults are drawn in the order in which they were set. The first one drawn is injected; after a
 * delay the next faults are drawn as well.
 *
 * <p>Setting a fault returns a new, immutable object. All objects derived from one {@code seeded} share one log.
 * Thread-safe.
 *
 * @since 0.1
 */
public final class Chaos implements StepInterceptor {

    /** How many injections the log keeps; older ones are forgotten. */
    public static final int MAX_LOGGED = 100_000;

    private final long seed;
    private final @Nullable String agentKind;
    private final List<Rule> rules;
    private final Deque<InjectedFault> log;

    private record Rule(
            @Nullable String agentKind,
            InjectedFault.Kind kind,
            double probability,
            Duration least,
            Duration most,
            UnaryOperator<Object> change) {}

    private Chaos(long seed, @Nullable String agentKind, List<Rule> rules, Deque<InjectedFault> log) {
        this.seed = seed;
        this.agentKind = agentKind;
        this.rules = rules;
        this.log = log;
    }

    /**
     * Starts without faults.
     *
     * @param seed the seed of all draws
     * @return a chaos without faults
     */
    public static Chaos seeded(long seed) {
        return new Chaos(seed, null, List.of(), new ArrayDeque<>());
    }

    /**
     * The agents to which the faults set after this call apply.
     *
     * @param agentKind a kind of agents; without this call, all agents
     * @return the same faults, with the next ones for that kind
     * @throws NullPointerException if {@code agentKind} is null
     * @throws IllegalArgumentException if {@code agentKind} is not a valid kind
     */
    public Chaos forKind(String agentKind) {
        return new Chaos(seed, new AgentId(agentKind, null).kind(), rules, log);
    }

    private Chaos and(InjectedFault.Kind kind, double probability) {
        return and(kind, probability, Duration.ZERO, Duration.ZERO, UnaryOperator.identity());
    }

    private Chaos and(
            InjectedFault.Kind kind, double probability, Duration least, Duration most, UnaryOperator<Object> change) {
        List<Rule> more = new ArrayList<>(rules);
        more.add(new Rule(agentKind, kind, Check.ratio(probability, "probability"), least, most, change));
        return new Chaos(seed, agentKind, List.copyOf(more), log);
    }

    /**
     * Attempts that fail with a {@link ChaosException}.
     *
     * @param probability 0 to 1
     * @return a chaos that has this fault as well
     * @throws IllegalArgumentException if {@code probability} is out of bounds
     */
    public Chaos fail(double probability) {
        return and(InjectedFault.Kind.FAIL, probability);
    }

    /**
     * Attempts whose body throws a {@link ChaosException} when it is called.
     *
     * @param probability 0 to 1
     * @return a chaos that has this fault as well
     * @throws IllegalArgumentException if {@code probability} is out of bounds
     */
    public Chaos throwing(double probability) {
        return and(InjectedFault.Kind.THROW, probability);
    }

    /**
     * Attempts that never end.
     *
     * @param probability 0 to 1
     * @return a chaos that has this fault as well
     * @throws IllegalArgumentException if {@code probability} is out of bounds
     */
    public Chaos hang(double probability) {
        return and(InjectedFault.Kind.HANG, probability);
    }

    /**
     * Attempts that start later, on the engine's time.
     *
     * @param probability 0 to 1
     * @param least the shortest delay; zero or more
     * @param most the longest delay; {@code least} or more
     * @return a chaos that has this fault as well
     * @throws IllegalArgumentException if an argument is out of bounds
     */
    public Chaos delay(double probability, Duration least, Duration most) {
        Check.notNegative(least, "least");
        Check.notNegative(most, "most");
        if (least.compareTo(most) > 0) {
            throw new IllegalArgumentException("least must be <= most, was " + least + " and " + most);
        }
        return and(InjectedFault.Kind.DELAY, probability, least, most, UnaryOperator.identity());
    }

    /**
     * Attempts that complete without a value.
     *
     * @param probability 0 to 1
     * @return a chaos that has this fault as well
     * @throws IllegalArgumentException if {@code probability} is out of bounds
     */
    public Chaos empty(double probability) {
        return and(InjectedFault.Kind.EMPTY, probability);
    }

    /**
     * Attempts whose value is changed.
     *
     * @param probability 0 to 1
     * @param change returns another value of the same type; not null
     * @return a chaos that has this fault as well
     * @throws NullPointerException if {@code change} is null
     * @throws IllegalArgumentException if {@code probability} is out of bounds
     */
    public Chaos malformed(double probability, UnaryOperator<Object> change) {
        Objects.requireNonNull(change, "change");
        return and(InjectedFault.Kind.MALFORMED, probability, Duration.ZERO, Duration.ZERO, change);
    }

    /**
     * Attempts that end as if their own work had been cancelled.
     *
     * @param probability 0 to 1
     * @return a chaos that has this fault as well
     * @throws IllegalArgumentException if {@code probability} is out of bounds
     */
    public Chaos cancel(double probability) {
        return and(InjectedFault.Kind.CANCEL, probability);
    }

    /**
     * The injected faults so far.
     *
     * @return the last {@value #MAX_LOGGED} injected faults, oldest first
     */
    public List<InjectedFault> injected() {
        synchronized (log) {
            return List.copyOf(log);
        }
    }

    @Override
    public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
        Mono<O> faulty = attempt;
        Mono<Void> delays = Mono.empty();
        boolean delayed = false;
        for (int at = 0; at < rules.size(); at++) {
            Rule rule = rules.get(at);
            if (rule.agentKind() != null
                    && !rule.agentKind().equals(context.agentId().kind())) {
                continue;
            }
            SplittableRandom random = drawn(context, at);
            if (random.nextDouble() < rule.probability()) {
                note(context, rule.kind());
                if (rule.kind() != InjectedFault.Kind.DELAY) {
                    faulty = inject(rule, context, attempt);
                    break;
                }
                delays = delays.then(delayed(rule, call, random));
                delayed = true;
            }
        }
        return delayed ? delays.then(faulty) : faulty;
    }

    private SplittableRandom drawn(StepContext context, int rule) {
        long of = seed;
        of = of * 31 + context.agentId().toString().hashCode();
        of = of * 31 + context.branchPath().hashCode();
        of = of * 1_000_003 + context.stepNumber();
        of = of * 1_000_003 + context.attempt();
        return new SplittableRandom(of * 1_000_003 + rule);
    }

    private void note(StepContext context, InjectedFault.Kind kind) {
        InjectedFault fault = new InjectedFault(
                context.agentId(), context.branchPath(), context.stepNumber(), context.attempt(), kind);
        synchronized (log) {
            if (log.size() == MAX_LOGGED) {
                log.removeFirst();
            }
            log.addLast(fault);
        }
    }

    /** A fault is innermost: nothing is thrown from here, past the guards around it. */
    private static <O> Mono<O> inject(Rule rule, StepContext context, Mono<O> attempt) {
        return switch (rule.kind()) {
            case THROW ->
                Mono.defer(() -> {
                    throw new ChaosException("chaos: thrown at " + context.agentId());
                });
            case FAIL -> Mono.error(new ChaosException("chaos: failure of " + context.agentId()));
            case HANG -> Mono.never();
            case DELAY -> attempt; // waited for before
            case EMPTY -> Mono.empty();
            case MALFORMED -> attempt.flatMap(value -> changed(rule, value));
            case CANCEL -> Mono.error(new CancellationException("chaos: cancelled " + context.agentId()));
        };
    }

    /** What is fatal would end on whichever thread the body emits on, and the step would hang. */
    private static <O> Mono<O> changed(Rule rule, O value) {
        try {
            return Mono.just(Chaos.<O>typed(Objects.requireNonNull(rule.change().apply(value), "changed value")));
        } catch (Throwable thrown) {
            return Retrying.failed(thrown);
        }
    }

    private static Mono<Void> delayed(Rule rule, StepCall<?, ?> call, SplittableRandom random) {
        long least = rule.least().toNanos();
        long most = rule.most().toNanos();
        long nanos = least == most ? least : random.nextLong(least, most);
        return Mono.create(sink -> sink.onDispose(call.clock().schedule(Duration.ofNanos(nanos), sink::success)));
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // the user's function keeps the type
    private static <O> O typed(Object value) {
        return (O) value;
    }
}
