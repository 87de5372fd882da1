package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.Experimental;
import io.flotilla.health.HealthCheck;
import io.flotilla.health.Progress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The health of agents, by the steps that settle; and of an engine, by the steps that wait.
 *
 * <pre>{@code
 * StepHealth steps = StepHealth.stuckAfter(Duration.ofSeconds(30));
 * StepEngine engine = StepEngine.builder().interceptor(steps).maxInFlight(64).build();
 * HealthMonitor monitor = HealthMonitor.builder()
 *         .check(steps.check("reader"))                       // all agents of that kind
 *         .check(StepHealth.permits("backlog", engine))
 *         .build()
 *         .start();
 * }</pre>
 *
 * <p>An agent is {@code DOWN} when it has had steps for longer than the limit and none of them has ended, see {@link Progress}. A step
 * that fails has ended: the agent is alive. One that times out, is cancelled or is refused by a guard has not. What a step emits is
 * not seen, so the limit has to be longer than a step of a healthy agent takes. As the first interceptor it sees steps with all
 * their retries and fallbacks, as the last one without.
 *
 * <p>Only agents that have a check are followed; for all others it does nothing. Thread-safe.
 *
 * @since 0.1
 */
@Experimental
public final class StepHealth implements StepInterceptor {

    private final Duration stuckAfter;
    private final Map<String, Progress> watched = new ConcurrentHashMap<>();

    private StepHealth(Duration stuckAfter) {
        this.stuckAfter = stuckAfter;
    }

    /**
     * An interceptor that follows no agent yet.
     *
     * @param limit how long an agent may have steps without any of them ending; more than zero, at most 292 years
     * @return the interceptor, to be given to an engine
     * @throws NullPointerException if {@code limit} is null
     * @throws IllegalArgumentException if {@code limit} is outside its bounds
     */
    public static StepHealth stuckAfter(Duration limit) {
        Progress.stuckAfter(limit); // checks it
        return new StepHealth(limit);
    }

    /**
     * A check of an agent, or of all agents of a kind, which is followed from now on.
     *
     * @param agent the agent's id, such as {@code reader#17}, or its kind; in runs, its place in the topology
     * @return a critical check of that name; the same agent may have several
     * @throws NullPointerException if {@code agent} is null
     * @throws IllegalArgumentException if {@code agent} is no agent's id, see {@link AgentId#of(String)}
     */
    public HealthCheck check(String agent) {
        String name = AgentId.of(agent).toString();
        return watched.computeIfAbsent(name, any -> Progress.stuckAfter(stuckAfter))
                .check(name);
    }

    /**
     * How full the queue of an engine's {@link StepEngine#maxInFlight()} is: {@code DEGRADED} from 80 % on, {@code DOWN} when further
     * steps are rejected.
     *
     * @param name see {@link HealthCheck#of}
     * @param engine an engine with such a limit
     * @return a check that is not critical
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if the name is invalid, or the engine has no {@code maxInFlight}
     */
    public static HealthCheck permits(String name, StepEngine engine) {
        FairPermits permits = engine.core().permits;
        InFlightLimit limit = engine.maxInFlight();
        if (permits == null || limit == null) {
            throw new IllegalArgumentException("the engine has no maxInFlight, so nothing waits: " + engine);
        }
        return HealthCheck.fill(name, permits::waiting, limit::maxQueued);
    }

    @Override
    public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
        List<Progress> followed = followed(call.context().agentId());
        if (followed.isEmpty()) {
            return attempts;
        }
        return Mono.defer(() -> {
            List<Progress.Work> work = followed.stream().map(Progress::begin).toList();
            return attempts.doOnSuccess(value -> work.forEach(Progress.Work::settled))
                    .doOnError(failure ->
                            work.forEach(isNoEnd(failure) ? Progress.Work::abandoned : Progress.Work::settled))
                    .doOnCancel(() -> work.forEach(Progress.Work::abandoned));
        });
    }

    private List<Progress> followed(AgentId agent) {
        if (watched.isEmpty()) {
            return List.of();
        }
        List<Progress> followed = new ArrayList<>(2);
        add(watched.get(agent.kind()), followed);
        if (agent.instance() != null) {
            add(watched.get(agent.toString()), followed);
        }
        return followed;
    }

    private static void add(@Nullable Progress progress, List<Progress> to) {
        if (progress != null) {
            to.add(progress);
        }
    }

    /** Whether the agent itself has not ended: others have given it up, or have not let the step through. */
    private static boolean isNoEnd(Throwable failure) {
        return failure instanceof StepTimeoutException
                || failure instanceof TimeoutException
                || failure instanceof StepRejectedException;
    }
}
