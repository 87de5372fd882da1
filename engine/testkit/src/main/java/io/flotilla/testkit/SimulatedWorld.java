package io.flotilla.testkit;

import io.flotilla.Experimental;
import io.flotilla.agent.StepContext;
import io.flotilla.step.StepCall;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepInterceptor;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * A simulated world, given to the check of a {@link Simulation}: its size, its faults, its log.
 *
 * <p>Build everything in it anew, from its numbers and its {@link #random()} alone. Of that world's thread only.
 *
 * @since 0.1
 */
@Experimental
public final class SimulatedWorld {

    private static final long OTHER = 0x632be59bd9b4e019L;

    private final SimulationCase of;
    private final SeededTime time;
    private final FaultPlan plan;
    private final EventLines lines;
    private final Random random;

    SimulatedWorld(SimulationCase of, SeededTime time, FaultPlan plan, EventLines lines) {
        this.of = of;
        this.time = time;
        this.plan = plan;
        this.lines = lines;
        this.random = new OwnRandom(of.seed() ^ OTHER, time);
    }

    /**
     * The seed of this world, for what has a seed of its own.
     *
     * @return the seed of its case
     */
    public long seed() {
        return of.seed();
    }

    /**
     * Numbers that are the same in each run of the same case. For retries: {@code jitter(world.random()::nextDouble)}.
     *
     * @return the same at every call
     */
    public Random random() {
        return random;
    }

    /**
     * How many agents to build.
     *
     * @return {@link Simulation#agents(int, int)}, or fewer while a failure is shrunk
     */
    public int agents() {
        return of.agents();
    }

    /**
     * How many messages, tasks or rounds to put in.
     *
     * @return {@link Simulation#messages(int, int)}, or fewer while a failure is shrunk
     */
    public int messages() {
        return of.messages();
    }

    /**
     * How long this world has existed.
     *
     * @return its virtual time
     */
    public Duration elapsed() {
        return Duration.ofNanos(time.nowNanos());
    }

    /**
     * The time of this world as a clock, for what takes one: it is that of the world's engines.
     *
     * @return {@link #elapsed()} after the beginning of 1970, in milliseconds
     */
    public InstantSource clock() {
        return () -> Instant.ofEpochMilli(elapsed().toMillis());
    }

    /**
     * An engine with the faults of this world.
     *
     * @return a builder with {@link #faults()} as its first interceptor, else with all defaults. An interceptor that is to
     *     be around the faults, as retries are, goes into a builder without: add {@code faults()} after it
     */
    public StepEngine.Builder engine() {
        return StepEngine.builder().interceptor(faults());
    }

    /**
     * Has attempts fail, hang, and start later, and notes each attempt in the log. To be the innermost interceptor of engines.
     *
     * @return the interceptor
     */
    public StepInterceptor faults() {
        return new Faults();
    }

    /**
     * What becomes of a message on its way: {@code NetworkOptions.builder().faults(world::deliveries)}, or for transports
     * of your own. Notes the message in the log.
     *
     * @param message the message; its text goes to the log
     * @param receiver who is to receive it
     * @return when each copy of it arrives, from now: none if it is lost, two if it is duplicated, mostly one at once
     * @throws NullPointerException if an argument is null
     */
    public List<Duration> deliveries(Object message, Object receiver) {
        time.checkHere("the transport of messages");
        String to = Texts.of(Objects.requireNonNull(receiver, "receiver"));
        String text = "message " + Texts.of(Objects.requireNonNull(message, "message")) + " for " + to;
        SimulatedFault fault = plan.ofMessage(to);
        if (fault == null) {
            log(text);
            return List.of(Duration.ZERO);
        }
        log(text + ": " + fault);
        return switch (fault.kind()) {
            case LOSE -> List.of();
            case DUPLICATE -> List.of(Duration.ZERO, Duration.ZERO);
            default -> List.of(fault.delay());
        };
    }

    /**
     * Notes an event in the log.
     *
     * @param event what happened: its text is to be the same in each run of the same case, so without hash codes and random ids
     * @throws NullPointerException if {@code event} is null
     */
    public void log(String event) {
        time.checkHere("the log");
        lines.add(time.nowNanos(), Objects.requireNonNull(event, "event"));
    }

    /** On another thread its numbers would be whose turn it is. */
    private static final class OwnRandom extends Random {
        private static final long serialVersionUID = 1L;

        @SuppressWarnings("serial") // never written
        private final SeededTime time;

        private OwnRandom(long seed, SeededTime time) {
            super(seed);
            this.time = time;
        }

        @Override
        protected int next(int bits) {
            time.checkHere("random()");
            return super.next(bits);
        }
    }

    private final class Faults implements StepInterceptor {

        @Override
        public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
            return Mono.defer(() -> {
                time.checkHere("an engine");
                String agent = Texts.of(context.agentId());
                SimulatedFault fault = plan.ofStep(agent);
                String name = agent + " attempt " + context.attempt();
                log(name + (fault == null ? "" : ": " + fault));
                return faulty(fault, attempt)
                        .doOnSuccess(value -> log(name + " ends"))
                        .doOnError(cause -> log(name + " fails: " + Texts.of(cause)))
                        .doOnCancel(() -> log(name + " is cancelled"));
            });
        }

        private <O> Mono<O> faulty(@Nullable SimulatedFault fault, Mono<O> attempt) {
            if (fault == null) {
                return attempt;
            }
            return switch (fault.kind()) {
                case FAIL -> Mono.error(new SimulatedFaultException(fault));
                case HANG -> Mono.never();
                default -> Mono.delay(fault.delay(), Schedulers.parallel()).then(attempt);
            };
        }
    }
}
