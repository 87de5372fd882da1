package io.flotilla.run;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import io.flotilla.run.machine.Replay;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * The recorded runs of a workflow: recovers them, replays them, shows them as they were, and forks them.
 *
 * <p>What is recorded is the run's own state: it is there once, however often the process dies. What agents do outside
 * happens at least once: a step in flight when the process died is started again, with the same {@link
 * io.flotilla.agent.StepContext#idempotencyKey()}.
 *
 * <p>Thread-safe.
 *
 * @param <O> the answers of a run
 * @since 0.1
 */
public final class Runs<O> {

    private final Workflow<?, O> workflow;
    private final FactRecorder.Recording recording;
    private final RunReader reader;
    private final RunCatalog catalog;
    private final RunRecovery<O> recovery;

    Runs(Workflow<?, O> workflow, FactRecorder.Recording recording) {
        this.workflow = workflow;
        this.recording = recording;
        this.reader = new RunReader(recording);
        this.catalog = new RunCatalog(recording, workflow.setup().live());
        this.recovery = new RunRecovery<>(workflow, recording, reader, catalog);
    }

    /**
     * Goes on with a run that has not ended, as after a restart. Steps that had settled are not started again, those in
     * flight are; questions are still open, with the deadlines they had.
     *
     * <p>Deadlines that are due pass first, in the order they were due, before a step is started or an answer is taken: that
     * of the run's time, those of joins and rendezvous, and those of questions. An agent of a run whose time is up is not
     * called again.
     *
     * <p>A run is live once: one that is live in this process is an error, and is not touched. No other process must continue it:
     * the one whose facts come second fails with {@link io.flotilla.journal.StaleAppendException}.
     *
     * <ul>
     *   <li><b>onNext</b>: the run, which continues. Its events are those since its start. Of a run that has ended, one with
     *       the result it had.
     *   <li><b>onError</b>: {@link UnknownRunException}, {@link RunAlreadyLiveException}, {@link DivergenceException}, {@link
     *       RecoveryFailedException} if memory does not suffice, {@link RunsShutDownException} after {@link #shutdown}, and what the
     *       journal fails with.
     *   <li><b>cancel</b>: stops reading; a run that has been emitted continues.
     *   <li><b>threads</b>: steps are started where the journal is read; on a thread of {@code
     *       Schedulers.boundedElastic()} if deadlines were due.
     *   <li><b>context</b>: the subscriber's context reaches every step.
     * </ul>
     *
     * @param runId which run
     * @return the run
     * @throws NullPointerException if {@code runId} is null (the call itself, not a signal)
     */
    public Mono<Run<O>> recover(String runId) {
        return recovery.recover(Objects.requireNonNull(runId, "runId"), null);
    }

    Mono<Run<O>> recoverClaimed(String runId, Context context, LiveRuns.Claim claim) {
        return recovery.claimed(runId, context, claim);
    }

    private LiveRuns claims() {
        return workflow.setup().live();
    }

    /**
     * Whose runs they are.
     *
     * @return the workflow
     */
    public Workflow<?, O> workflow() {
        return workflow;
    }

    /**
     * The runs of this workflow that are live in this process: started or recovered here, and not ended. They are kept until
     * they end, also if nobody else refers to them, for as long as the workflow is.
     *
     * @return as they are now, in the order of their ids
     */
    public List<Run<O>> live() {
        return workflow.setup().liveRuns();
    }

    /**
     * A run of this workflow that is live in this process.
     *
     * @param runId which run
     * @return the run; empty if it is not live here: it has ended, waits for {@link #recover}, is being recovered, is of another
     *     workflow, or was never started
     * @throws NullPointerException if {@code runId} is null
     */
    public Optional<Run<O>> find(String runId) {
        LiveRuns.Claim claim = claims().claimed(Objects.requireNonNull(runId, "runId"));
        Run<?> run = claim == null ? null : claim.live();
        return run == null
                ? Optional.empty()
                : Optional.ofNullable(workflow.setup().own(run));
    }

    private Shutdown shutdown() {
        return workflow.setup().shutdown();
    }

    /**
     * Ends what this workflow does in this process, and loses nothing by it: all its live runs are suspended, as by {@link
     * Run#suspend(Duration)}, and recovery continues them as after a kill. From the call on
     *
     * <ul>
     *   <li>no step starts, and no run is started, recovered or forked: that is a {@link RunsShutDownException};
     *   <li>the steps in flight may end within the grace. Those that succeed are recorded; a run whose last step is among them ends;
     *   <li>nothing that fails, expires or is cancelled is recorded. So the clients that agents call may be closed meanwhile;
     *   <li>what is in flight when the grace is over is cancelled.
     * </ul>
     *
     * <p>To be called when the service stops, before the clients of its agents and the journal are closed; each workflow has its own
     * shutdown. It cannot be taken back: another {@link Workflow} object over the same journal can recover the runs in this process.
     *
     * <p>Cold: nothing happens before subscription. The first subscription begins it; its grace counts for all later ones, which get the
     * same.
     *
     * <ul>
     *   <li><b>onNext</b>: what was left, when no run is live any more: after the grace at the latest, and what the journal takes to
     *       answer, for which {@link Workflow.Builder Builder.journalTimeout} is the limit. One more second if an agent keeps the
     *       thread it was called on.
     *   <li><b>cancel</b>: only ends the waiting.
     *   <li><b>threads</b>: where the last run comes to its end.
     * </ul>
     *
     * @param grace how long the steps in flight may go on; zero cancels them at once
     * @return what was left
     * @throws NullPointerException if {@code grace} is null (the call itself, not a signal)
     * @throws IllegalArgumentException if {@code grace} is negative, or more than 292 years (the call itself, not a signal)
     */
    public Mono<Drained> shutdown(Duration grace) {
        return shutdown().drained(Bounds.notNegative("grace", grace), claims());
    }

    /**
     * Continues all runs of this workflow and its version that have not ended, see {@link #recoverAll(String, String...)}.
     *
     * @return the recovery
     */
    public Mono<Recovery<O>> recoverAll() {
        return recoverAll(workflow.version());
    }

    /**
     * Continues all runs of this workflow that are of some versions and have not ended, one after another. A run that cannot be
     * recovered keeps no other from it: it is among the {@link Recovery#failures()}, and in the log at WARN. Runs of other
     * versions are counted, and in the log at WARN; {@link #migrate} moves them. A nested run is continued by the run it is
     * nested in.
     *
     * <ul>
     *   <li><b>onNext</b>: what has become of each run, once all have been tried.
     *   <li><b>onError</b>: what the journal fails with when it lists its runs; {@link RunsShutDownException}.
     *   <li><b>cancel</b>: tries no more runs; those that were recovered continue.
     *   <li><b>threads</b>, <b>context</b>: as for {@link #recover}.
     * </ul>
     *
     * @param version a version that this workflow can continue, as recorded; empty for runs of none
     * @param others further ones
     * @return the recovery
     * @throws NullPointerException if a version is null (the call itself, not a signal)
     */
    public Mono<Recovery<O>> recoverAll(String version, String... others) {
        Set<String> versions = new HashSet<>(List.of(others));
        versions.add(Objects.requireNonNull(version, "version"));
        return recovery.recoverAll(versions);
    }

    /**
     * Follows a run through all its facts, without calling an agent, and holds what comes of them against what came of them
     * then.
     *
     * <ul>
     *   <li><b>onNext</b>: the state after the last fact.
     *   <li><b>onError</b>: {@link DivergenceException} with the first difference, {@link UnknownRunException}, and what
     *       the journal fails with.
     * </ul>
     *
     * @param runId which run
     * @return its state
     * @throws NullPointerException if {@code runId} is null (the call itself, not a signal)
     */
    public Mono<RunState> replay(String runId) {
        return stateAt(runId, Long.MAX_VALUE);
    }

    /**
     * What a run was like.
     *
     * <ul>
     *   <li><b>onNext</b>: the state after the facts before {@code sequence}; after all there are, if there are fewer.
     *   <li><b>onError</b>: as for {@link #replay}; differences behind that are not noticed.
     * </ul>
     *
     * @param runId which run
     * @param sequence how many facts; 0 for before its start
     * @return its state
     * @throws NullPointerException if {@code runId} is null (the call itself, not a signal)
     * @throws IllegalArgumentException if {@code sequence} is negative (the call itself, not a signal)
     */
    public Mono<RunState> stateAt(String runId, long sequence) {
        Objects.requireNonNull(runId, "runId");
        Bounds.atLeast(0, "sequence", sequence);
        return Mono.defer(() -> reader.replayOf(sequence, new Replay(runId, workflow.plan())))
                .map(Replay::state);
    }

    /**
     * The events of a run as its facts make them, without calling an agent.
     *
     * <ul>
     *   <li><b>onNext</b>: the events, from the first.
     *   <li><b>onError</b>: as for {@link #replay}.
     *   <li><b>onComplete</b>: after the last there is.
     * </ul>
     *
     * @param runId which run
     * @return its events
     * @throws NullPointerException if {@code runId} is null (the call itself, not a signal)
     */
    public Flux<RunEvent> events(String runId) {
        Objects.requireNonNull(runId, "runId");
        return recorded(runId).facts().concatMapIterable(RunFact::events);
    }

    /**
     * A run as the journal has it: its facts with what comes of each, and what is known of it without or after a replay.
     *
     * @param runId which run
     * @return the run, of which nothing is read yet
     * @throws NullPointerException if {@code runId} is null
     */
    public RecordedRun recorded(String runId) {
        return new RecordedRun(Objects.requireNonNull(runId, "runId"), workflow, reader, catalog);
    }

    /**
     * Takes a run another way: a new run with its own id, which has the facts before {@code sequence} in common with the
     * old one, and at {@code sequence} the same fact with another input. From there it continues by itself. The old run is
     * not touched. The run's own state is that of the common facts; of a step that decides otherwise, what it has written stays.
     *
     * <ul>
     *   <li><b>onNext</b>: the new run, which continues.
     *   <li><b>onError</b>: {@link UnknownRunException}; {@link IllegalArgumentException} if there is no such fact, it has
     *       no input, or the workflow's tasks are of another type; {@link InvalidAnswerException} if the input is no answer to the
     *       question; {@link DivergenceException}; {@link io.flotilla.journal.PayloadException} if the input cannot be
     *       written; {@link RunsShutDownException} after {@link #shutdown}; what the journal fails with. The journal has nothing
     *       of the new run then: it has the common facts and the other one, or none.
     *   <li><b>context</b>: the subscriber's context reaches every step.
     * </ul>
     *
     * @param runId which run
     * @param sequence which fact: 0 for the start of the run; the end of a step; the answer to a question
     * @param input of the start the task; of a step the {@link Decision} made instead, or an answer; of a question the
     *     answer
     * @return the new run
     * @throws NullPointerException if {@code runId} is null (the call itself, not a signal)
     * @throws IllegalArgumentException if {@code sequence} is negative (the call itself, not a signal)
     */
    public Mono<Run<O>> fork(String runId, long sequence, @Nullable Object input) {
        Objects.requireNonNull(runId, "runId");
        Bounds.atLeast(0, "sequence", sequence);
        return Mono.deferContextual(context -> Mono.defer(() -> {
            shutdown().check();
            return new RunForks(workflow, recording, reader)
                    .fork(runId, sequence, input)
                    .flatMap(forked -> {
                        LiveRuns.Claim claim = claims().claim(forked.runId());
                        return claim == null
                                ? Mono.error(new RunAlreadyLiveException(forked.runId()))
                                : recovery.continued(Mono.just(forked), Context.of(context), claim);
                    });
        }));
    }

    /**
     * Writes a recorded run as a page, one HTML file that needs no server and no network: its topology, the timeline of its branches,
     * failures, events, result, and a slider through its events. To be attached to a ticket, say. Agents are not called. A run that has
     * not ended is shown as far as it is recorded.
     *
     * <p>Its texts are those of {@link #events(String)}, and the result's, redacted as the journal's are. The file has about 200 bytes
     * an event, and is built in memory.
     *
     * <ul>
     *   <li><b>onNext</b>: {@code file}, when it is written. It is there whole or not at all; one that was there is replaced.
     *   <li><b>onError</b>: as for {@link #replay}; {@link java.io.UncheckedIOException} if the file cannot be written.
     *   <li><b>cancel</b>: stops reading; a file may still be written.
     *   <li><b>threads</b>: the file is written on {@code Schedulers.boundedElastic()}.
     * </ul>
     *
     * @param runId which run
     * @param file where; folders that are missing are made
     * @return the file
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     */
    public Mono<Path> report(String runId, Path file) {
        Objects.requireNonNull(runId, "runId");
        Objects.requireNonNull(file, "file");
        return recorded(runId).report(file);
    }

    /**
     * The recorded runs of this workflow's journal, of other workflows too; not the logs of states in it, see {@link
     * RunSummary#isRun()}.
     *
     * @param filter which; {@link RunSummary#lastType()} of a run that has ended is {@code run-finished}
     * @return see {@link Journal#list}
     * @throws NullPointerException if {@code filter} is null (the call itself, not a signal)
     */
    public Flux<RunSummary> list(JournalFilter filter) {
        return recording
                .journal()
                .list(filter.limit(Long.MAX_VALUE))
                .filter(RunSummary::isRun)
                .take(filter.limit());
    }

    /**
     * The recorded runs of this workflow's journal, of other workflows too, with what they were started with and how they have
     * ended. What else the journal has is left out; so is a run that cannot be read, with a line at WARN in the log.
     *
     * <p>A run that has ended costs two short reads, one that has not is read through. To page, ask for {@link RunFilter#limit} runs
     * {@link RunFilter#after} the last one of the page before.
     *
     * <ul>
     *   <li><b>onNext</b>: the runs that match, ordered by id, or the {@linkplain RunFilter#newestFirst() newest first}.
     *   <li><b>onError</b>: what the journal fails with when it lists its runs.
     *   <li><b>cancel</b>: no more is read.
     *   <li><b>demand</b>: honoured; a few runs are read ahead.
     * </ul>
     *
     * @param filter which runs
     * @return the runs
     * @throws NullPointerException if {@code filter} is null (the call itself, not a signal)
     */
    public Flux<RunInfo> list(RunFilter filter) {
        return catalog.list(Objects.requireNonNull(filter, "filter"));
    }

    /**
     * All questions that wait for an answer in runs of this workflow, whether they are live in this process or only recorded.
     *
     * <ul>
     *   <li><b>onNext</b>: the questions, by the ids of their runs, in the order they were asked.
     *   <li><b>onError</b>: what the journal fails with when it lists its runs. A recorded run that cannot be replayed is left
     *       out, with a line at WARN in the log.
     *   <li><b>cancel</b>: no more is read.
     * </ul>
     *
     * @return the questions
     */
    public Flux<RunQuestion> questions() {
        RunFilter unfinished = RunFilter.all().workflow(workflow.name()).status(RunInfo.Status.UNFINISHED);
        return list(unfinished).concatMap(run -> RunQuestion.of(this, run.runId()), 1);
    }

    /**
     * Cancels a run, live or only recorded: what is in flight is sent a cancel, and the journal has that it is cancelled. Of a
     * recorded run no step is started for it but the compensations of those that had settled, here and now.
     *
     * <ul>
     *   <li><b>onNext</b>: the result, when the run has ended and that is in the journal; of a live run that has ended at the same
     *       moment, the result it had.
     *   <li><b>onError</b>: {@link UnknownRunException}; {@link RunEndedException} if it had ended before; as for {@link
     *       #recover}.
     *   <li><b>cancel</b>: only ends the waiting.
     * </ul>
     *
     * @param runId which run
     * @return the result
     * @throws NullPointerException if {@code runId} is null (the call itself, not a signal)
     */
    public Mono<RunResult<O>> cancel(String runId) {
        return new RunCancels<>(workflow, recording, reader).cancel(Objects.requireNonNull(runId, "runId"));
    }

    /**
     * Replays recorded runs of this workflow against the code at hand, without calling an agent or writing anything, and lists
     * each that differs. To be run before a deploy, over a copy of the journal, or the journal itself.
     *
     * <ul>
     *   <li><b>onNext</b>: what was found, when all runs have been replayed; {@link Verification} says what is a failure.
     *   <li><b>onError</b>: what the journal fails with when it lists its runs.
     *   <li><b>cancel</b>: no more is read.
     * </ul>
     *
     * @param filter which runs, ended ones too; {@code RunFilter.all()} for all of this workflow
     * @return what was found
     * @throws NullPointerException if {@code filter} is null (the call itself, not a signal)
     * @throws IllegalArgumentException if {@code filter} asks for another workflow (the call itself, not a signal)
     */
    public Mono<Verification> verify(RunFilter filter) {
        return versions().verify(filter);
    }

    /**
     * Whether a run can be moved to the version of this workflow, without doing so: whether its facts, replayed with the
     * workflow at hand, lead where they led.
     *
     * <ul>
     *   <li><b>onNext</b>: how it would be moved, or why it cannot be.
     *   <li><b>onError</b>: {@link UnknownRunException}, {@link RunEndedException}, and what the journal fails with.
     * </ul>
     *
     * @param runId which run; it may be live
     * @param version this workflow's version
     * @return how it would be moved
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     * @throws UnknownVersionException if this workflow is of another version (the call itself, not a signal)
     */
    public Mono<Migration> checkMigration(String runId, String version) {
        return versions().check(Objects.requireNonNull(runId, "runId"), Objects.requireNonNull(version, "version"));
    }

    /**
     * Moves a run to the version of this workflow, if its facts allow it: from then on it counts as one of that version. It is not
     * continued by this; {@link #recover} does that. Does nothing if it is of that version.
     *
     * <ul>
     *   <li><b>onNext</b>: how it was moved, when that is in the journal.
     *   <li><b>onError</b>: {@link DivergenceException} if its facts do not allow it; {@link RunAlreadyLiveException}, {@link
     *       UnknownRunException}, {@link RunEndedException}, and what the journal fails with. Nothing was written then.
     *   <li><b>cancel</b>: only ends the waiting, once the run has been read.
     * </ul>
     *
     * @param runId which run; not live in any process
     * @param version this workflow's version
     * @return how it was moved
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     * @throws UnknownVersionException if this workflow is of another version (the call itself, not a signal)
     * @see #checkMigration the dry run
     */
    public Mono<Migration> migrate(String runId, String version) {
        return versions().migrate(Objects.requireNonNull(runId, "runId"), Objects.requireNonNull(version, "version"));
    }

    /**
     * Deletes recorded runs of this workflow, and those nested in them, in the background: at once, and then after each pause of the
     * policy. Never a run that has not ended. A nested run is deleted with the run it is nested in, however it has ended itself, and
     * otherwise once that run is gone. An id that was deleted is free again. What fails is tried again the next time, with a line at WARN in the log.
     *
     * @param policy which runs
     * @return disposed of, it deletes no more; {@link #shutdown} has the same effect
     * @throws NullPointerException if {@code policy} is null
     */
    public Disposable retention(RetentionPolicy policy) {
        return swept(policy).start();
    }

    /**
     * Deletes recorded runs once, as {@link #retention} does again and again.
     *
     * <ul>
     *   <li><b>onNext</b>: how many runs were deleted.
     *   <li><b>onError</b>: what the journal fails with.
     *   <li><b>cancel</b>: deletes no more.
     * </ul>
     *
     * @param policy which runs
     * @return how many were deleted
     * @throws NullPointerException if {@code policy} is null (the call itself, not a signal)
     */
    public Mono<Long> sweep(RetentionPolicy policy) {
        return swept(policy).sweep();
    }

    private Retention swept(RetentionPolicy policy) {
        return new Retention(workflow, recording, catalog, Objects.requireNonNull(policy, "policy"));
    }

    private RunVersions versions() {
        return new RunVersions(workflow, recording, reader, catalog);
    }
}
