package io.flotilla.team;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * How a worker leaves its manager: it is given nothing more, goes on with what it has within a grace, and what it has not done
 * then goes to others.
 */
final class Departure<I, O> {

    private final ManagerCore<I, O> core;
    private final WorkerState<I, O> worker;
    private final Sinks.Empty<Void> left = Sinks.empty();

    // Guarded by the manager.
    private @Nullable Disposable timer;
    private boolean isOver;

    Departure(ManagerCore<I, O> core, WorkerState<I, O> worker) {
        this.core = core;
        this.worker = worker;
    }

    /** The first grace counts; a later one of zero ends it. */
    Mono<Void> within(Duration grace) {
        if (grace.isZero()) {
            handOver();
        } else {
            synchronized (core) {
                if (timer == null && !isOver) {
                    timer = core.clock.schedule(grace, this::handOver);
                }
            }
        }
        return left.asMono();
    }

    private void handOver() {
        for (Attempt<I, O> attempt : core.attemptsOf(worker)) {
            core.clock.schedule(Duration.ZERO, () -> handOver(attempt));
        }
    }

    /** Cancel handlers and calls of the agent that do not return are not waited for. */
    private void handOver(Attempt<I, O> attempt) {
        core.clock.schedule(Manager.PATIENCE, () -> core.giveBack(attempt));
        attempt.cancel();
        attempt.whenLeft(() -> core.clock.schedule(Duration.ZERO, () -> core.giveBack(attempt)));
    }

    /** Under the lock: it is at nothing any more. */
    void done() {
        isOver = true;
        if (timer != null) {
            timer.dispose();
        }
        core.clock.schedule(Duration.ZERO, () -> {
            core.events().tell(new ManagerEvent.WorkerLeft(worker.worker.id()));
            left.tryEmitEmpty();
        });
    }
}
