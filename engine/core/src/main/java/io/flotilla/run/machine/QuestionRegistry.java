package io.flotilla.run.machine;

import io.flotilla.run.BranchPath;
import io.flotilla.run.JoinShortfallException;
import io.flotilla.run.Outcome;
import io.flotilla.run.PendingQuestion;
import io.flotilla.run.Question;
import io.flotilla.run.QuestionExpiredException;
import io.flotilla.run.RunEvent;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Asks the questions of agents, and of joins that were not met; what an answer or a deadline does. */
final class QuestionRegistry {

    private static final String PROCEED = "proceed";

    private final Branches branches;
    private final OpenQuestions open;
    private final LimitGuard limits;
    private final RunCompletion completion;
    private final Timers timers;
    private final Output output;
    private long asked;

    QuestionRegistry(
            Branches branches,
            OpenQuestions open,
            LimitGuard limits,
            RunCompletion completion,
            Timers timers,
            Output output) {
        this.branches = branches;
        this.open = open;
        this.limits = limits;
        this.completion = completion;
        this.timers = timers;
        this.output = output;
    }

    void ask(Branch branch, Question question, @Nullable Object carry) {
        branch.carry = carry;
        ask(branch, question.text(), question, null, null);
    }

    /** {@code branch} is null if it is the run's own join that asks; {@code outcomes} at a rendezvous. */
    void askJoin(@Nullable Branch branch, JoinShortfallException why, @Nullable List<Outcome> outcomes) {
        ask(branch, why.getMessage() + "; proceed?", null, why, outcomes);
    }

    private void ask(
            @Nullable Branch branch,
            String text,
            @Nullable Question question,
            @Nullable JoinShortfallException shortfall,
            @Nullable List<Outcome> outcomes) {
        if (limits.endsByQuestion(open.size(), branch)) {
            return;
        }
        Duration within = question == null ? null : question.timeout();
        PendingQuestion pending = new PendingQuestion(
                "q" + asked++,
                branch == null ? "end" : branches.name(branch),
                branch == null ? BranchPath.outsideForks(0) : branch.path,
                text,
                question == null ? List.of(PROCEED, "fail") : question.choices(),
                within == null ? null : output.at().plus(within),
                question == null ? null : question.answerType());
        QuestionEntry entry = new QuestionEntry(pending, branch, question, shortfall, outcomes);
        entry.timer = timers.start(within, entry);
        open.add(entry);
        if (branch != null) {
            branches.awaitAnswer(branch);
        }
        output.record(new RunEvent.QuestionAsked(output.next(), output.at(), pending));
        output.add(new Effect.Ask(pending));
    }

    /** An answer to a question that is not open does nothing. */
    void answer(String question, @Nullable Object value) {
        QuestionEntry entry = open.get(question);
        if (entry != null) {
            answered(entry, value, false);
        }
    }

    void expire(QuestionEntry entry) {
        Question question = entry.question;
        if (question == null || entry.branch == null) {
            return; // joins ask without a deadline
        }
        if (question.hasDefault()) {
            answered(entry, question.defaultAnswer(), true);
        } else {
            open.withdraw(entry);
            branches.failed(entry.branch, new QuestionExpiredException(entry.open));
        }
    }

    private void answered(QuestionEntry entry, @Nullable Object value, boolean byDefault) {
        open.withdraw(entry);
        PendingQuestion pending = entry.open;
        output.record(new RunEvent.QuestionAnswered(
                output.next(), output.at(), pending.branch(), pending.agent(), pending.id(), byDefault));
        boolean proceed = Boolean.TRUE.equals(value) || PROCEED.equals(value);
        if (entry.branch == null) {
            completion.answered(proceed);
        } else if (entry.shortfall == null) {
            entry.branch.turn = entry.branch.turn.thenAnswered(value).withCarried(entry.branch.takeCarry());
            branches.ready(entry.branch);
        } else if (proceed) {
            branches.proceed(entry.branch, entry.outcomes);
        } else {
            branches.failed(entry.branch, entry.shortfall);
        }
    }
}
