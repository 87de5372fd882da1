package io.flotilla.internal;

import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Where the bodies of blocking agents run that have no pool of their own: what their engine was given, else virtual threads
 * where the JDK has them, else Reactor's shared pool.
 *
 * @since 0.1
 */
public final class BlockingPool {

    private static final String KEY = "flotilla.blocking-scheduler";
    private static final String REACTORS_OWN = "reactor.core.scheduler.";

    private BlockingPool() {}

    /**
     * Notes an engine's choice for the bodies that see the context.
     *
     * @param context the context of a step
     * @param chosen what the engine was given, or null; then that of an engine around it does not count either
     * @return the same with this choice
     */
    public static Context in(Context context, @Nullable Supplier<Scheduler> chosen) {
        if (chosen != null) {
            return context.put(KEY, chosen);
        }
        return context.hasKey(KEY) ? context.delete(KEY) : context;
    }

    /**
     * The choice of the engine that calls a body.
     *
     * @param subscriber the context of its step
     * @return the scheduler; null without a choice
     */
    public static @Nullable Scheduler chosen(ContextView subscriber) {
        Supplier<Scheduler> chosen = subscriber.getOrDefault(KEY, null);
        return chosen == null ? null : Objects.requireNonNull(chosen.get(), "blockingScheduler returned null");
    }

    /**
     * Where bodies run that no body waits for.
     *
     * @return virtual threads; Reactor's shared pool without them, and inside virtual time
     */
    static Scheduler shared() {
        Scheduler pool = Schedulers.boundedElastic();
        Scheduler virtual = VirtualThreads.scheduler();
        return virtual != null && isReactorsOwn(pool) ? virtual : pool;
    }

    /**
     * Whether Reactor's schedulers are its own.
     *
     * @return false if its factory has been exchanged, as virtual time does
     */
    public static boolean isTimeReal() {
        return isReactorsOwn(Schedulers.boundedElastic());
    }

    /** False if Reactor's factory has been exchanged, as virtual time does. */
    private static boolean isReactorsOwn(Scheduler pool) {
        Object actual = pool instanceof Supplier<?> shared ? shared.get() : pool;
        return actual != null && actual.getClass().getName().startsWith(REACTORS_OWN);
    }
}
