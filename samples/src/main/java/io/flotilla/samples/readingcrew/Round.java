package io.flotilla.samples.readingcrew;

import io.flotilla.resilience.Resilience;
import io.flotilla.samples.readingcrew.chat.ChatClient;
import io.flotilla.step.FailureMode;
import io.flotilla.step.ResultSink;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.List;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;

/**
 * How a round of readers reads.
 *
 * @param mode what a failed step does
 * @param timeout how long an attempt may take, and so a step that has only one
 * @param resilience whether steps are protected
 * @param seed of the retries' jitter
 */
record Round(FailureMode mode, Duration timeout, boolean resilience, long seed) {

    /** An agent a file, one engine, one round; each result is shown as it comes, and kept. */
    StepReport<Digest> read(List<SourceFile> files, ChatClient chat, Progress progress, Tally tally) {
        List<Reader> readers =
                files.stream().map(file -> new Reader(file, chat)).toList();
        StepEngine.Builder engine = StepEngine.builder()
                .concurrency(Task.AT_A_TIME)
                .stepTimeout(timeout)
                .failureMode(mode)
                .interceptor(progress)
                .interceptor(tally);
        Disposable watch = Disposables.disposed();
        if (resilience) {
            Resilience protection = Protection.of(timeout, seed, new LocalReader(files));
            watch = protection.circuitBreakerTransitions().subscribe(tally::changed);
            engine.stepTimeout(Protection.stepTimeout(timeout)).interceptor(protection);
        }
        ResultSink<Digest> sink = ResultSink.keepingAll();
        Flux<StepResult<Digest>> results = engine.build().stream(readers, Task.WORDS);
        try {
            // Blocking is for the outermost edge of a program, such as this.
            sink.tap(results.doOnNext(progress::ended)).then().block();
        } finally {
            watch.dispose();
        }
        return sink.report();
    }
}
