package io.flotilla.step;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Calls one piece of user code, then the rest; if the piece holds the thread, another thread runs the rest. The rest runs
 * exactly once.
 */
final class Relay extends Lane {

    private final Runnable piece;
    private final Runnable rest;
    private final AtomicBoolean passed = new AtomicBoolean();

    private Relay(Runnable piece, Runnable rest) {
        this.piece = piece;
        this.rest = rest;
    }

    /** {@code piece} on this thread, {@code rest} on this thread or, after a piece that does not return, on another. */
    static void run(Runnable piece, Runnable rest) {
        Relay relay = new Relay(piece, rest);
        relay.run();
        relay.pass();
    }

    @Override
    boolean advance() {
        try {
            piece.run();
        } catch (Throwable thrown) {
            Steps.reportFailed(thrown);
        }
        return false;
    }

    @Override
    boolean isAwaited() {
        return !passed.get();
    }

    @Override
    void overdue() {
        pass();
    }

    private void pass() {
        if (passed.compareAndSet(false, true)) {
            rest.run();
        }
    }
}
