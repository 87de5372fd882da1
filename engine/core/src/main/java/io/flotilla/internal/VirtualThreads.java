package io.flotilla.internal;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Virtual threads, where the JDK has them: 21 and newer. The library is compiled for 17, so their API is reached by method
 * handles, once.
 *
 * @since 0.1
 */
public final class VirtualThreads {

    private static final String NAME = "flotilla-blocking-";

    private static final @Nullable Scheduler SCHEDULER = create();

    private VirtualThreads() {}

    /**
     * A scheduler that runs every task on a virtual thread of its own. Without a bound: what limits the steps limits the
     * threads. It is shared, and nobody disposes of it.
     *
     * @return the same at every call; null where the JDK has no virtual threads
     */
    public static @Nullable Scheduler scheduler() {
        return SCHEDULER;
    }

    private static @Nullable Scheduler create() {
        try {
            Lookup lookup = MethodHandles.publicLookup();
            Class<?> builder = Class.forName("java.lang.Thread$Builder");
            Class<?> virtual = Class.forName("java.lang.Thread$Builder$OfVirtual");
            MethodHandle ofVirtual = lookup.findStatic(Thread.class, "ofVirtual", MethodType.methodType(virtual));
            MethodHandle name =
                    lookup.findVirtual(virtual, "name", MethodType.methodType(virtual, String.class, long.class));
            MethodHandle factory = lookup.findVirtual(builder, "factory", MethodType.methodType(ThreadFactory.class));
            MethodHandle perTask = lookup.findStatic(
                    Executors.class,
                    "newThreadPerTaskExecutor",
                    MethodType.methodType(ExecutorService.class, ThreadFactory.class));
            Object named = name.invoke(ofVirtual.invoke(), NAME, 1L);
            ThreadFactory threads = (ThreadFactory) factory.invoke(named);
            return Schedulers.fromExecutorService((ExecutorService) perTask.invoke(threads), "flotilla-blocking");
        } catch (Throwable none) { // before 21, or a preview that is not enabled
            return null;
        }
    }
}
