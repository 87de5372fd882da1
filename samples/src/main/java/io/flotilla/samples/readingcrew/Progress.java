package io.flotilla.samples.readingcrew;

import io.flotilla.step.StepCall;
import io.flotilla.step.StepInterceptor;
import reactor.core.publisher.Mono;

/**
 * Counts steps as they start and end, and shows it. A step that is cancelled has failed: its time was up. Thread-safe;
 * once closed it shows nothing more.
 */
final class Progress implements StepInterceptor, AutoCloseable {

    private final ProgressView view;
    private final boolean untilFirstFailure;
    private int started;
    private int done;
    private int failed;
    private boolean closed;

    /**
     * Starts at nothing.
     *
     * @param untilFirstFailure whether a failure ends the round, and the cancelled steps after it mean nothing
     */
    Progress(ProgressView view, boolean untilFirstFailure) {
        this.view = view;
        this.untilFirstFailure = untilFirstFailure;
    }

    @Override
    public <I, O> Mono<O> step(StepCall<I, O> call, Mono<O> attempts) {
        return attempts.doOnSubscribe(subscription -> start())
                .doOnSuccess(value -> end(true))
                .doOnError(error -> end(false))
                .doOnCancel(() -> end(false));
    }

    private synchronized void start() {
        started++;
        show();
    }

    private synchronized void end(boolean success) {
        if (success) {
            done++;
        } else {
            failed++;
        }
        show();
        if (!success && untilFirstFailure) {
            close();
        }
    }

    private void show() {
        if (!closed) {
            view.show(done, failed, started - done - failed);
        }
    }

    /** Shows the last state, and then no more. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            view.close();
        }
    }
}
