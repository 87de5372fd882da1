package io.flotilla.run.machine;

import io.flotilla.run.BranchPath;
import io.flotilla.run.Join;
import io.flotilla.run.JoinShortfallException;
import io.flotilla.run.NoAnswerException;
import io.flotilla.run.Outcome;
import io.flotilla.run.RunCancelledException;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunFailure;
import io.flotilla.run.RunResult;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How the run ends: its own join, over the answers that reach it, and what it is decided to end with. */
final class RunCompletion {

    private final RunMachine run;
    private final Scope root;
    private List<@Nullable Object> answers = List.of();
    private @Nullable RunFailure failure;
    private boolean finished;

    RunCompletion(RunMachine run) {
        this.run = run;
        this.root = run.branches.root;
    }

    boolean isFinished() {
        return finished;
    }

    /** To be called when every change has been looked at. True if the run's join has just decided. */
    boolean evaluate() {
        boolean decided = root.decided;
        if (!decided) {
            Tally tally = tally();
            JoinEvaluator.Verdict verdict = JoinEvaluator.judge(root.join, tally, true);
            if (verdict != JoinEvaluator.Verdict.OPEN) {
                decide(verdict == JoinEvaluator.Verdict.MET, tally);
            } else if (tally.live() == 0) {
                end(new NoAnswerException());
            }
        }
        if (root.decided && root.isEmpty() && run.questions.isEmpty() && !finished) {
            finish(failure == null ? RunResult.Status.SUCCEEDED : RunResult.Status.FAILED);
        }
        return root.decided != decided || finished;
    }

    /** Everybody may answer the run who does not wait for others. */
    private Tally tally() {
        return root.tally(run.branches.working() + run.rendezvousRegistry.size());
    }

    /** The deadline of the run's join. */
    void expire() {
        if (!root.decided) {
            Tally tally = tally().expired();
            decide(JoinEvaluator.isMet(root.join, tally), tally);
        }
    }

    private void decide(boolean met, Tally tally) {
        List<Outcome> outcomes = root.takeOutcomes();
        root.decided = true;
        root.timer = run.timers.stop(root.timer);
        List<@Nullable Object> values = new ArrayList<>();
        for (Outcome outcome : outcomes) {
            if (!outcome.isFailure()) {
                values.add(outcome.value());
            }
        }
        answers = Collections.unmodifiableList(values);
        if (!root.join.keepsStragglers()) {
            run.forks.cancelInside(root);
        }
        if (!met) {
            handleShortfall(outcomes, tally);
        }
    }

    /** The failure of a run is the one that reached it; the join's own where some have answered, but not enough. */
    private void handleShortfall(List<Outcome> outcomes, Tally tally) {
        JoinShortfallException shortfall = JoinShortfallException.ofFork(
                "end", BranchPath.outsideForks(0), root.join, outcomes, tally.answered(), tally.failed(), tally.live());
        RunFailure reached = first(outcomes, shortfall);
        switch (root.join.shortfall()) {
            case FAIL ->
                failure = root.join.requirement() == Join.Requirement.ALL || answers.isEmpty() ? reached : shortfall;
            case PROCEED -> failure = answers.isEmpty() ? reached : null;
            case ASK -> {
                failure = shortfall;
                run.questions.askJoin(null, shortfall, null);
            }
        }
    }

    /** The first failure in lineage order, with the others suppressed in it. */
    private static RunFailure first(List<Outcome> outcomes, RunFailure otherwise) {
        RunFailure first = null;
        for (Outcome outcome : outcomes) {
            if (outcome instanceof Outcome.Failed failed) {
                if (first == null) {
                    first = failed.failure();
                } else if (first.getSuppressed().length < JoinShortfallException.MAX_SUPPRESSED) {
                    first.addSuppressed(failed.failure());
                }
            }
        }
        return first == null ? otherwise : first;
    }

    /** The answer to the question of the run's own join. */
    void answered(boolean proceed) {
        if (proceed && !answers.isEmpty()) {
            failure = null;
        }
    }

    /** Ends the run at once, whatever lives. */
    void end(RunFailure why) {
        root.decided = true;
        answers = List.of();
        failure = why;
        run.forks.cancelInside(root);
        run.questions.withdrawAll();
        finish(why instanceof RunCancelledException ? RunResult.Status.CANCELLED : RunResult.Status.FAILED);
    }

    private void finish(RunResult.Status status) {
        finished = true;
        run.recorder.record(new RunEvent.RunFinished(run.recorder.next(), run.recorder.at(), status));
        run.timers.stopAll();
        run.effects.add(new Effect.Finish(
                status,
                status == RunResult.Status.SUCCEEDED ? answers : List.of(),
                failure,
                run.branches.steps(),
                run.branches.ends(),
                run.branches.lateArrivals()));
    }
}
