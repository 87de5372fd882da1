package io.flotilla.run.machine;

import io.flotilla.run.BranchPath;
import io.flotilla.run.Join;
import io.flotilla.run.JoinPredicateException;
import io.flotilla.run.JoinShortfallException;
import io.flotilla.run.NoAnswerException;
import io.flotilla.run.Outcome;
import io.flotilla.run.RunFailure;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The run's own join, over the answers that reach the run: decides what the run ends with. */
final class RunJoin {

    private final Scope root;
    private final Branches branches;
    private final RendezvousRegistry rendezvousRegistry;
    private final QuestionRegistry questions;
    private final Cancellation cancellation;
    private final RunCompletion completion;
    private final Timers timers;

    RunJoin(
            Branches branches,
            RendezvousRegistry rendezvousRegistry,
            QuestionRegistry questions,
            Cancellation cancellation,
            RunCompletion completion,
            Timers timers) {
        this.root = branches.root;
        this.branches = branches;
        this.rendezvousRegistry = rendezvousRegistry;
        this.questions = questions;
        this.cancellation = cancellation;
        this.completion = completion;
        this.timers = timers;
    }

    /** To be called when every change has been looked at. True if the join has just decided, or the run has finished. */
    boolean evaluate() {
        boolean decided = root.decided;
        if (!decided) {
            Tally tally = tally();
            JoinEvaluator.Verdict verdict = JoinEvaluator.judge(root, tally, true);
            if (verdict != JoinEvaluator.Verdict.OPEN) {
                decide(verdict == JoinEvaluator.Verdict.MET, tally);
            } else if (tally.live() == 0) {
                completion.end(new NoAnswerException());
            }
        }
        if (root.decided) {
            completion.finishIfEmpty();
        }
        return root.decided != decided || completion.isFinished();
    }

    /** Every branch that does not wait for others may answer the run. */
    private Tally tally() {
        return root.tally(branches.working() + rendezvousRegistry.size());
    }

    /** The deadline of the run's join. */
    void expire() {
        if (!root.decided) {
            Tally tally = tally().expired();
            decide(JoinEvaluator.isMetAtDeadline(root, tally), tally);
        }
    }

    private void decide(boolean met, Tally tally) {
        List<Outcome> outcomes = root.takeOutcomes();
        root.decided = true;
        root.timer = timers.stop(root.timer);
        List<@Nullable Object> answers = answers(outcomes);
        completion.endWith(answers, null);
        if (!root.join.keepsStragglers()) {
            cancellation.cancelInside(root);
        }
        if (root.thrown != null) {
            completion.endWith(answers, new JoinPredicateException("end", BranchPath.outsideForks(0), root.thrown));
        } else if (!met) {
            handleShortfall(outcomes, answers, tally);
        }
    }

    private static List<@Nullable Object> answers(List<Outcome> outcomes) {
        List<@Nullable Object> values = new ArrayList<>();
        for (Outcome outcome : outcomes) {
            if (!outcome.isFailure()) {
                values.add(outcome.value());
            }
        }
        return Collections.unmodifiableList(values);
    }

    /** The failure of a run is the one that reached it; the join's own where some have answered, but not enough. */
    private void handleShortfall(List<Outcome> outcomes, List<@Nullable Object> answers, Tally tally) {
        JoinShortfallException shortfall = JoinShortfallException.ofFork(
                "end", BranchPath.outsideForks(0), root.join, outcomes, tally.answered(), tally.failed(), tally.live());
        RunFailure reached = first(outcomes, shortfall);
        switch (root.join.shortfall()) {
            case FAIL ->
                completion.endWith(
                        answers,
                        root.join.requirement() == Join.Requirement.ALL || answers.isEmpty() ? reached : shortfall);
            case PROCEED -> completion.endWith(answers, answers.isEmpty() ? reached : null);
            case ASK -> {
                completion.endWith(answers, shortfall);
                questions.askJoin(null, shortfall, null);
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
}
