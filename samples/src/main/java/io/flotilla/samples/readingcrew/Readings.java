package io.flotilla.samples.readingcrew;

import io.flotilla.agent.StepContext;
import io.flotilla.run.Turn;
import io.flotilla.step.ResultSink;
import io.flotilla.step.StepCall;
import io.flotilla.step.StepInterceptor;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Keeps of the readers' steps what a run does not tell: attempts and causes. Thread-safe. */
final class Readings implements StepInterceptor {

    private final Map<String, Reading> byFile = new ConcurrentHashMap<>();

    @Override
    public <I, O> Mono<O> step(StepCall<I, O> call, Mono<O> attempts) {
        String file = file(call);
        if (file == null) {
            return attempts;
        }
        Reading reading = new Reading(call.time());
        byFile.put(file, reading);
        return attempts.doOnSuccess(decision -> reading.ended()).doOnError(reading::failed);
    }

    @Override
    public <I, O> Mono<O> attempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
        String file = file(call);
        Reading reading = file == null ? null : byFile.get(file);
        if (reading == null) {
            return attempt;
        }
        reading.attempt();
        return attempt.doOnNext(decision -> reading.attemptAnswered()).doOnError(reading::attemptFailed);
    }

    private static @Nullable String file(StepCall<?, ?> call) {
        return call.input() instanceof Turn turn && turn.input() instanceof SourceFile file ? file.name() : null;
    }

    /** How all files have fared up to now, given what has come to the writer in time. */
    StepReport<Digest> report(List<SourceFile> files, List<Digest> inTime) {
        Map<String, Digest> digests = new HashMap<>();
        inTime.forEach(digest -> digests.put(digest.file(), digest));
        ResultSink<Digest> sink = ResultSink.keepingAll();
        for (int at = 0; at < files.size(); at++) {
            SourceFile file = files.get(at);
            Reading reading = byFile.get(file.name());
            sink.accept(
                    reading == null
                            ? notBegun(file, at)
                            : reading.result(Reader.idOf(file), at, digests.get(file.name())));
        }
        return sink.report();
    }

    private static StepResult<Digest> notBegun(SourceFile file, int at) {
        LateException late = new LateException("not begun when the writer began");
        return new StepResult.Cancelled<>(Reader.idOf(file), at, 0, Instant.now(), java.time.Duration.ZERO, late);
    }
}
