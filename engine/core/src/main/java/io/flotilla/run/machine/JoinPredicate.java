package io.flotilla.run.machine;

import io.flotilla.run.Join;
import io.flotilla.run.JoinProgress;
import io.flotilla.run.RecordedException;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Asks the predicate of a {@link Join#when}: code of the user's, which may throw.
 *
 * @param verdict what it says; unmet if it has thrown
 * @param thrown what it has thrown; null if it has not
 */
record JoinPredicate(
        JoinEvaluator.Verdict verdict, @Nullable RecordedException thrown) {

    static JoinPredicate ask(Join join, JoinProgress soFar) {
        Function<? super JoinProgress, Join.Verdict> predicate = Objects.requireNonNull(join.predicate(), "predicate");
        try {
            Join.Verdict said = Objects.requireNonNull(predicate.apply(soFar), "the predicate returned null");
            return new JoinPredicate(
                    switch (said) {
                        case MET -> JoinEvaluator.Verdict.MET;
                        case UNMET -> JoinEvaluator.Verdict.UNMET;
                        case OPEN -> soFar.isComplete() ? JoinEvaluator.Verdict.UNMET : JoinEvaluator.Verdict.OPEN;
                    },
                    null);
        } catch (Throwable thrown) { // whatever it is, the run goes on without it
            return new JoinPredicate(JoinEvaluator.Verdict.UNMET, RecordedException.of(thrown));
        }
    }
}
