package io.flotilla.internal;

import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * How many blocking bodies wait for one. A body notes its level on its thread while it runs; a round that is subscribed to
 * there takes the level along in its context, to whatever threads its steps are started on. So a body's level does not depend
 * on the thread that starts it.
 *
 * <p>Virtual threads have no bound, so nobody waits for one. Without them each level has a pool of its own, as large as the
 * shared one. Bodies of one level wait for those of higher levels only, and those of the highest for nobody: one of them can
 * always go on.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class BlockingLevel {

    /** The most levels below the first; a body that needs more fails at once. */
    public static final int MAX = 8;

    private static final String KEY = "flotilla.blocking-level";
    private static final int MAX_QUEUED = 100_000;
    private static final int IDLE_SECONDS = 60;

    private static final ThreadLocal<BlockingLevel> CURRENT = new ThreadLocal<>();

    /** By one of Reactor's shared schedulers, which changes when its factory is exchanged. Guarded by itself. */
    private static final Map<Scheduler, Scheduler[]> POOLS = new WeakHashMap<>();

    private final int depth;
    private final Scheduler pool;
    private final ContextView step;
    private final @Nullable BlockingLevel outer;

    private BlockingLevel(int depth, Scheduler pool, ContextView step, @Nullable BlockingLevel outer) {
        this.depth = depth;
        this.pool = pool;
        this.step = step;
        this.outer = outer;
    }

    /**
     * For rounds and runs: whose thread this is.
     *
     * @return the level of the blocking body that is running on this thread; null if none is
     */
    public static @Nullable BlockingLevel current() {
        return CURRENT.get();
    }

    /**
     * Notes the level for the bodies that see the context.
     *
     * @param context the context of a step
     * @return the same with this level
     */
    public Context in(Context context) {
        return context.put(KEY, this);
    }

    /**
     * For the body of a blocking agent that is about to be called.
     *
     * @param subscriber the context of its step
     * @return the level of the body that waits for it; null if none does
     */
    public static @Nullable BlockingLevel waiting(ContextView subscriber) {
        BlockingLevel here = CURRENT.get();
        return here != null ? here : subscriber.getOrDefault(KEY, null);
    }

    /**
     * How many bodies wait for one that {@code outer} waits for.
     *
     * @param outer the level of the body that waits, or null
     * @return the number of levels above
     */
    public static int depthBelow(@Nullable BlockingLevel outer) {
        return outer == null ? 0 : outer.depth + 1;
    }

    /**
     * Notes a body on this thread; {@link #leave} has to follow, with what was there before.
     *
     * @param outer the level of the body that waits for it, or null
     * @param pool whose thread it keeps
     * @param step the context of the body's step
     */
    public static void enter(@Nullable BlockingLevel outer, Scheduler pool, ContextView step) {
        CURRENT.set(new BlockingLevel(depthBelow(outer), pool, step, outer));
    }

    /**
     * The context of the step whose body keeps this thread: what blocks on the thread does not see it otherwise.
     *
     * @return the context
     */
    public ContextView step() {
        return step;
    }

    /**
     * Ends what {@link #enter} began.
     *
     * @param before what was {@link #current()} before
     */
    public static void leave(@Nullable BlockingLevel before) {
        if (before == null) {
            CURRENT.remove();
        } else {
            CURRENT.set(before);
        }
    }

    /**
     * Whether a body that waits keeps a thread of a pool.
     *
     * @param waiting the innermost body that waits, or null
     * @param pool the pool
     * @return true if one does
     */
    @SuppressWarnings("ReferenceEquality") // it is the pool itself whose threads are kept
    public static boolean keeps(@Nullable BlockingLevel waiting, Scheduler pool) {
        if (pool == VirtualThreads.scheduler()) {
            return false; // there is always another thread
        }
        for (BlockingLevel level = waiting; level != null; level = level.outer) {
            if (level.pool == pool) {
                return true;
            }
        }
        return false;
    }

    /**
     * The pool of a level: virtual threads for all of them; without these the shared pool for the first level, one of its size
     * for every other.
     *
     * @param depth how many bodies wait, from 0 to {@link #MAX}
     * @return the pool
     */
    @SuppressWarnings("ReferenceEquality") // there is one scheduler of virtual threads
    public static Scheduler pool(int depth) {
        Scheduler shared = BlockingPool.shared();
        if (depth == 0 || shared == VirtualThreads.scheduler()) {
            return shared;
        }
        Scheduler factory = Schedulers.single();
        synchronized (POOLS) {
            POOLS.keySet().removeIf(Scheduler::isDisposed);
            Scheduler[] pools = POOLS.computeIfAbsent(factory, any -> new Scheduler[MAX + 1]);
            Scheduler pool = pools[depth];
            if (pool == null || pool.isDisposed()) {
                pool = Schedulers.newBoundedElastic(
                        Schedulers.DEFAULT_BOUNDED_ELASTIC_SIZE,
                        MAX_QUEUED,
                        "flotilla-nested-" + depth,
                        IDLE_SECONDS,
                        true);
                pools[depth] = pool;
            }
            return pool;
        }
    }
}
