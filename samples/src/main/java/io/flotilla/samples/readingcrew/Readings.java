package io.flotilla.samples.readingcrew;

import io.flotilla.agent.StepContext;
import io.flotilla.run.Turn;
import io.flotilla.step.ResultSink;
import io.flotilla.step.StepCall;
import io.flotilla.step.StepInterceptor;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Keeps of the readers' steps what a run does not tell: attempts and causes. Of those that ended before the process died
 * it knows what the journal does, see {@link PreviousRun}. Thread-safe.
 */
final class Readings implements StepInterceptor {

    private final Map<String, Reading> byFile = new ConcurrentHashMap<>();
    private volatile PreviousRun previous = PreviousRun.none();

    /** Says what had been read before this process began. */
    void remember(PreviousRun before) {
        previous = before;
    }

    @Override
    public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
        String file = file(call);
        if (file == null) {
            return attempts;
        }
        Reading reading = new Reading(call.clock());
        byFile.put(file, reading);
        return attempts.doOnSuccess(decision -> reading.ended()).doOnError(reading::failed);
    }

    @Override
    public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
        String file = file(call);
        Reading reading = file == null ? null : byFile.get(file);
        if (reading == null) {
            return attempt;
        }
        reading.attempt();
        return attempt.doOnError(reading::attemptFailed);
    }

    private static @Nullable String file(StepCall<?, ?> call) {
        return call.input() instanceof Turn turn && turn.input() instanceof String file ? file : null;
    }

    /** What a reader whose step is under way has made of its file. */
    Read read(Digest digest, boolean local) {
        return Objects.requireNonNull(byFile.get(digest.file())).read(digest, local);
    }

    /** Whether the reader of a file has neither come in time nor failed. */
    boolean isLate(SourceFile file, int at) {
        return withoutDigest(file, at).kind() == StepResult.Kind.CANCELLED;
    }

    /** What the writer itself makes of a file whose reader is late. */
    Read late(SourceFile file, int at, Digest extract) {
        StepResult<Digest> result = withoutDigest(file, at);
        Throwable why = Objects.requireNonNull(result.cause());
        return new Read(
                extract,
                result.attempts(),
                result.startedAt(),
                result.duration(),
                Lost.kindOf(why),
                ReportText.cause(result));
    }

    /** How all files have fared up to now, given what has come to the writer in time. */
    StepReport<Digest> report(List<SourceFile> files, List<Read> inTime) {
        Map<String, Read> reads = new HashMap<>();
        inTime.forEach(read -> reads.put(read.digest().file(), read));
        ResultSink<Digest> sink = ResultSink.keepingAll();
        for (int at = 0; at < files.size(); at++) {
            SourceFile file = files.get(at);
            Read read = reads.get(file.name());
            sink.accept(read == null ? withoutDigest(file, at) : read.result(Reader.idOf(file), at));
        }
        return sink.report();
    }

    private StepResult<Digest> withoutDigest(SourceFile file, int at) {
        Reading reading = byFile.get(file.name());
        if (reading != null) {
            return reading.withoutDigest(Reader.idOf(file), at);
        }
        StepResult<Digest> before = previous.withoutDigest(file, at);
        return before == null ? notBegun(file, at) : before;
    }

    private static StepResult<Digest> notBegun(SourceFile file, int at) {
        LateException late = new LateException("not begun when the writer began");
        return new StepResult.Cancelled<>(Reader.idOf(file), at, 0, Instant.now(), Duration.ZERO, late);
    }
}
