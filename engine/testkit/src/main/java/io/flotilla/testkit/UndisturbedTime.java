package io.flotilla.testkit;

import reactor.test.scheduler.VirtualTimeScheduler;

/**
 * Virtual time that ends when its owner says so, and not before. Reactor disposes of a shared scheduler that two threads make at
 * the same time, and in virtual time all of them are this one: a thread that somebody has left behind would be enough to end it.
 */
final class UndisturbedTime extends VirtualTimeScheduler implements AutoCloseable {

    private volatile boolean isOver;

    private UndisturbedTime() {
        super(false);
    }

    /** Begins: all of Reactor's schedulers are virtual until it is closed. */
    static UndisturbedTime begin() {
        UndisturbedTime time = new UndisturbedTime();
        VirtualTimeScheduler.set(time);
        return time;
    }

    @Override
    public void dispose() {
        if (isOver) {
            super.dispose();
        }
    }

    /** Real time is back. */
    @Override
    public void close() {
        isOver = true;
        VirtualTimeScheduler.reset();
    }
}
