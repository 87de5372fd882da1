package io.flotilla.testkit;

import org.jspecify.annotations.Nullable;

/**
 * Refuses threads that the thread of a simulated world makes: nobody could say what happens on them when. A thread takes over
 * the inheritable values of the one that makes it, and asks for them before anything else.
 */
final class OneThread extends InheritableThreadLocal<SeededTime> {

    private static final OneThread CURRENT = new OneThread();

    private OneThread() {}

    /** From now on this thread makes no other. */
    static void begin(SeededTime time) {
        CURRENT.set(time);
    }

    static void end() {
        CURRENT.remove();
    }

    @Override
    protected @Nullable SeededTime childValue(SeededTime parent) {
        if (!parent.isClosed()) {
            throw parent.refuse("a thread is made in the simulated world, at " + Places.ofUser(Thread.currentThread())
                    + ". What runs on a thread of its own runs at any time: use Reactor's schedulers");
        }
        return null;
    }
}
