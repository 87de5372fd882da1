package io.flotilla.run.machine;

import io.flotilla.run.Join;
import io.flotilla.run.JoinShortfallException;
import io.flotilla.run.Outcome;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What happens to the branch of a fork or rendezvous whose join was not met. */
final class Shortfalls {

    private final Branches branches;
    private final QuestionRegistry questions;

    Shortfalls(Branches branches, QuestionRegistry questions) {
        this.branches = branches;
        this.questions = questions;
    }

    /** {@code outcomes} is null at a rendezvous, which has its arrivals. */
    void handle(Branch branch, Join join, JoinShortfallException why, @Nullable List<Outcome> outcomes) {
        switch (join.shortfall()) {
            case FAIL -> branches.failed(branch, why);
            case PROCEED -> branches.proceed(branch, outcomes);
            case ASK -> questions.askJoin(branch, why, outcomes);
        }
    }
}
