package io.flotilla.run.machine;

import io.flotilla.run.BranchPath;
import io.flotilla.run.JoinShortfallException;
import io.flotilla.run.Outcome;
import io.flotilla.run.PendingQuestion;
import io.flotilla.run.Question;
import io.flotilla.run.QuestionExpiredException;
import io.flotilla.run.RunEvent;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The questions of a run that are open: those agents ask, and those of joins that fell short. */
final class QuestionRegistry {

    private static final String PROCEED = "proceed";

    private final RunMachine run;
    private final Map<String, QuestionEntry> open = new LinkedHashMap<>();
    private long asked;

    QuestionRegistry(RunMachine run) {
        this.run = run;
    }

    boolean isEmpty() {
        return open.isEmpty();
    }

    /** The branch whose question has been open for longest; null if none asks. */
    @Nullable Branch longestWaiting() {
        for (QuestionEntry entry : open.values()) {
            if (entry.branch != null) {
                return entry.branch;
            }
        }
        return null;
    }

    void ask(Branch branch, Question question) {
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
        if (run.isOver(run.limits.question(open.size(), branch), branch)) {
            return;
        }
        Duration within = question == null ? null : question.timeout();
        PendingQuestion pending = new PendingQuestion(
                "q" + asked++,
                branch == null ? "end" : run.branches.name(branch),
                branch == null ? BranchPath.outsideForks(0) : branch.path,
                text,
                shortfall == null ? List.of() : List.of(PROCEED, "fail"),
                within == null ? null : run.recorder.at().plus(within));
        QuestionEntry entry = new QuestionEntry(pending, branch, question, shortfall, outcomes);
        entry.timer = run.timers.start(within, entry);
        open.put(pending.id(), entry);
        if (branch != null) {
            run.branches.awaitAnswer(branch);
            branch.questionEntry = entry;
        }
        run.recorder.record(new RunEvent.QuestionAsked(run.recorder.next(), run.recorder.at(), pending));
        run.effects.add(new Effect.Ask(pending));
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
            withdraw(entry);
            run.branches.failed(entry.branch, new QuestionExpiredException(entry.open));
        }
    }

    private void answered(QuestionEntry entry, @Nullable Object value, boolean byDefault) {
        withdraw(entry);
        PendingQuestion pending = entry.open;
        run.recorder.record(new RunEvent.QuestionAnswered(
                run.recorder.next(), run.recorder.at(), pending.branch(), pending.agent(), pending.id(), byDefault));
        boolean proceed = Boolean.TRUE.equals(value) || PROCEED.equals(value);
        if (entry.branch == null) {
            run.completion.answered(proceed);
        } else if (entry.shortfall == null) {
            entry.branch.turn = entry.branch.turn.thenAnswered(value);
            run.branches.ready(entry.branch);
        } else if (proceed) {
            run.forks.proceed(entry.branch, entry.outcomes);
        } else {
            run.branches.failed(entry.branch, entry.shortfall);
        }
    }

    /** The question is open no more. */
    void withdraw(QuestionEntry entry) {
        entry.timer = run.timers.stop(entry.timer);
        open.remove(entry.open.id());
        if (entry.branch != null) {
            entry.branch.questionEntry = null;
        }
        run.effects.add(new Effect.CloseQuestion(entry.open.id()));
    }

    void withdrawAll() {
        List.copyOf(open.values()).forEach(this::withdraw);
    }
}
