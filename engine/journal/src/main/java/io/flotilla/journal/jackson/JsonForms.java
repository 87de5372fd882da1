package io.flotilla.journal.jackson;

import io.flotilla.run.BranchPath;
import io.flotilla.run.Outcome;
import io.flotilla.run.PendingQuestion;
import io.flotilla.run.PendingSignal;
import io.flotilla.run.PendingWait;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunFailure;
import io.flotilla.run.RunResult;
import io.flotilla.run.RunState;
import io.flotilla.step.StepResult;
import java.util.function.Function;

/** The types that have a JSON form, and what it is: a map, or a text. The same for each version of Jackson. */
final class JsonForms {

    /** Takes one type with its form. */
    interface Taker {

        /**
         * A type.
         *
         * @param type it and all its subtypes
         * @param form maps, lists, texts, numbers, booleans and null
         * @param <T> the type
         */
        <T> void take(Class<T> type, Function<? super T, ?> form);
    }

    private JsonForms() {}

    static void giveTo(Taker taker) {
        taker.take(RunEvent.class, RunEvent::toMap);
        taker.take(RunFailure.class, RunFailure::toMap);
        taker.take(RunResult.class, result -> result.toMap());
        taker.take(RunState.class, RunState::toMap);
        taker.take(RunState.BranchState.class, RunState.BranchState::toMap);
        taker.take(Outcome.class, Outcome::toMap);
        taker.take(StepResult.class, result -> result.toMap());
        taker.take(PendingQuestion.class, PendingQuestion::toMap);
        taker.take(PendingSignal.class, PendingSignal::toMap);
        taker.take(PendingWait.class, PendingWait::toMap);
        taker.take(BranchPath.class, BranchPath::toString);
    }
}
