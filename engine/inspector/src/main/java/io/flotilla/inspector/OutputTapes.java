package io.flotilla.inspector;

import io.flotilla.run.Run;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The output of the runs that somebody looks at, or has looked at a moment ago. Thread-safe. */
final class OutputTapes {

    private static final int LOOKS = 3;

    private final Duration patience;
    private final Mono<Void> closed;

    // Guarded by this.
    private final Map<String, OutputTape> byRun = new HashMap<>();
    private final String epoch = Long.toString(System.nanoTime() & Long.MAX_VALUE, 36);
    private long made;

    /** {@code patience} is how long a tape is kept that nobody reads. */
    OutputTapes(Duration patience, Mono<Void> closed) {
        this.patience = patience;
        this.closed = closed;
    }

    /** What a live run tells; from now on, if nobody has looked at it before. */
    synchronized OutputTape of(Run<?> run) {
        OutputTape known = byRun.get(run.runId());
        if (known != null && known.isOf(run) && !known.isDisposed()) {
            return known;
        }
        made++;
        OutputTape tape = OutputTape.of(epoch + Long.toString(made, 36), run);
        byRun.put(run.runId(), tape);
        forgetLater(run.runId(), tape);
        return tape;
    }

    /** The tape of that name, also of a run that has ended; null if it is not kept any more. */
    synchronized @Nullable OutputTape find(String runId, String name) {
        OutputTape known = byRun.get(runId);
        return known != null && known.name().equals(name) ? known : null;
    }

    private void forgetLater(String runId, OutputTape tape) {
        Flux.interval(patience.dividedBy(LOOKS))
                .onBackpressureDrop()
                .takeUntil(any -> System.nanoTime() - tape.touched() > patience.toNanos())
                .takeUntilOther(closed)
                .doFinally(any -> forget(runId, tape))
                .subscribe();
    }

    private synchronized void forget(String runId, OutputTape tape) {
        byRun.remove(runId, tape);
        tape.dispose();
    }
}
