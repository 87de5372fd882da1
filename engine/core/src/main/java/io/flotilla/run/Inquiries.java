package io.flotilla.run;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The questions of a run that are open: those agents ask, and those of joins that fell short. */
final class Inquiries {

    private static final String PROCEED = "proceed";

    private final RunMachine run;
    private final Map<String, Inquiry> open = new LinkedHashMap<>();
    private long asked;

    Inquiries(RunMachine run) {
        this.run = run;
    }

    boolean isEmpty() {
        return open.isEmpty();
    }

    /** The branch whose question has been open for longest; null if none asks. */
    @Nullable Branch longestAsking() {
        for (Inquiry inquiry : open.values()) {
            if (inquiry.branch != null) {
                return inquiry.branch;
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
        Duration within = question == null ? null : question.within();
        OpenQuestion told = new OpenQuestion(
                "q" + asked++,
                branch == null ? "end" : run.branches.name(branch),
                branch == null ? BranchPath.outsideForks(0) : branch.path,
                text,
                shortfall == null ? List.of() : List.of(PROCEED, "fail"),
                within == null ? null : run.story.at().plus(within));
        Inquiry inquiry = new Inquiry(told, branch, question, shortfall, outcomes);
        inquiry.timer = run.timers.start(within, inquiry);
        open.put(told.id(), inquiry);
        if (branch != null) {
            run.branches.asking(branch);
            branch.inquiry = inquiry;
        }
        run.story.tell(new RunEvent.Asked(run.story.next(), run.story.at(), told));
        run.effects.add(new Effect.Ask(told));
    }

    /** An answer to a question that is not open does nothing. */
    void answer(String question, @Nullable Object value) {
        Inquiry inquiry = open.get(question);
        if (inquiry != null) {
            answered(inquiry, value, false);
        }
    }

    void expire(Inquiry inquiry) {
        Question question = inquiry.question;
        if (question == null || inquiry.branch == null) {
            return; // joins ask without a deadline
        }
        if (question.hasDefault()) {
            answered(inquiry, question.byDefault(), true);
        } else {
            withdraw(inquiry);
            run.branches.failed(inquiry.branch, new QuestionExpiredException(inquiry.open));
        }
    }

    private void answered(Inquiry inquiry, @Nullable Object value, boolean byDefault) {
        withdraw(inquiry);
        OpenQuestion told = inquiry.open;
        run.story.tell(new RunEvent.QuestionAnswered(
                run.story.next(), run.story.at(), told.branch(), told.agent(), told.id(), byDefault));
        boolean proceed = Boolean.TRUE.equals(value) || PROCEED.equals(value);
        if (inquiry.branch == null) {
            run.ending.answered(proceed);
        } else if (inquiry.shortfall == null) {
            inquiry.branch.turn = inquiry.branch.turn.answered(value);
            run.branches.ready(inquiry.branch);
        } else if (proceed) {
            run.forks.proceed(inquiry.branch, inquiry.outcomes);
        } else {
            run.branches.failed(inquiry.branch, inquiry.shortfall);
        }
    }

    /** The question is open no more. */
    void withdraw(Inquiry inquiry) {
        inquiry.timer = run.timers.stop(inquiry.timer);
        open.remove(inquiry.open.id());
        if (inquiry.branch != null) {
            inquiry.branch.inquiry = null;
        }
        run.effects.add(new Effect.CloseQuestion(inquiry.open.id()));
    }

    void withdrawAll() {
        List.copyOf(open.values()).forEach(this::withdraw);
    }
}
