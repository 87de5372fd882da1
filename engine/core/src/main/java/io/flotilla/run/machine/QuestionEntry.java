package io.flotilla.run.machine;

import io.flotilla.run.JoinShortfallException;
import io.flotilla.run.Outcome;
import io.flotilla.run.PendingQuestion;
import io.flotilla.run.Question;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A question that is open, and for whom. */
final class QuestionEntry {

    /** As people see it. */
    final PendingQuestion open;

    /** Who waits for the answer; null if it is the run's own join that asks. */
    final @Nullable Branch branch;

    /** What the branch's agent asked; null if it is a join that asks. */
    final @Nullable Question question;

    /** What the branch fails with if the answer to a join's question is not to proceed. */
    final @Nullable JoinShortfallException shortfall;

    /** What it proceeds with; null of a rendezvous, which has its arrivals. */
    final @Nullable List<Outcome> outcomes;

    /** The timer of its deadline; 0 for none. */
    long timer;

    QuestionEntry(
            PendingQuestion open,
            @Nullable Branch branch,
            @Nullable Question question,
            @Nullable JoinShortfallException shortfall,
            @Nullable List<Outcome> outcomes) {
        this.open = open;
        this.branch = branch;
        this.question = question;
        this.shortfall = shortfall;
        this.outcomes = outcomes;
    }
}
