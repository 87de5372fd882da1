package io.flotilla.team;

import io.flotilla.agent.Agent;
import io.flotilla.step.EngineClock;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;

/** One agent of a worker, from the first step that needs it to the last that uses it. */
final class Incarnation<I, O> {

    private static final Logger LOG = LoggerFactory.getLogger(Manager.class);

    private final Worker<I, O> worker;
    private final EngineClock clock;
    private final @Nullable Supplier<? extends Agent<? super I, ? extends O>> factory;
    private final AtomicBoolean isDisposed = new AtomicBoolean();
    private volatile @Nullable Agent<? super I, ? extends O> agent;
    private volatile boolean isUnused;

    // Guarded by the manager.
    private int users;
    private boolean isRetired;

    Incarnation(Worker<I, O> worker, EngineClock clock) {
        this.worker = worker;
        this.clock = clock;
        this.factory = worker.factory;
        this.agent = worker.agent;
    }

    boolean isMade() {
        return agent != null;
    }

    /** Inside a step: what the factory does wrong, or how long it takes, is the step's. */
    Agent<? super I, ? extends O> agent() {
        Agent<? super I, ? extends O> made = agent;
        if (made == null && factory != null) {
            made = Objects.requireNonNull(
                    factory.get(), () -> "the factory of worker " + worker.id() + " returned null");
            agent = made;
            if (isUnused) { // it took longer than its step
                dispose();
            }
        }
        return Objects.requireNonNull(made, "a worker has an agent or a factory");
    }

    void use() {
        users++;
    }

    void unuse() {
        users--;
        endIfUnused();
    }

    void retire() {
        isRetired = true;
        endIfUnused();
    }

    private void endIfUnused() {
        if (isRetired && users == 0) {
            isUnused = true;
            if (factory != null) {
                clock.schedule(Duration.ZERO, this::dispose);
            }
        }
    }

    /** The factory's agent is ours to dispose of. */
    private void dispose() {
        if (agent instanceof Disposable disposable && isDisposed.compareAndSet(false, true)) {
            try {
                disposable.dispose();
            } catch (Throwable thrown) {
                LOG.warn("an agent of worker {} could not be disposed of", worker.id(), thrown);
            }
        }
    }
}
