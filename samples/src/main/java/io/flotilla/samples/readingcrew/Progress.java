package io.flotilla.samples.readingcrew;

import io.flotilla.run.RunEvent;
import io.flotilla.step.StepCall;
import io.flotilla.step.StepInterceptor;
import io.flotilla.step.StepResult;
import reactor.core.publisher.Mono;

/**
 * Counts steps as they start, which an interceptor sees, and as they end, which their results tell; and shows both.
 * Thread-safe; once closed it shows nothing more.
 */
final class Progress implements StepInterceptor, AutoCloseable {

    private final ProgressView view;
    private int started;
    private int done;
    private int failed;
    private boolean closed;

    Progress(ProgressView view) {
        this.view = view;
    }

    @Override
    public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
        return attempts.doOnSubscribe(subscription -> start());
    }

    private synchronized void start() {
        started++;
        show();
    }

    void ended(StepResult<?> result) {
        ended(result.isFailure());
    }

    /** The same for a run, of which it counts the steps of one agent. */
    void watch(RunEvent event, String agent) {
        if (event instanceof RunEvent.StepStarted started && started.agent().equals(agent)) {
            start();
        } else if (event instanceof RunEvent.StepSettled settled
                && settled.agent().equals(agent)) {
            ended(settled.failed());
        }
    }

    private synchronized void ended(boolean failure) {
        if (failure) {
            failed++;
        } else {
            done++;
        }
        show();
    }

    private void show() {
        if (!closed) {
            view.show(done, failed, started - done - failed);
        }
    }

    /** Leaves the last state as it is shown. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            view.close();
        }
    }
}
