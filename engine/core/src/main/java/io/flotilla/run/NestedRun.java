package io.flotilla.run;

import io.flotilla.agent.Usage;
import io.flotilla.journal.JournalBounds;
import io.flotilla.journal.PayloadException;
import io.flotilla.run.machine.Effect;
import io.flotilla.run.machine.Fact;
import io.flotilla.run.machine.Replay;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.StepDriver;
import io.flotilla.step.StepResult;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * A step that is a run of another workflow. Its id is the step's idempotency key, so that a run which is recovered finds it
 * and does not start it anew. Thread-safe.
 */
final class NestedRun implements StepDriver.Prepared {

    private static final Logger LOG = LoggerFactory.getLogger(Run.class);

    private static final String CANCELLED = StepResult.Kind.CANCELLED.name().toLowerCase(Locale.ROOT);

    /** What an id that is too long keeps of itself, before its hash. */
    static final int KEPT = 160;

    private final NestedRuns owner;
    private final Workflow<?, ?> workflow;
    private final RunStep step;
    private final boolean isNew;
    private final NestedSpan span;
    private final AtomicBoolean over = new AtomicBoolean();

    /** Emits when there is no run any more, or never will be. */
    private final Outlet<Boolean> gone = new Outlet<>();

    private volatile @Nullable Run<?> run;
    private volatile boolean cancelled;

    /** {@code isNew}: no process has started this step before, so its run is not there. */
    NestedRun(NestedRuns owner, Workflow<?, ?> workflow, RunStep step, boolean isNew, Context context) {
        this.owner = owner;
        this.workflow = workflow;
        this.step = step;
        this.isNew = isNew;
        this.span = new NestedSpan(owner.driver(), EngineAccess.of(owner.setup().engine()), step, context);
    }

    /** The id of the run that a step is. */
    static String idOf(String runId, BranchPath branch, long number) {
        return idOf(runId + branch + '#' + number);
    }

    static String idOf(String stepId) {
        if (stepId.length() <= JournalBounds.MAX_RUN_ID_LENGTH) {
            return stepId;
        }
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(stepId.getBytes(StandardCharsets.UTF_8));
            return stepId.substring(0, KEPT) + '~' + HexFormat.of().formatHex(hash, 0, 16);
        } catch (NoSuchAlgorithmException impossible) { // every JDK has it
            throw new IllegalStateException(impossible);
        }
    }

    /** On a thread of the library: the agents of the nested run may keep it. */
    void start() {
        owner.clock().onWorker(() -> {
            if (cancelled) {
                cancelledBefore();
            } else {
                span.start(this::begin);
            }
        });
    }

    private void begin() {
        if (cancelled) {
            cancelledBefore();
            return;
        }
        try {
            Turn turn = step.start().turn();
            Correction correction = turn.correction();
            if (correction != null) { // which it cannot read: it would only say the same again
                settled(Decision.fail(correction.problem()), null, Usage.NONE);
                notThere();
                return;
            }
            Object task = Objects.requireNonNull(
                    turn.input(), () -> "nested workflow " + workflow.name() + " was handed nothing over");
            workflow.checkTask(task);
            String runId = idOf(step.runId(), step.start().branch(), step.stepNumber());
            new Submission<>(workflow, task, owner.options(runId, step.start()), isNew)
                    .run()
                    .contextWrite(span.context())
                    .subscribe(this::began, this::notBegun);
        } catch (Throwable wrong) { // no task, a task of another type, nothing left of a limit
            settled(null, wrong, Usage.NONE);
            notThere();
        }
    }

    /** What is wrong with the task is the step's failure; what is wrong with the journal is not. */
    private void notBegun(Throwable why) {
        if (why instanceof PayloadException || why instanceof RunIdTakenException) {
            settled(null, why, Usage.NONE);
        } else {
            brokenDown(why);
        }
        notThere();
    }

    /** It has not begun here. In another process it may have, and goes on there no more: then it is ended first. */
    private void cancelledBefore() {
        Effect.StartStep start = step.start();
        Mono<Void> end = isNew || owner.isSuspended().getAsBoolean()
                ? null
                : owner.ended(new Replay.CancelledStep(start.agent(), start.branch(), start.number()));
        if (end == null) {
            notThere();
        } else {
            end.subscribe(null, broken -> notThere(), this::notThere);
        }
    }

    /** There is no nested run, and will not be. */
    private void notThere() {
        if (cancelled) {
            stopped();
        }
        gone.value(true);
    }

    private void began(Run<?> nested) {
        run = nested;
        nested.loop().drained().subscribe(any -> gone.value(true), broken -> gone.value(true));
        if (cancelled) {
            end(nested);
            over().subscribe(null, any -> stopped(), this::stopped);
            return;
        }
        String runId = nested.runId();
        Mono<Boolean> told = Mono.when(
                        told(nested.events().map(event -> new NestedEvent(runId, event))),
                        told(nested.output().map(output -> new NestedOutput(runId, output))))
                .thenReturn(true);
        nested.result().zipWith(told, (result, all) -> result).subscribe(this::ended, this::brokenDown);
    }

    /** A subscriber that comes late, or misses some, misses them in the run around too. */
    private Mono<Void> told(Flux<?> signals) {
        return signals.doOnNext(step::emitted).onErrorComplete().then();
    }

    private void ended(RunResult<?> result) {
        owner.scope().usage().recordNested(result.usage());
        if (result.status() == RunResult.Status.SUCCEEDED) {
            List<?> answers = result.answers();
            Object answer = answers.size() == 1 ? answers.get(0) : answers;
            settled(NodeAgent.plainDecision(step.start().turn(), answer), null, result.usage());
        } else {
            settled(null, new NestedRunException(result), result.usage());
        }
    }

    private void settled(@Nullable Decision decision, @Nullable Throwable failure, Usage used) {
        if (!over.compareAndSet(false, true)) {
            return;
        }
        StepResult.Kind kind = failure == null ? StepResult.Kind.SUCCEEDED : StepResult.Kind.FAILED;
        span.stop(kind.name().toLowerCase(Locale.ROOT), failure, () -> settled(kind, decision, failure, used));
    }

    private void settled(StepResult.Kind kind, @Nullable Decision decision, @Nullable Throwable failure, Usage used) {
        step.ended(kind);
        owner.facts()
                .accept(new Fact.StepSettled(
                        owner.clock().now(),
                        step.start().step(),
                        owner.redaction().readable(decision),
                        failure == null ? null : kind,
                        owner.redaction().readOnce(failure),
                        owner.scope().usage().total(),
                        used));
    }

    private void brokenDown(Throwable why) {
        if (over.compareAndSet(false, true)) {
            LOG.debug(
                    "a nested run has ended without a result: step={}",
                    step.start().branch(),
                    why);
            span.stop(CANCELLED, null, () -> owner.brokenDown().accept(why));
        }
    }

    /** Nobody waits for its end. */
    private void stopped() {
        span.stop(CANCELLED, null, () -> {});
    }

    /** Completes when it is live no more, and those nested in it are not either. */
    Mono<Void> over() {
        return gone.mono().then();
    }

    /** The run around wants it no more, or is suspended. */
    @Override
    public void cancel() {
        unwanted();
        Run<?> nested = run;
        if (nested != null) {
            end(nested);
            over().subscribe(null, any -> stopped(), this::stopped);
        }
    }

    /** Whatever comes of it from now on is none of the run around's business. */
    private void unwanted() {
        cancelled = true; // whoever finds it over sees why
        over.set(true);
    }

    /** As {@link #cancel}, on a thread of the library. */
    void cancelElsewhere() {
        unwanted();
        owner.clock().onWorker(this::cancel);
    }

    /** As {@link #cancelElsewhere}, unless it was left. */
    void cancelIfWanted() {
        if (!over.get()) {
            cancelElsewhere();
        }
    }

    /** The run around has broken down, and may be recovered: this one goes on, and is found then. */
    void leave() {
        over.set(true);
        owner.clock().onWorker(this::stopped);
    }

    /** The run around is being suspended: this one is too, with the same grace. */
    void suspend(Duration grace) {
        Run<?> nested = run;
        if (nested != null && nested.loop().isRecorded()) {
            nested.loop().requestSuspension();
            nested.loop().suspend(grace);
        }
    }

    private void end(Run<?> nested) {
        if (owner.isSuspended().getAsBoolean()) {
            suspend(Duration.ZERO);
        } else {
            nested.cancel();
        }
    }

    @Override
    public boolean isWaiting() {
        return false;
    }
}
