package io.flotilla.message;

import io.flotilla.step.SimulationThread;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Where mailboxes drain: on the shared pool, inside virtual time on its scheduler, or where the user says. */
final class Dispatch {

    private record Cached(Scheduler key, Executor executor) {}

    private static final Executor POOL = WorkerPool.SHARED::execute;

    private static volatile @Nullable Cached last;

    private Dispatch() {}

    /** Reactor makes its shared schedulers anew when its factory is exchanged, as turning on virtual time does. */
    @SuppressWarnings("ReferenceEquality") // it is the instance that changes with the factory
    static Executor shared() {
        if (SimulationThread.isCurrent()) {
            return on(Schedulers.parallel()); // which has no threads of its own either
        }
        Scheduler key = Schedulers.single();
        Cached cached = last;
        if (cached != null && cached.key() == key) {
            return cached.executor();
        }
        Executor found = find(key);
        last = new Cached(key, found);
        return found;
    }

    /** Whether that is the pool of mailboxes itself. */
    @SuppressWarnings("ReferenceEquality") // there is one
    static boolean isPool(Executor executor) {
        return executor == POOL;
    }

    /** A factory that has one scheduler for everything is that of virtual time; real ones are as many as are asked for. */
    @SuppressWarnings("ReferenceEquality")
    private static Executor find(Scheduler key) {
        Scheduler one = Schedulers.newSingle("flotilla-mailbox-probe", true);
        Scheduler other = Schedulers.newSingle("flotilla-mailbox-probe", true);
        if (one == other) {
            return on(one);
        }
        // Else the factory was exchanged in between, and one of them may be virtual time.
        boolean areOurs = Schedulers.single() == key;
        if (areOurs) {
            one.dispose();
            other.dispose();
        }
        return POOL;
    }

    /** Never refuses: what the scheduler does not take runs on the shared pool. */
    static Executor on(Scheduler scheduler) {
        return task -> {
            try {
                scheduler.schedule(task);
            } catch (Throwable refused) {
                WorkerPool.SHARED.execute(task);
            }
        };
    }

    static Executor of(@Nullable Supplier<Scheduler> scheduler) {
        if (scheduler == null) {
            return shared();
        }
        try {
            return on(scheduler.get());
        } catch (Throwable thrown) {
            return POOL; // a supplier that throws, or has none
        }
    }
}
