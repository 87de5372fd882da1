package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A hierarchy: gives tasks to workers that are capable of them, supervises the workers, and answers with one result a task.
 *
 * <pre>{@code
 * Manager<String, String> desk = Manager.<String, String>builder("desk")
 *         .worker(Worker.of(german, "translate"))
 *         .worker(Worker.restartable(AgentId.of("scribe"), Scribe::new, "translate", "summarise"))
 *         .attemptTimeout(Duration.ofSeconds(30))
 *         .build();
 * Mono<StepResult<String>> result = desk.submit("Guten Tag", "translate");
 * }</pre>
 *
 * <p>A task goes to the least loaded worker that is capable and well. If all of them are busy, or none is well, it waits in
 * line. A worker's attempt is a step of the engine: isolated, timed, guarded, observed. If it fails or is silent for too long,
 * the task goes to another worker, never twice to the same one while another capable one is well, busy or not. What happens to
 * the worker is a matter of its {@link Supervision}.
 *
 * <p>Workers may {@link #join} and {@link #leave} while it runs.
 *
 * <p>A manager is a worker too: {@link #asAgent(AgentId)} gives its tasks to the manager below, with the same capability. The
 * failure of a leaf is a value at the top, see {@link TaskFailedException#path()}.
 *
 * <p>Thread-safe.
 *
 * @param <I> the type of a task
 * @param <O> the type of an answer
 * @since 0.1
 */
public final class Manager<I, O> {

    /** The default of {@link Builder#maxQueued}. */
    public static final int DEFAULT_MAX_QUEUED = 10_000;

    /** The default of {@link Builder#maxAttempts}. */
    public static final int DEFAULT_MAX_ATTEMPTS = 3;

    /** The default of {@link Builder#healthInterval}: one second. */
    public static final Duration DEFAULT_HEALTH_INTERVAL = Duration.ofSeconds(1);

    /** How long {@link WorkerHealth} and the function of a {@link Supervision} may take: one second, of real time. */
    public static final Duration PATIENCE = Duration.ofSeconds(1);

    /** The {@link StepResult.Rejected#guard()} of tasks that a manager does not do. */
    public static final String GUARD = "manager";

    private final ManagerCore<I, O> core;

    private Manager(ManagerSettings<I, O> settings) {
        this.core = new ManagerCore<>(settings);
    }

    /**
     * Starts a manager's configuration.
     *
     * @param id its name, as {@link AgentId#of(String)} reads it
     * @param <I> the type of a task
     * @param <O> the type of an answer
     * @return a builder with all defaults, without workers
     * @throws NullPointerException if {@code id} is null
     * @throws IllegalArgumentException if {@code id} is no name of an agent
     */
    public static <I, O> Builder<I, O> builder(String id) {
        return new Builder<>(AgentId.of(id));
    }

    /**
     * Its name.
     *
     * @return as given to the builder
     */
    public AgentId id() {
        return core.settings.id;
    }

    /**
     * Submits a task. Whatever becomes of it is a value.
     *
     * <p>Cold: every subscription submits it.
     *
     * <ul>
     *   <li><b>onNext</b>: exactly one result. Of the worker that did it; or of the last one that tried, when there are no
     *       attempts left; with a {@link WorkerEscalatedException} as its cause if that was escalated. {@link
     *       StepResult.Rejected} with a {@link TaskRejectedException} and the manager's own id if nobody is capable, too many
     *       tasks wait, or the manager is closed. {@link StepResult.Cancelled} if the manager ends while a worker is at it.
     *   <li><b>onError</b>: never.
     *   <li><b>cancel</b>: a task that waits leaves the line; of one that runs the step is cancelled.
     *   <li><b>threads</b>: any thread on which a step ends; the subscriber's if the task is refused.
     *   <li><b>context</b>: the subscriber's context reaches the worker.
     * </ul>
     *
     * @param task the task
     * @param capability what the worker must be capable of
     * @return the result
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     */
    public Mono<StepResult<O>> submit(I task, String capability) {
        Objects.requireNonNull(task, "task");
        Objects.requireNonNull(capability, "capability");
        return Mono.create(sink -> core.submit(task, capability, null, sink));
    }

    /**
     * Submits a task, for a caller who wants the answer alone.
     *
     * <ul>
     *   <li><b>onNext</b>: the answer, also that of a fallback.
     *   <li><b>onComplete</b>: without an answer if the worker completed empty.
     *   <li><b>onError</b>: {@link TaskFailedException} if no worker could do it, {@link TaskRejectedException} if the manager
     *       did not take it or gave it up.
     *   <li><b>cancel, threads, context</b>: as for {@link #submit}.
     * </ul>
     *
     * @param task the task
     * @param capability what the worker must be capable of
     * @return the answer
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     */
    public Mono<O> request(I task, String capability) {
        return submit(task, capability).flatMap(result -> ManagerAgent.value(id(), result));
    }

    /**
     * This manager as a worker of another one. Its tasks are submitted here with the capability that they have there. They count
     * as the same task: the idempotency key is the same, what is used and emitted below is used and emitted above. The time a
     * task waits in line here is time of the step above.
     *
     * <p>A refusal is {@link StepResult.Rejected} above, so the task goes to another worker, and says nothing about this
     * manager. A task that comes back to a manager it has come from is refused as {@link
     * TaskRejectedException.Reason#CIRCULAR}.
     *
     * <p>The agent is a {@link reactor.core.Disposable}, which ends this manager at once: so one that is made by the factory of
     * a {@link Worker#restartable} ends when it is replaced.
     *
     * @param id the agent's id, and the worker's
     * @return an agent to be stepped by a manager only; elsewhere use {@link #asAgent(AgentId, String)}
     * @throws NullPointerException if {@code id} is null
     */
    public Agent<I, O> asAgent(AgentId id) {
        return new ManagerAgent<>(id, core, null);
    }

    /**
     * This manager as an agent, for one capability: for engines, workflows and networks, or a manager with other capabilities.
     *
     * @param id the agent's id
     * @param capability what its tasks need
     * @return an agent; see {@link #asAgent(AgentId)} for the rest
     * @throws NullPointerException if an argument is null
     */
    public Agent<I, O> asAgent(AgentId id, String capability) {
        return new ManagerAgent<>(id, core, Objects.requireNonNull(capability, "capability"));
    }

    /**
     * What happens to the workers from now on.
     *
     * <p>Hot: what happened before subscription is not repeated.
     *
     * <ul>
     *   <li><b>onNext</b>: each event; a subscriber that is slow misses the oldest beyond 256, and holds up nobody.
     *   <li><b>onComplete</b>: when the manager has ended.
     *   <li><b>demand</b>: honoured.
     *   <li><b>threads</b>: one of {@code boundedElastic}; it may block.
     * </ul>
     *
     * @return the events
     */
    public Flux<ManagerEvent> events() {
        return core.events().flux;
    }

    /**
     * The counts of this moment.
     *
     * @return the counts
     */
    public ManagerStats stats() {
        return core.stats();
    }

    /**
     * The workers as they are at this moment.
     *
     * @return a copy, in the order in which they joined; those that leave are there until they have left
     */
    public List<WorkerStatus> workers() {
        return core.workers();
    }

    /**
     * Adds a worker. It is given tasks from now on, those that wait first.
     *
     * @param worker the worker
     * @throws NullPointerException if {@code worker} is null
     * @throws IllegalArgumentException if there is one of this id; one that leaves does not count
     * @throws IllegalStateException if the manager is closed
     */
    public void join(Worker<I, O> worker) {
        core.staff().join(Objects.requireNonNull(worker, "worker"));
    }

    /**
     * Removes a worker. It is given nothing more. What it is at goes on within the grace; then its steps are cancelled, and other
     * workers have those tasks, as if it had never had them: it counts neither as an attempt nor as a failure. Tasks of which
     * nobody is capable any more are {@link StepResult.Rejected}, so let a new worker join before the last one leaves. At the end
     * its agent is disposed of, if a factory has made it and it is a {@link reactor.core.Disposable}.
     *
     * <p>Cold: nothing happens before the first subscription. The first grace counts; a later one of zero ends it.
     *
     * <ul>
     *   <li><b>onComplete</b>: it is at nothing any more, and has left. A body that goes on after its cancel is not waited for, and
     *       a call or a cancel handler that keeps its thread for no longer than {@link #PATIENCE}.
     *   <li><b>onError</b>: {@link UnknownWorkerException} if there is no such worker.
     *   <li><b>cancel</b>: ends the waiting only.
     *   <li><b>threads</b>: a {@code flotilla-worker} thread.
     * </ul>
     *
     * @param worker the worker's id, which another one may have from then on
     * @param grace how long it goes on with what it has; zero for not at all
     * @return completes when it has left
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     * @throws IllegalArgumentException if {@code grace} is negative, or over 292 years
     */
    public Mono<Void> leave(AgentId worker, Duration grace) {
        Objects.requireNonNull(worker, "worker");
        Bounds.notNegative("grace", grace);
        return Mono.defer(() -> core.staff().leave(worker, grace));
    }

    /**
     * Closes the manager: nothing is accepted any more. What it has accepted goes on within the grace; then what waits is
     * {@link StepResult.Rejected}, and what runs is cancelled and {@link StepResult.Cancelled}. At the end the agents that were
     * made by factories are disposed of, if they are {@link reactor.core.Disposable}.
     *
     * <p>Cold: nothing is closed before the first subscription. The first grace counts; a later one of zero ends it.
     *
     * <ul>
     *   <li><b>onComplete</b>: when nothing is left.
     *   <li><b>cancel</b>: ends the waiting only.
     *   <li><b>threads</b>: a {@code flotilla-worker} thread.
     * </ul>
     *
     * @param grace how long it goes on; zero for not at all
     * @return completes when nothing is left
     * @throws NullPointerException if {@code grace} is null (the call itself, not a signal)
     * @throws IllegalArgumentException if {@code grace} is negative, or over 292 years
     */
    public Mono<Void> close(Duration grace) {
        Bounds.notNegative("grace", grace);
        return Mono.defer(() -> core.close(grace).asMono());
    }

    /** The name and the counts. */
    @Override
    public String toString() {
        return "Manager[" + id() + ", " + stats() + "]";
    }

    /**
     * The configuration of a manager. Each setting checks its argument at once. Not thread-safe.
     *
     * @param <I> the type of a task
     * @param <O> the type of an answer
     */
    public static final class Builder<I, O> {

        private final ManagerSettings<I, O> settings;

        private Builder(AgentId id) {
            this.settings = new ManagerSettings<>(id);
        }

        /**
         * Adds a worker.
         *
         * @param worker the worker
         * @return this builder
         * @throws NullPointerException if {@code worker} is null
         * @throws IllegalArgumentException if there is one of this id
         */
        public Builder<I, O> worker(Worker<I, O> worker) {
            if (settings.workers.putIfAbsent(worker.id(), worker) != null) {
                throw ManagerSettings.duplicate(worker.id());
            }
            return this;
        }

        /**
         * How many tasks may wait for a worker. A further one is rejected, unless a worker has room for it.
         *
         * @param maxQueued 0 or more; default {@value Manager#DEFAULT_MAX_QUEUED}
         * @return this builder
         * @throws IllegalArgumentException if {@code maxQueued} is negative
         */
        public Builder<I, O> maxQueued(int maxQueued) {
            settings.maxQueued = Bounds.atLeast(0, "maxQueued", maxQueued);
            return this;
        }

        /**
         * How often a task is given to a worker, the first time included.
         *
         * @param maxAttempts 1 or more; default {@value Manager#DEFAULT_MAX_ATTEMPTS}
         * @return this builder
         * @throws IllegalArgumentException if {@code maxAttempts} is below 1
         */
        public Builder<I, O> maxAttempts(int maxAttempts) {
            settings.maxAttempts = Bounds.atLeast(1, "maxAttempts", maxAttempts);
            return this;
        }

        /**
         * How long a worker may be at a task before that counts as a failure, whatever it emits. The engine's own timeouts
         * apply besides. An attempt is a round of one step, so its failure names this limit as the round timeout.
         *
         * @param attemptTimeout more than zero; by default there is no such limit but the engine's
         * @return this builder
         * @throws NullPointerException if {@code attemptTimeout} is null
         * @throws IllegalArgumentException if {@code attemptTimeout} is not more than zero, or over 292 years
         */
        public Builder<I, O> attemptTimeout(Duration attemptTimeout) {
            settings.attemptTimeout = Bounds.positive("attemptTimeout", attemptTimeout);
            return this;
        }

        /**
         * Which workers are healthy. One that is not gets no task; tasks wait for it if no other is capable.
         *
         * @param health asked before each task; by default all are healthy
         * @return this builder
         * @throws NullPointerException if {@code health} is null
         */
        public Builder<I, O> health(WorkerHealth health) {
            settings.health = Objects.requireNonNull(health, "health");
            return this;
        }

        /**
         * When a worker that was unhealthy is asked about again.
         *
         * @param healthInterval more than zero; default one second
         * @return this builder
         * @throws NullPointerException if {@code healthInterval} is null
         * @throws IllegalArgumentException if {@code healthInterval} is not more than zero, or over 292 years
         */
        public Builder<I, O> healthInterval(Duration healthInterval) {
            settings.healthInterval = Bounds.positive("healthInterval", healthInterval);
            return this;
        }

        /**
         * The engine that steps the workers: its interceptors, timeouts, observations, limits and failures apply to each
         * attempt. Its concurrency, order and failure mode do not.
         *
         * @param engine default: one with all defaults, whose idle timeout ends a step that is silent for 60 seconds
         * @return this builder
         * @throws NullPointerException if {@code engine} is null
         */
        public Builder<I, O> engine(StepEngine engine) {
            settings.engine = Objects.requireNonNull(engine, "engine");
            return this;
        }

        /**
         * Makes the manager. The builder may be changed and used again.
         *
         * @return a new manager
         * @throws IllegalStateException if it has no worker
         */
        public Manager<I, O> build() {
            if (settings.workers.isEmpty()) {
                throw new IllegalStateException("manager " + settings.id + " has no worker");
            }
            return new Manager<>(new ManagerSettings<>(settings));
        }
    }
}
