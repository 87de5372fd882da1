package io.flotilla.step;

import io.flotilla.Experimental;
import io.flotilla.agent.Agent;
import io.flotilla.agent.UsageLedger;
import io.flotilla.internal.TelemetryFaults;
import io.flotilla.observe.DocumentedContext;
import io.flotilla.observe.Redactor;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.Observation;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * What an engine of another kind needs of a {@link StepEngine} and its users do not: a driver for single steps, ids for
 * runs, the clock, the redactor. {@code io.flotilla.run} and {@code io.flotilla.simulation} are built on it; applications
 * use {@link StepEngine} alone.
 *
 * <p>Immutable, thread-safe.
 *
 * @since 0.1
 */
@Experimental
public final class EngineAccess {

    private final StepEngine engine;

    private EngineAccess(StepEngine engine) {
        this.engine = engine;
    }

    /**
     * The access to an engine.
     *
     * @param engine the engine to build on
     * @return the access; nothing of the engine changes by it
     * @throws NullPointerException if {@code engine} is null
     */
    public static EngineAccess of(StepEngine engine) {
        return new EngineAccess(Objects.requireNonNull(engine, "engine"));
    }

    /**
     * The engine behind this access.
     *
     * @return the engine given to {@link #of}
     */
    public StepEngine engine() {
        return engine;
    }

    /**
     * Makes a driver, whose caller decides which step is next.
     *
     * @param listener receives the results of the driver's steps
     * @param usage the ledger of all steps; {@link StepIdentity#usage()} of each is the same
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return a driver over the engine, to be closed when no more steps come
     * @throws NullPointerException if an argument is null
     */
    public <I, O> StepDriver<I, O> driver(StepDriver.Listener<O> listener, UsageLedger usage) {
        return new StepDriver<>(
                engine, Objects.requireNonNull(listener, "listener"), Objects.requireNonNull(usage, "usage"));
    }

    /**
     * As {@link StepEngine#run}, but an agent may leave before its turn: it is then not stepped, and has no result.
     *
     * @param agents the agents to step, in input order
     * @param input the input of every step
     * @param stillWanted asked with an agent's index in {@code agents} right before its step starts; false leaves it
     *     out. Called by one thread at a time; must not throw
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the report, cold; its results have the indices of {@code agents}
     * @throws NullPointerException if an argument or an agent is null (the call itself, not a signal)
     */
    public <I, O> Mono<StepReport<O>> runWanted(
            List<? extends Agent<? super I, ? extends O>> agents, I input, IntPredicate stillWanted) {
        return StepFlux.report(
                engine,
                StepFlux.array(agents),
                Objects.requireNonNull(input, "input"),
                Objects.requireNonNull(stillWanted, "stillWanted"));
    }

    /**
     * How many steps may run at the same time under the engine's order.
     *
     * @return 1 if they run one by one, else {@link StepEngine#concurrency()}
     */
    public int maxStepsInFlight() {
        return engine.maxStepsInFlight();
    }

    /**
     * An id for a run, different from that of every other run of this engine or another.
     *
     * @return a new id at every call
     */
    public String newRunId() {
        return engine.core().newRunId();
    }

    /**
     * The current instant.
     *
     * @return the instant on the engine's clock
     */
    public Instant now() {
        return engine.core().clock.now();
    }

    /**
     * The engine's time, for what waits or measures.
     *
     * @return the same clock at every call
     */
    public EngineClock clock() {
        return engine.core().clock;
    }

    /**
     * What the texts of failures go through before they are logged or recorded.
     *
     * @return as configured; {@link Redactor#NONE} by default
     */
    public Redactor redactor() {
        return engine.core().settings.redactor;
    }

    /**
     * The value of {@link io.flotilla.observe.FlotillaKey#WORKFLOW} for a workflow.
     *
     * @param workflow its name
     * @return the name, or {@link io.flotilla.observe.FlotillaKey#OTHER}
     */
    public String boundedWorkflow(String workflow) {
        return engine.core().workflows.bounded(workflow);
    }

    /**
     * The value of {@link io.flotilla.observe.FlotillaKey#AGENT} for an agent.
     *
     * @param kind its kind
     * @return the kind, or {@link io.flotilla.observe.FlotillaKey#OTHER}
     */
    public String boundedAgent(String kind) {
        StepTelemetry telemetry = engine.core().telemetry;
        return telemetry == null ? kind : telemetry.boundedKind(kind);
    }

    /**
     * Makes meters in the engine's registry.
     *
     * @param made called with the registry, now
     * @param <T> the meters
     * @return the meters; null without a registry
     */
    public <T> @Nullable T meters(Function<MeterRegistry, T> made) {
        MeterRegistry registry = engine.core().settings.meterRegistry;
        return registry == null ? null : made.apply(registry);
    }

    /**
     * Makes a meter in a registry, which is the user's code. Throws nothing: what the registry or a filter of it throws is logged, once
     * for each place, and there is no such meter.
     *
     * @param registry where it is made
     * @param making called now
     * @param <M> the meter
     * @return the meter; null if none was made
     */
    public static <M> @Nullable M meter(MeterRegistry registry, Supplier<? extends @Nullable M> making) {
        return TelemetryFaults.made(registry, making);
    }

    /**
     * Records something with a meter. Throws nothing: what is thrown is logged, once for each place.
     *
     * @param registry the registry of the meter
     * @param recording called now
     */
    public static void measure(MeterRegistry registry, Runnable recording) {
        TelemetryFaults.guard(registry, recording);
    }

    /**
     * Whether the steps of the engine are measured, and so what they use is counted.
     *
     * @return true with a registry of meters
     */
    public boolean isMeasured() {
        return engine.core().settings.meterRegistry != null;
    }

    /**
     * Whether anybody may observe, now or later.
     *
     * @return false for an engine without registries: {@link #isObserved} stays false
     */
    public boolean mayBeObserved() {
        return engine.core().telemetry != null;
    }

    /**
     * Whether anybody observes just now; if not, {@link #observe} returns null.
     *
     * @return true with an observation registry that has handlers
     */
    public boolean isObserved() {
        StepTelemetry telemetry = engine.core().telemetry;
        return telemetry != null && telemetry.observes();
    }

    /**
     * Whether what is observed in a context has a parent there.
     *
     * @param context the context of a subscriber
     * @return true if there is an observation in it
     */
    public static boolean isInsideObservation(ContextView context) {
        return context.hasKey(Observations.KEY);
    }

    /**
     * Starts an observation of something that is no part of a run or round.
     *
     * @param what which observation, and what it says
     * @param outer its parent is the observation in here, if there is one
     * @param <C> the type of its context
     * @return the observation; null if nobody observes, or a handler throws
     */
    public <C extends Observation.Context & DocumentedContext> StepDriver.@Nullable Observed observe(
            C what, ContextView outer) {
        return StepDriver.observed(engine.core().telemetry, what, outer);
    }
}
