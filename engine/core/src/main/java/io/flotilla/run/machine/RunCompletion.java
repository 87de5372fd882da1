package io.flotilla.run.machine;

import io.flotilla.run.LimitExceededException;
import io.flotilla.run.RunCancelledException;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunFailure;
import io.flotilla.run.RunResult;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The end of a run: with the answers and the failure its join has decided on, or at once. */
final class RunCompletion {

    private final Branches branches;
    private final OpenQuestions questions;
    private final OpenWaits waits;
    private final Cancellation cancellation;
    private final Timers timers;
    private final Output output;
    private final Compensations compensations;
    private RunResult.Status status = RunResult.Status.FAILED;
    private List<@Nullable Object> answers = List.of();
    private @Nullable RunFailure failure;
    private boolean finished;

    RunCompletion(
            Branches branches,
            OpenQuestions questions,
            OpenWaits waits,
            Cancellation cancellation,
            Timers timers,
            Output output,
            Compensations compensations) {
        this.branches = branches;
        this.questions = questions;
        this.waits = waits;
        this.cancellation = cancellation;
        this.timers = timers;
        this.output = output;
        this.compensations = compensations;
    }

    /** Whether nothing but compensations happens any more. */
    boolean isFinished() {
        return finished;
    }

    /** What the run ends with when nothing of it is left; without a failure it succeeds. */
    void endWith(List<@Nullable Object> answers, @Nullable RunFailure failure) {
        this.answers = answers;
        this.failure = failure;
    }

    /** The run's own join was not met, and a person says whether the run succeeds with the answers there are. */
    void answered(boolean proceed) {
        if (proceed && !answers.isEmpty()) {
            failure = null;
        }
    }

    /** Finishes, if nothing of the run is left. */
    void finishIfEmpty() {
        if (branches.root.isEmpty() && questions.isEmpty() && !finished) {
            finish(failure == null ? RunResult.Status.SUCCEEDED : RunResult.Status.FAILED);
        }
    }

    /** Ends the run if a limit was exceeded; the branch that did has failed by it. True if the run is over. */
    boolean isOver(@Nullable LimitExceededException exceeded, @Nullable Branch branch) {
        if (exceeded != null && !finished) {
            if (branch != null) {
                boolean inFlight = branch.state == Branch.State.RUNNING;
                if (branches.takeStep(branch.step) != null && inFlight) { // only the limit of time passes during a step
                    output.add(new Effect.CancelStep(branch.step));
                }
                if (branch.waitEntry != null) { // so is a sleep
                    waits.withdraw(branch.waitEntry);
                }
                branches.failed(branch, exceeded);
            }
            end(exceeded);
        }
        return finished;
    }

    /** Ends the run at once, whatever lives. */
    void end(RunFailure why) {
        branches.root.decided = true;
        answers = List.of();
        failure = why;
        cancellation.cancelInside(branches.root);
        questions.withdrawAll();
        finish(why instanceof RunCancelledException ? RunResult.Status.CANCELLED : RunResult.Status.FAILED);
    }

    private void finish(RunResult.Status how) {
        finished = true;
        status = how;
        if (how == RunResult.Status.SUCCEEDED || !compensations.begin()) {
            conclude();
        } else {
            timers.stopAll();
        }
    }

    /** Nothing is left to be done, or to be undone. */
    void conclude() {
        output.record(new RunEvent.RunFinished(output.next(), output.at(), status));
        timers.stopAll();
        output.add(new Effect.Finish(
                status,
                status == RunResult.Status.SUCCEEDED ? answers : List.of(),
                failure,
                branches.steps(),
                branches.ends(),
                branches.lateArrivals(),
                compensations.failed()));
    }
}
