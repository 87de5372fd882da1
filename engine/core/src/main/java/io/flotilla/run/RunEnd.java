package io.flotilla.run;

import io.flotilla.FlotillaException;
import io.flotilla.agent.UsageLedger;
import io.flotilla.run.machine.Effect;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * The end of a run: its result, first noted in the journal if there is one, then emitted. Thread-safe; touched by one thread at a
 * time but for {@link #result}.
 */
final class RunEnd<O> {

    private static final Logger LOG = LoggerFactory.getLogger(Run.class);

    /** Why a run is live no more. */
    enum Over {
        /** It has a result. */
        ENDED,
        /** It can be recovered. */
        SUSPENDED,
        /** It was to be started when runs were shut down already. */
        REFUSED,
        /** Something has failed that is not the run. */
        BROKEN_DOWN
    }

    private final String runId;
    private final RunClock clock;
    private final UsageLedger usage;
    private final @Nullable FactRecorder recorder;
    private final EventLog events;
    private final RunOutputs outputs;
    private final LiveRuns.@Nullable Claim claim;
    private final Outlet<RunResult<O>> result = new Outlet<>();
    private final Outlet<Over> over = new Outlet<>();

    /** How long the run took, if it had ended before. */
    private @Nullable Duration recordedDuration;

    private @Nullable RunResult<O> finished;
    private @Nullable Throwable breakdown;

    RunEnd(
            String runId,
            RunClock clock,
            UsageLedger usage,
            @Nullable FactRecorder recorder,
            EventLog events,
            RunOutputs outputs,
            LiveRuns.@Nullable Claim claim) {
        this.runId = runId;
        this.clock = clock;
        this.usage = usage;
        this.recorder = recorder;
        this.events = events;
        this.outputs = outputs;
        this.claim = claim;
    }

    Mono<RunResult<O>> result() {
        return result.mono();
    }

    /** Emits when the run is live no more; nobody who waits for the result can keep it from that. */
    Mono<Over> over() {
        return over.mono();
    }

    /** What the run has broken down with; null if it has not. */
    @Nullable Throwable breakdown() {
        return breakdown;
    }

    boolean isEnded() {
        return over.known() == Over.ENDED;
    }

    /** The run had ended before, after this time; null if it had not. */
    void recorded(@Nullable Duration duration) {
        recordedDuration = duration;
    }

    /** The machine has finished; how long the run took. */
    Duration finish(Effect.Finish finish) {
        @SuppressWarnings("unchecked") // the machine holds every answer against its type
        List<O> answers = (List<O>) new ArrayList<>(finish.answers());
        Duration duration = recordedDuration == null ? clock.sinceStart() : recordedDuration;
        finished = new RunResult<>(runId, finish, answers, usage.total(), clock.startedAt(), duration);
        return duration;
    }

    /** Emits the result, if the run has finished; once. */
    void emitFinished() {
        RunResult<O> ended = finished;
        if (ended == null) {
            return;
        }
        finished = null;
        if (recorder == null || !recorder.isEndUnrecorded()) {
            emit(ended);
            return;
        }
        // Every fact is in the journal, so the result stands; the note of the end only spares a list the reading.
        try {
            if (recorder.finish(clock.now(), ended.status(), failure -> clock.onWorker(() -> emit(ended)))) {
                emit(ended);
            }
        } catch (Throwable noNote) {
            emit(ended);
        }
    }

    private void emit(RunResult<O> ended) {
        release();
        events.complete();
        outputs.complete();
        result.end(ended, null, () -> over.value(Over.ENDED));
    }

    /** The run is suspended; for those who watch it nothing more comes. */
    void suspend(FlotillaException why) {
        events.complete();
        outputs.complete();
        suspendUnseen(why);
    }

    /** The same by another thread than the worker, who completes events and output when it is back. */
    void suspendUnseen(FlotillaException why) {
        release();
        Over how = why instanceof RunSuspendedException ? Over.SUSPENDED : Over.REFUSED;
        result.end(null, why, () -> over.value(how));
    }

    /** From here on the run may be recovered again. */
    private void release() {
        if (claim != null) {
            claim.release();
        }
    }

    /** The run has broken down: there is no result, whether it has finished or not. */
    void forget() {
        finished = null;
    }

    /** The run has broken down. If nobody is there to hear of it, the log says so. */
    void fail(Throwable broken, boolean isHeard) {
        breakdown = broken;
        release();
        boolean isAwaited = result.end(null, broken, () -> over.value(Over.BROKEN_DOWN));
        if (!isAwaited && !isHeard) {
            LOG.error("a run has broken down, and nobody has subscribed to it: run={}", runId, broken);
        }
    }
}
