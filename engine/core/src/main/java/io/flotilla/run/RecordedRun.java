package io.flotilla.run;

import io.flotilla.run.machine.Replay;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * A run as its journal has it, read without calling an agent, see {@link Runs#recorded}. Nothing is read before subscription, and each
 * subscription reads again. Thread-safe.
 *
 * @since 0.1
 */
public final class RecordedRun {

    private final String runId;
    private final Workflow<?, ?> workflow;
    private final RunReader reader;
    private final RunCatalog catalog;

    RecordedRun(String runId, Workflow<?, ?> workflow, RunReader reader, RunCatalog catalog) {
        this.runId = runId;
        this.workflow = workflow;
        this.reader = reader;
        this.catalog = catalog;
    }

    /**
     * Which run.
     *
     * @return its id
     */
    public String runId() {
        return runId;
    }

    /**
     * What a list says of it, see {@link Runs#list(RunFilter)}.
     *
     * <ul>
     *   <li><b>onNext</b>: what is known without a replay.
     *   <li><b>onError</b>: {@link UnknownRunException} if the journal has no such run; what the journal fails with.
     * </ul>
     *
     * @return the run, also of another workflow
     */
    public Mono<RunInfo> info() {
        return catalog.info(runId).switchIfEmpty(Mono.error(() -> UnknownRunException.notThere(runId)));
    }

    /**
     * The facts with what comes of each. The note that the run has ended is none of them.
     *
     * <ul>
     *   <li><b>onNext</b>: the facts, from the first.
     *   <li><b>onError</b>: as for {@link Runs#replay}.
     *   <li><b>onComplete</b>: after the last there is.
     *   <li><b>demand</b>: honoured: a fact is replayed when it is asked for.
     * </ul>
     *
     * @return the facts
     */
    public Flux<RunFact> facts() {
        return Flux.defer(() -> {
            Replay replay = new Replay(runId, workflow.plan());
            return reader.entries(runId, Long.MAX_VALUE).mapNotNull(entry -> {
                reader.read(entry, replay);
                return replay.isEndRecorded()
                        ? null
                        : new RunFact(entry.sequence(), entry.type(), entry.timestamp(), replay.fresh(), replay.used());
            });
        });
    }

    /**
     * What stands above the run in its {@linkplain Runs#report report}, as JSON has it: {@code run} with its id, workflow, version,
     * labels, status, start and usage, {@code topology} with nodes and edges, and once it has ended {@code result} as a text.
     *
     * <ul>
     *   <li><b>onNext</b>: texts, numbers, lists and maps of these, redacted as the report is; it cannot be changed.
     *   <li><b>onError</b>: as for {@link Runs#replay}.
     * </ul>
     *
     * @return what is known of it
     */
    public Mono<Map<String, @Nullable Object>> overview() {
        return report(report -> {}).map(RunReport::overview);
    }

    Mono<Path> report(Path file) {
        return report(RunReport::addFresh)
                .flatMap(
                        report -> Mono.fromCallable(() -> report.write(file)).subscribeOn(Schedulers.boundedElastic()));
    }

    private Mono<RunReport> report(Consumer<RunReport> afterEach) {
        return reader.header(runId).flatMap(header -> {
            Replay replay = new Replay(runId, workflow.plan());
            RunReport report = new RunReport(workflow.setup().redactor(), workflow.topology(), header, replay);
            return reader.entries(runId, Long.MAX_VALUE)
                    .doOnNext(entry -> {
                        reader.read(entry, replay);
                        report.started(entry.timestamp());
                        afterEach.accept(report);
                    })
                    .then(Mono.just(report));
        });
    }

    /** The run's id. */
    @Override
    public String toString() {
        return "RecordedRun[" + runId + "]";
    }
}
