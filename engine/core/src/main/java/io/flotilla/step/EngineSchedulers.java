package io.flotilla.step;

import java.lang.ref.Cleaner;
import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Where timers fire, where time-outs are delivered, and where subscribers hear of failures.
 *
 * <p>Several schedulers, since user code must not run on the first: what a time-out sets off (cancelling the body, delivering
 * the result, starting the next step) may block, and a blocked timer thread would hold up every other time-out. None
 * is one of Reactor's shared schedulers: bodies run there, and blocked ones would keep their own time-outs from firing.
 *
 * @param timer where timers fire: one thread that runs nothing else
 * @param worker where time-outs are delivered: threads on demand, ended when idle; so many that only as many blocked bodies
 *     would use them up
 * @param feeds where subscribers of failures run, each on a thread of its own
 */
record EngineSchedulers(Scheduler timer, Scheduler worker, Scheduler feeds) {

    private static final int MAX_WORKERS = 10_000;
    private static final int MAX_QUEUED = 100_000;
    private static final int IDLE_SECONDS = 10;

    /**
     * Reactor makes its shared schedulers anew when its factory is exchanged, as turning on virtual time does. Keyed by
     * one of them, ours change with it: inside virtual time they are virtual, and afterwards the old ones are back.
     */
    private static final Map<Scheduler, EngineSchedulers> BY_FACTORY = new WeakHashMap<>();

    private static final Cleaner CLEANER = Cleaner.create();

    private static volatile @Nullable Cached last;

    private record Cached(Scheduler key, EngineSchedulers schedulers) {}

    @SuppressWarnings("ReferenceEquality") // it is the instance that changes with the factory
    static EngineSchedulers shared() {
        Scheduler key = Schedulers.single();
        Cached cached = last;
        if (cached != null && cached.key() == key) {
            return cached.schedulers();
        }
        synchronized (BY_FACTORY) {
            BY_FACTORY.entrySet().removeIf(EngineSchedulers::isOutdated);
            EngineSchedulers found = BY_FACTORY.computeIfAbsent(key, any -> create());
            last = new Cached(key, found);
            return found;
        }
    }

    /** Reactor's schedulers have been shut down for good: no new round gets the ones that came with them. */
    private static boolean isOutdated(Map.Entry<Scheduler, EngineSchedulers> entry) {
        return entry.getKey().isDisposed();
    }

    /** Runs what may keep its thread; never refused. */
    void listen(Runnable task) {
        try {
            feeds.schedule(task);
        } catch (Throwable disposed) {
            Starter.rescue(task);
        }
    }

    private static EngineSchedulers create() {
        Scheduler timer = Schedulers.newSingle("flotilla-timer", true);
        Scheduler worker = Schedulers.newBoundedElastic(MAX_WORKERS, MAX_QUEUED, "flotilla-worker", IDLE_SECONDS, true);
        Scheduler feeds =
                Schedulers.newBoundedElastic(MAX_WORKERS, MAX_QUEUED, "flotilla-listener", IDLE_SECONDS, true);
        EngineSchedulers created = new EngineSchedulers(timer, worker, feeds);
        if (isShared(timer, worker, feeds)) {
            return created;
        }
        // Rounds in flight hold on to them, and so does every timer that is armed: disposed of when nobody uses them.
        CLEANER.register(created, () -> {
            timer.dispose();
            worker.dispose();
            feeds.dispose();
        });
        return created;
    }

    /** A factory that gives the same one twice, as that of virtual time does, gives it to others too: it is not ours to dispose of. */
    @SuppressWarnings("ReferenceEquality")
    private static boolean isShared(Scheduler timer, Scheduler worker, Scheduler feeds) {
        return timer == worker || worker == feeds || feeds == timer;
    }
}
