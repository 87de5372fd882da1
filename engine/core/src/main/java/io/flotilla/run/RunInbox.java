package io.flotilla.run;

import io.flotilla.run.machine.Fact;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.util.concurrent.Queues;

/**
 * What waits for the worker of a run: facts, and tasks that others want it to do between two facts. Whoever puts in something when
 * nothing is in becomes the worker, and works until nothing is left.
 *
 * <p>Anybody may put in; only the worker takes out.
 */
final class RunInbox {

    /** As many facts as there are steps in flight, timers and calls of users; never more. */
    private final Queue<Fact> facts = Queues.<Fact>unboundedMultiproducer().get();

    private final Queue<Runnable> tasks =
            Queues.<Runnable>unboundedMultiproducer().get();

    /** How many facts and tasks are not yet handled; the thread that raises it from 0 works until it is 0 again. */
    private final AtomicInteger wip = new AtomicInteger();

    /** How many tasks there are: raised before {@link #wip}, so that this many of it may not be facts. */
    private final AtomicInteger taskCount = new AtomicInteger();

    /** True if the caller is the worker now. */
    boolean put(Fact fact) {
        facts.offer(fact);
        return wip.getAndIncrement() == 0;
    }

    /** True if the caller is the worker now. */
    boolean put(Runnable task) {
        tasks.offer(task);
        taskCount.incrementAndGet();
        return wip.getAndIncrement() == 0;
    }

    /** Nobody else works before something has been {@linkplain #handled handled}; to be called before anything is put in. */
    void hold() {
        wip.set(1);
    }

    /** The worker has handled a fact or a task. True if there is more for it. */
    boolean handled() {
        return wip.decrementAndGet() != 0;
    }

    /** The next task; null if it is a fact that is next. */
    @Nullable Runnable task() {
        if (taskCount.get() == 0) {
            return null;
        }
        taskCount.decrementAndGet();
        return Objects.requireNonNull(tasks.poll());
    }

    /** The facts, of which {@link #countedFacts} may be taken out. */
    Queue<Fact> facts() {
        return facts;
    }

    /** At least the one fact that is there when there was no task; of what else has come, as many as cannot be tasks. */
    int countedFacts() {
        return Math.max(1, wip.get() - taskCount.get());
    }

    boolean hasFacts() {
        return !facts.isEmpty();
    }
}
