package io.flotilla.run;

import io.flotilla.internal.JsonFields;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What became of one branch of a fork, as the forking agent gets it when the join has decided. Immutable, as far
 * as values and causes are.
 *
 * @since 0.1
 */
public sealed interface Outcome {

    /**
     * Who answered or failed: the agent the branch ended at, not always the one that was invoked.
     *
     * @return the agent's name in the topology
     */
    String agent();

    /**
     * Which branch it was.
     *
     * @return its path
     */
    BranchPath branch();

    /**
     * What the branch answered.
     *
     * @return the value of an {@link Answered} branch, which may be null; null for the others
     */
    default @Nullable Object value() {
        return null;
    }

    /**
     * Whether there is no answer.
     *
     * @return false for {@link Answered}, true for the others
     */
    default boolean isFailure() {
        return true;
    }

    /**
     * The outcome as JSON has it: {@code type} ({@code answered}, {@code failed}, {@code timed-out}), {@code agent}, {@code branch}, then {@code
     * value}, {@code failure} or {@code limit}; a value as in {@link RunResult#toMap()}.
     *
     * @return texts, numbers, flags, null, lists and maps of these; cannot be changed
     */
    default Map<String, @Nullable Object> toMap() {
        return fold(
                        answered -> form("answered").value("value", answered.value()),
                        failed -> form("failed").map("failure", failed.failure().toMap()),
                        timedOut -> form("timed-out").duration("limit", timedOut.limit()))
                .toMap();
    }

    private JsonFields form(String type) {
        return new JsonFields().text("type", type).text("agent", agent()).text("branch", branch());
    }

    /**
     * Calls the function that fits; the compiler sees to it that none is forgotten.
     *
     * @param answered for {@link Answered}
     * @param failed for {@link Failed}
     * @param timedOut for {@link TimedOut}
     * @param <R> what they return
     * @return what the function returned
     */
    <R extends @Nullable Object> R fold(
            Function<? super Answered, ? extends R> answered,
            Function<? super Failed, ? extends R> failed,
            Function<? super TimedOut, ? extends R> timedOut);

    /**
     * The branch answered.
     *
     * @param agent who
     * @param branch on which branch
     * @param value the answer
     */
    record Answered(
            String agent, BranchPath branch, @Nullable Object value) implements Outcome {

        @Override
        public boolean isFailure() {
            return false;
        }

        @Override
        public <R extends @Nullable Object> R fold(
                Function<? super Answered, ? extends R> answered,
                Function<? super Failed, ? extends R> failed,
                Function<? super TimedOut, ? extends R> timedOut) {
            return answered.apply(this);
        }
    }

    /**
     * The branch failed.
     *
     * @param agent who
     * @param branch on which branch
     * @param failure why
     */
    record Failed(String agent, BranchPath branch, RunFailure failure) implements Outcome {

        /**
         * Why, in short: what the agent said when it decided to fail, else the message of the first cause.
         *
         * @return the reason
         */
        public String reason() {
            return failure.reason();
        }

        @Override
        public <R extends @Nullable Object> R fold(
                Function<? super Answered, ? extends R> answered,
                Function<? super Failed, ? extends R> failed,
                Function<? super TimedOut, ? extends R> timedOut) {
            return failed.apply(this);
        }
    }

    /**
     * The branch was still going when the join's deadline passed.
     *
     * @param agent where it was
     * @param branch which branch
     * @param limit the time the join gave it
     */
    record TimedOut(String agent, BranchPath branch, Duration limit) implements Outcome {

        @Override
        public <R extends @Nullable Object> R fold(
                Function<? super Answered, ? extends R> answered,
                Function<? super Failed, ? extends R> failed,
                Function<? super TimedOut, ? extends R> timedOut) {
            return timedOut.apply(this);
        }
    }
}
