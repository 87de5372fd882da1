package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An agent that works for a {@link Manager}, what it is capable of, and what happens when it fails. Immutable; may be given to
 * several managers, which then know nothing of each other's tasks.
 *
 * @param <I> the type of a task
 * @param <O> the type of an answer
 * @since 0.1
 */
public final class Worker<I, O> {

    private final AgentId id;
    private final Set<String> capabilities;
    private final int concurrency;
    private final Supervision supervision;
    final @Nullable Agent<? super I, ? extends O> agent;
    final @Nullable Supplier<? extends Agent<? super I, ? extends O>> factory;

    private Worker(
            AgentId id,
            Set<String> capabilities,
            int concurrency,
            Supervision supervision,
            @Nullable Agent<? super I, ? extends O> agent,
            @Nullable Supplier<? extends Agent<? super I, ? extends O>> factory) {
        this.id = id;
        this.capabilities = capabilities;
        this.concurrency = concurrency;
        this.supervision = supervision;
        this.agent = agent;
        this.factory = factory;
    }

    /**
     * A worker that is one agent. It cannot be restarted; by default it resumes after a failure.
     *
     * @param agent the agent; its id is read once, by this call
     * @param capabilities what it can do, at least one; each 1 to 200 characters, not blank
     * @param <I> the type of a task
     * @param <O> the type of an answer
     * @return the worker, with a concurrency of 1
     * @throws NullPointerException if an argument, the agent's id or a capability is null
     * @throws IllegalArgumentException if there is no capability, or one is blank or too long
     */
    public static <I, O> Worker<I, O> of(Agent<? super I, ? extends O> agent, String... capabilities) {
        AgentId id =
                Objects.requireNonNull(Objects.requireNonNull(agent, "agent").id(), "the agent's id");
        return new Worker<>(id, checked(capabilities), 1, Supervision.resume(), agent, null);
    }

    /**
     * A worker whose agent can be replaced. By default it is, after each failure.
     *
     * <p>The factory is called inside the first step of each new agent, so what it does wrong is a failure of that step. A
     * replaced agent that is a {@link reactor.core.Disposable} is disposed of when its last step has ended, and the last one
     * when the manager is closed.
     *
     * @param id the worker's id, whatever the ids of its agents
     * @param factory makes an agent; a new one at each call
     * @param capabilities what it can do, at least one; each 1 to 200 characters, not blank
     * @param <I> the type of a task
     * @param <O> the type of an answer
     * @return the worker, with a concurrency of 1
     * @throws NullPointerException if an argument or a capability is null
     * @throws IllegalArgumentException if there is no capability, or one is blank or too long
     */
    public static <I, O> Worker<I, O> restartable(
            AgentId id, Supplier<? extends Agent<? super I, ? extends O>> factory, String... capabilities) {
        return new Worker<>(
                Objects.requireNonNull(id, "id"),
                checked(capabilities),
                1,
                Supervision.restart(),
                null,
                Objects.requireNonNull(factory, "factory"));
    }

    private static Set<String> checked(String... capabilities) {
        Set<String> checked = new LinkedHashSet<>();
        for (String capability : Objects.requireNonNull(capabilities, "capabilities")) {
            checked.add(Bounds.name("capability", capability));
        }
        if (checked.isEmpty()) {
            throw new IllegalArgumentException("a worker must have a capability, had none");
        }
        return Collections.unmodifiableSet(checked);
    }

    /**
     * How many tasks it may be at.
     *
     * @param concurrency 1 or more; default 1
     * @return a changed worker
     * @throws IllegalArgumentException if {@code concurrency} is below 1
     */
    public Worker<I, O> concurrency(int concurrency) {
        return new Worker<>(
                id, capabilities, Bounds.atLeast(1, "concurrency", concurrency), supervision, agent, factory);
    }

    /**
     * What happens when it fails.
     *
     * @param supervision default: {@link Supervision#resume()} for {@link #of}, {@link Supervision#restart()} for {@link
     *     #restartable}
     * @return a changed worker
     * @throws NullPointerException if {@code supervision} is null
     * @throws IllegalArgumentException if it restarts a worker that has no factory
     */
    public Worker<I, O> supervision(Supervision supervision) {
        if (Objects.requireNonNull(supervision, "supervision").always instanceof Directive.Restart && factory == null) {
            throw new IllegalArgumentException("worker " + id + " has no factory to be restarted with");
        }
        return new Worker<>(id, capabilities, concurrency, supervision, agent, factory);
    }

    /**
     * The worker's id.
     *
     * @return the same at every call
     */
    public AgentId id() {
        return id;
    }

    /**
     * What it can do.
     *
     * @return unmodifiable, in the order given
     */
    public Set<String> capabilities() {
        return capabilities;
    }

    /**
     * How many tasks it may be at.
     *
     * @return 1 or more
     */
    public int concurrency() {
        return concurrency;
    }

    /**
     * What happens when it fails.
     *
     * @return the supervision
     */
    public Supervision supervision() {
        return supervision;
    }

    /** The id and the capabilities. */
    @Override
    public String toString() {
        return id + " " + capabilities;
    }
}
