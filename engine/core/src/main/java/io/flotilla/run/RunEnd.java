package io.flotilla.run;

import io.flotilla.agent.UsageLedger;
import io.flotilla.run.machine.Effect;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The end of a run: its result, first noted in the journal if there is one, then emitted. Thread-safe; touched by one thread at a
 * time but for {@link #result}.
 */
final class RunEnd<O> {

    private final String runId;
    private final RunClock clock;
    private final UsageLedger usage;
    private final @Nullable FactRecorder recorder;
    private final EventLog events;
    private final RunOutputs outputs;
    private final Outlet<RunResult<O>> result = new Outlet<>();

    /** How long the run took, if it had ended before. */
    private @Nullable Duration recordedDuration;

    private @Nullable RunResult<O> finished;

    RunEnd(
            String runId,
            RunClock clock,
            UsageLedger usage,
            @Nullable FactRecorder recorder,
            EventLog events,
            RunOutputs outputs) {
        this.runId = runId;
        this.clock = clock;
        this.usage = usage;
        this.recorder = recorder;
        this.events = events;
        this.outputs = outputs;
    }

    Mono<RunResult<O>> result() {
        return result.mono();
    }

    /** The run had ended before, after this time; null if it had not. */
    void recorded(@Nullable Duration duration) {
        recordedDuration = duration;
    }

    /** The machine has finished. */
    void finish(Effect.Finish finish) {
        @SuppressWarnings("unchecked") // the machine holds every answer against its type
        List<O> answers = (List<O>) new ArrayList<>(finish.answers());
        Duration duration = recordedDuration == null ? clock.sinceStart() : recordedDuration;
        finished = new RunResult<>(runId, finish, answers, usage.total(), clock.startedAt(), duration);
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
        events.complete();
        outputs.complete();
        result.value(ended);
    }

    /** The run has broken down: there is no result, whether it has finished or not. */
    void forget() {
        finished = null;
    }

    void fail(Throwable broken) {
        result.error(broken);
    }
}
