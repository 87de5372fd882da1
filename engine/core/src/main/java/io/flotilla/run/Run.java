package io.flotilla.run;

import io.flotilla.run.machine.Fact;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A run that has been started. It continues with and without subscribers; {@link #cancel()} ends it.
 *
 * <p>All methods may be called by any thread, and return at once. What they bring about may be done on the calling thread:
 * {@link #cancel()} calls the steps' cancel handlers there, {@link #resume()} and the subscription to {@link #answer} the
 * agents whose turn comes.
 *
 * @param <O> the answers of the run
 * @since 0.1
 */
public final class Run<O> {

    private final RunLoop<O> loop;

    Run(RunLoop<O> loop) {
        this.loop = loop;
    }

    void start() {
        loop.start();
    }

    /** True when its start is in the journal, if there is one. */
    Mono<Boolean> started() {
        return loop.started();
    }

    RunLoop<O> loop() {
        return loop;
    }

    /**
     * Which run this is.
     *
     * @return an id no other run has; printable ASCII without spaces
     */
    public String runId() {
        return loop.runId();
    }

    /**
     * What comes of the run.
     *
     * <ul>
     *   <li><b>onNext</b>: the result, when the run has ended; at once if it has. A run that failed or was cancelled has a
     *       result too.
     *   <li><b>onError</b>: what the journal fails with, if there is one: the run cannot go on then; {@link RunSuspendedException}
     *       after {@link #suspend()} or {@link Runs#shutdown}; an error in the library itself.
     *   <li><b>cancel</b>: this subscriber gets nothing; the run continues.
     *   <li><b>threads</b>: the thread that ended the run, or the one that subscribes after that.
     * </ul>
     *
     * @return the result; the same for every subscriber
     */
    public Mono<RunResult<O>> result() {
        return loop.result();
    }

    /**
     * What happens in the run, from its first event on.
     *
     * <p>Cold: every subscriber has all events from the start, also when it comes late or after the end.
     *
     * <ul>
     *   <li><b>onNext</b>: the events in order, their numbers without gaps.
     *   <li><b>onError</b>: {@link EventsLostException} for a subscriber that comes when more events have happened than
     *       are kept (see {@link Workflow.Builder#eventHistory}), or is so slow that the next one is kept no more; what {@link
     *       #result()} fails with, after the events there are; what the subscriber itself throws out of {@code onNext}.
     *   <li><b>onComplete</b>: after {@link RunEvent.RunFinished}; when the run is suspended.
     *   <li><b>cancel</b>: ends this subscription; the run continues.
     *   <li><b>demand</b>: honoured.
     *   <li><b>threads</b>: {@code flotilla-listener} threads, one at a time, and none while there is nothing to signal. All subscribers
     *       share a few, see {@linkplain Workflow.Builder listenerThreads}, and take turns. A subscriber may block: neither the
     *       run nor, after about 100 ms, other subscribers wait for it.
     * </ul>
     *
     * @return the events
     */
    public Flux<RunEvent> events() {
        return loop.events().events();
    }

    /**
     * The events that there are now, from one on: for who looks now and then instead of being told of each. The run does not notice.
     *
     * @param from the number of the first event wanted, from 0
     * @param most how many at most; 1 or more
     * @return the events in order; empty if that event has not happened yet, or never will
     * @throws IllegalArgumentException if {@code from} is negative or {@code most} less than 1
     * @throws EventsLostException if that event is not kept any more, see {@link Workflow.Builder#eventHistory}; {@link
     *     RecordedRun#facts} has it
     */
    public List<RunEvent> events(long from, int most) {
        return loop.events().read(Bounds.atLeast(0, "from", from), (int) Bounds.atLeast(1, "most", most));
    }

    /**
     * What the steps of the run emit while they run: tokens, progress, intermediate findings, from all parallel branches, however
     * deep their fork is. None of it is in the journal; the result of the run does not depend on it.
     *
     * <p>Hot: a subscriber gets what the steps that are in flight have emitted so far, if it is kept (see {@link
     * Workflow.Builder#outputHistory}), then all that follows. Of steps that have ended before it gets nothing.
     *
     * <ul>
     *   <li><b>onNext</b>: the output, in order for each step; see {@link RunOutput}. A subscriber that is slow, or comes late, misses
     *       the oldest values of a step, and of many steps that have ended the first altogether: the positions of values,
     *       {@link RunOutput.Settled#dropped()} and {@link RunOutput.Lost} tell what.
     *   <li><b>onError</b>: what {@link #result()} fails with, after the output there is; what the subscriber itself throws out
     *       of {@code onNext}.
     *   <li><b>onComplete</b>: when the run has ended and all output there is has been delivered.
     *   <li><b>cancel</b>: ends this subscription; the run continues.
     *   <li><b>demand</b>: honoured; steps do not wait for it.
     *   <li><b>threads</b>: {@code flotilla-listener} threads, one at a time, and none while there is nothing to signal. A subscriber
     *       may block: neither the run nor other subscribers wait for it.
     * </ul>
     *
     * @return the output
     */
    public Flux<RunOutput> output() {
        return loop.outputs().flux();
    }

    /**
     * Starts no more steps until {@link #resume()}. Those in flight end; deadlines and the time of the run go on. Does
     * nothing if it is paused or has ended.
     */
    public void pause() {
        loop.calls().tell(Fact.Paused::new);
    }

    /** Goes on after {@link #pause()}. Does nothing if it is not paused or has ended. */
    public void resume() {
        loop.calls().tell(Fact.Resumed::new);
    }

    /**
     * Ends the run: what is in flight is sent a cancel, and nothing more is started. Does nothing if it has ended. With a journal
     * the result waits until the cancel is recorded; the steps in flight are cancelled at once.
     */
    public void cancel() {
        loop.cancel();
    }

    /**
     * Takes the run out of this process at once, without an end: {@link #suspend(Duration)} without a grace.
     *
     * @return see there
     */
    public Mono<Void> suspend() {
        return suspend(Duration.ZERO);
    }

    /**
     * Takes the run out of this process without an end, so that {@link Runs#recover} continues it as after a kill. No step starts any
     * more; the steps in flight may end within the grace, and those that succeed are recorded. Nothing that fails, expires or is
     * cancelled from the call on is recorded: a recovery starts such a step again. {@link Decision#fail} counts as a failure. What is in
     * flight when the grace is over is cancelled.
     *
     * <p>{@link #result()}, and what waits for an {@link #answer}, signal {@link RunSuspendedException} then; {@link #events()} and {@link
     * #output()} complete. {@link #cancel()}, {@link #pause()} and {@link #resume()} do nothing from the call on.
     *
     * <p>Cold: nothing happens before subscription. The first subscription begins it; its grace counts for all later ones.
     *
     * <ul>
     *   <li><b>onComplete</b>: when the run is live no more, and can be recovered. At once if it has ended; if its last step
     *       succeeds within the grace, when it has.
     *   <li><b>onError</b>: {@link IllegalStateException} if the workflow has no journal: there would be nothing to recover.
     *   <li><b>cancel</b>: only ends the waiting.
     *   <li><b>threads</b>: the calling thread, or one where a step ends, the journal answers, or the grace does.
     * </ul>
     *
     * @param grace how long the steps in flight may go on; zero cancels them at once
     * @return completes when the run is suspended
     * @throws NullPointerException if {@code grace} is null (the call itself, not a signal)
     * @throws IllegalArgumentException if {@code grace} is negative, or more than 292 years (the call itself, not a signal)
     * @see Runs#shutdown for all runs of a workflow
     */
    public Mono<Void> suspend(Duration grace) {
        Bounds.notNegative("grace", grace);
        return Mono.defer(() -> {
            if (!loop.isRecorded()) {
                return Mono.error(new IllegalStateException("run " + runId()
                        + " cannot be suspended: its workflow has no journal, see Workflow.Builder.journal"));
            }
            loop.suspend(grace);
            return loop.drained().then();
        });
    }

    /**
     * Cancels one branch, as the end of a join cancels its stragglers: its step in flight is sent a cancel, its question is
     * withdrawn, and everything in the forks it has opened is cancelled with it. The fork it belongs to goes on without it: it
     * counts neither as answered nor as failed. If nobody is left in that fork and nobody has answered or failed, the forking
     * branch ends as moved on; a run of which nobody is left fails with {@link NoAnswerException}.
     *
     * <p>Cold: nothing happens before subscription.
     *
     * <ul>
     *   <li><b>onNext</b>: true, once, when the branch is cancelled and, if the workflow has a journal, that is in the journal;
     *       false if no branch of that path is live.
     *   <li><b>onError</b>: what the journal fails with: the run has failed with it too. {@link IllegalStateException} if 10,000
     *       callers wait for the journal.
     *   <li><b>cancel</b>: only ends the waiting; a cancel that has been subscribed to is not taken back.
     *   <li><b>threads</b>: as for {@link #answer}; cancel handlers of steps are called there, too.
     * </ul>
     *
     * @param branch its path, as events and states have it, see {@link BranchPath#parse}
     * @return whether it was live
     * @throws NullPointerException if {@code branch} is null (the call itself, not a signal)
     */
    public Mono<Boolean> cancelBranch(BranchPath branch) {
        return loop.calls().cancelBranch(Objects.requireNonNull(branch, "branch"));
    }

    /**
     * The branches whose turn has come and whose step waits for a permit of the engine's limit, see {@link
     * io.flotilla.step.StepEngine.Builder Builder.maxInFlight}. Their time has not begun, though the
     * run's goes on. What waits is not recorded: a step has been started for the journal and the events when its turn has come.
     *
     * @return as they are now, in lineage order, with the status {@link RunState.BranchStatus#READY}; empty without a limit
     */
    public List<RunState.BranchState> waitingBranches() {
        return loop.waitingBranches();
    }

    /**
     * What the run is like now: the same as {@link Runs#stateAt} after the last fact that has taken effect, whether the workflow has a
     * journal or not.
     *
     * <p>Cold: each subscription takes a snapshot, between two facts of the run. So it is consistent; when it is emitted the run may have
     * gone on.
     *
     * <ul>
     *   <li><b>onNext</b>: the state. While the journal is written, once that is done.
     *   <li><b>onError</b>: what {@link #result()} fails with, if the run has broken down: {@link Runs#replay} knows then. A run that
     *       was suspended has a state.
     *   <li><b>cancel</b>: only ends the waiting.
     *   <li><b>threads</b>: the thread that subscribes if the run has nothing to do, else the one that works for the run. Like the run
     *       itself it must not be kept.
     * </ul>
     *
     * @return the state
     */
    public Mono<RunState> state() {
        return loop.state();
    }

    /**
     * The questions that wait for an answer.
     *
     * @return as they are now, in the order they were asked
     */
    public List<PendingQuestion> questions() {
        return loop.calls().questions();
    }

    /**
     * Answers a question; in any order.
     *
     * <p>Cold: nothing happens before subscription. A second subscription is a second answer, which comes too late for the
     * same question.
     *
     * <ul>
     *   <li><b>onNext</b>: true, once, when this is the question's answer and, if the workflow has a journal, the answer is in
     *       the journal. False if the question is not open: answered (also by an answer that is still being written), expired,
     *       withdrawn because no branch waits for it any more, or never asked.
     *   <li><b>onError</b>: {@link InvalidAnswerException} if the value is not of the question's {@linkplain
     *       PendingQuestion#answerType() type}, or none of its {@linkplain PendingQuestion#choices() choices}: the question stays
     *       open. {@link io.flotilla.journal.PayloadException} if the journal's codec cannot write the value: the
     *       question is open again and the run continues. {@link RunSuspendedException} if the run is being suspended: a
     *       recovery asks again. What the journal fails with: the run has failed with it too.
     *   <li><b>cancel</b>: only ends the waiting; an answer that has been subscribed to is not taken back.
     *   <li><b>threads</b>: the thread that takes the answer for the run: the one that subscribes, or one where the journal answers
     *       or a step ends. Like the run itself it must not be kept.
     * </ul>
     *
     * @param questionId its {@link PendingQuestion#id()}
     * @param value the answer; may be null
     * @return whether this is the answer
     * @throws NullPointerException if {@code questionId} is null (the call itself, not a signal)
     */
    public Mono<Boolean> answer(String questionId, @Nullable Object value) {
        return loop.calls().answer(Objects.requireNonNull(questionId, "questionId"), value);
    }

    /**
     * Gives the run a signal, which it keeps until a branch takes it by {@link Decision#await(Await)}, or the run ends. A name
     * that no branch waits for is kept all the same: nothing declares names. Of one name the oldest is taken first, each by one
     * branch; where several wait, by the first of them in lineage order.
     *
     * <p>Cold: nothing happens before subscription, and every subscription is a signal of its own.
     *
     * <ul>
     *   <li><b>onNext</b>: true, once, when the run has it and, if the workflow has a journal, it is in the journal: from then on
     *       a restart does not lose it. False if the run has ended.
     *   <li><b>onError</b>: {@link SignalRefusedException} if the run keeps {@link Workflow.Builder#maxPendingSignals} already,
     *       if the value is larger than a million bytes in the journal, or 10,000 callers wait for the journal; {@link
     *       io.flotilla.journal.PayloadException} if its codec cannot write the value. The run continues. What the journal fails
     *       with: the run has failed with it too.
     *   <li><b>cancel</b>: only ends the waiting; a signal that has been subscribed to is not taken back.
     *   <li><b>threads</b>: as for {@link #answer}.
     * </ul>
     *
     * @param name its name, see {@link Await#of}
     * @param value its value; may be null
     * @return whether the run has it
     * @throws NullPointerException if {@code name} is null (the call itself, not a signal)
     * @throws IllegalArgumentException if {@code name} is not the name of a signal (the call itself, not a signal)
     */
    public Mono<Boolean> signal(String name, @Nullable Object value) {
        return loop.calls().signal(Await.checked(name), value, false);
    }

    /**
     * Gives the run a signal that is lost if no branch waits for it at that moment. Otherwise as {@link #signal}.
     *
     * <ul>
     *   <li><b>onNext</b>: true, once, when a branch has it and, if the workflow has a journal, it is in the journal; false if
     *       no branch waited for it, or the run has ended.
     *   <li><b>onError</b>: as for {@link #signal}; what is not kept is not refused for what is.
     *   <li><b>cancel</b>: only ends the waiting.
     *   <li><b>threads</b>: as for {@link #answer}.
     * </ul>
     *
     * @param name its name, see {@link Await#of}
     * @param value its value; may be null
     * @return whether a branch has it
     * @throws NullPointerException if {@code name} is null (the call itself, not a signal)
     * @throws IllegalArgumentException if {@code name} is not the name of a signal (the call itself, not a signal)
     */
    public Mono<Boolean> signalIfAwaited(String name, @Nullable Object value) {
        return loop.calls().signal(Await.checked(name), value, true);
    }

    /** The run's id. */
    @Override
    public String toString() {
        return "Run[" + runId() + "]";
    }
}
