package io.flotilla.run;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Ends what a workflow does in this process: refuses new runs, and suspends those that are live. Once; thread-safe. */
final class Shutdown {

    private final String workflow;
    private final AtomicBoolean called = new AtomicBoolean();
    private final Outlet<Drained> drained = new Outlet<>();
    private volatile boolean begun;

    Shutdown(String workflow) {
        this.workflow = workflow;
    }

    boolean isBegun() {
        return begun;
    }

    RunsShutDownException refusal() {
        return new RunsShutDownException(workflow);
    }

    /** Throws if no more runs are to be started. */
    void check() {
        if (begun) {
            throw refusal();
        }
    }

    /** The first subscriber begins it; all get the same. */
    Mono<Drained> drained(Duration grace, LiveRuns live) {
        return Mono.defer(() -> {
            if (called.compareAndSet(false, true)) {
                begin(grace, live);
            }
            return drained.mono();
        });
    }

    /** A run that is not among the live ones yet sees that this has begun. */
    @SuppressWarnings("ReferenceEquality") // each workflow has its own
    private void begin(Duration grace, LiveRuns live) {
        begun = true;
        List<RunLoop<?>> loops = new ArrayList<>();
        for (Run<?> run : live.all()) {
            if (run.loop().setup().shutdown() == this) {
                loops.add(run.loop());
            }
        }
        loops.forEach(RunLoop::requestSuspension); // all, before the first connection is cut
        loops.forEach(loop -> loop.suspend(grace));
        Flux.fromIterable(loops)
                .concatMap(RunLoop::drained, 1)
                .reduce(Drained.NONE, Drained::plus)
                .subscribe(drained::value, drained::error);
    }
}
