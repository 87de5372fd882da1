package io.flotilla.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the predicate of {@link Join#when} is asked about: the outcomes so far. Immutable, as far as the values in it are.
 *
 * @since 0.1
 */
public final class JoinProgress {

    private final int answered;
    private final int failed;
    private final int live;
    private final boolean complete;
    private final Supplier<List<Outcome>> source;
    private @Nullable List<Outcome> outcomes;

    private JoinProgress(int answered, int failed, int live, boolean complete, Supplier<List<Outcome>> source) {
        this.answered = answered;
        this.failed = failed;
        this.live = live;
        this.complete = complete;
        this.source = source;
    }

    /**
     * The progress of a join, for unit tests of predicates.
     *
     * @param outcomes the outcomes so far, in lineage order
     * @param live how many branches of the fork have not ended; 0 for the last of them
     * @return the progress
     * @throws NullPointerException if {@code outcomes} or one of them is null
     * @throws IllegalArgumentException if {@code live} is negative
     */
    public static JoinProgress of(List<Outcome> outcomes, int live) {
        List<Outcome> copied = List.copyOf(outcomes);
        var checked = Bounds.atLeast(0, "live", live);
        int failed = (int) copied.stream().filter(Outcome::isFailure).count();
        return of(copied.size() - failed, failed, (int) checked, live == 0, () -> copied);
    }

    /**
     * The progress of a join, for engines that drive runs.
     *
     * @param answered how many have answered
     * @param failed how many have failed, or had not ended at the deadline
     * @param live how many have not ended
     * @param complete whether nobody else comes
     * @param outcomes called when the outcomes are first asked for; in lineage order
     * @return the progress
     * @throws NullPointerException if {@code outcomes} is null
     */
    public static JoinProgress of(
            int answered, int failed, int live, boolean complete, Supplier<List<Outcome>> outcomes) {
        return new JoinProgress(answered, failed, live, complete, Objects.requireNonNull(outcomes, "outcomes"));
    }

    /**
     * How many branches have answered; at a rendezvous, how many have arrived.
     *
     * @return the number
     */
    public int answered() {
        return answered;
    }

    /**
     * How many branches have failed, or had not ended at the deadline.
     *
     * @return the number; 0 at a rendezvous, where only those who arrive count
     */
    public int failed() {
        return failed;
    }

    /**
     * How many branches of the fork have not ended. Each may still answer, fail, or move on and never count.
     *
     * @return the number; 0 at a rendezvous, where it is not known how many may come
     */
    public int live() {
        return live;
    }

    /**
     * Whether nobody else comes: all have ended, or the time is up. The predicate is not asked again; {@link Join.Verdict#OPEN}
     * counts as unmet then.
     *
     * @return whether this is all there is
     */
    public boolean isComplete() {
        return complete;
    }

    /**
     * The outcomes so far. They are put in order when this is first called, so a predicate that only counts is cheaper without
     * them. To be called while the predicate is asked.
     *
     * @return answers, failures and time-outs in lineage order; at a rendezvous one answer an arrival
     */
    public List<Outcome> outcomes() {
        List<Outcome> known = outcomes;
        if (known == null) {
            known = List.copyOf(source.get());
            outcomes = known;
        }
        return known;
    }

    /**
     * The answers among {@link #outcomes()}.
     *
     * @param type what the agents answered with
     * @param <T> what the agents answered with
     * @return the values that are not null, in the same order
     * @throws ClassCastException if one is of another type; out of a predicate this is a {@link JoinPredicateException}
     */
    public <T> List<T> answers(Class<T> type) {
        List<T> values = new ArrayList<>();
        for (Outcome outcome : outcomes()) {
            if (outcome.value() != null) {
                values.add(type.cast(outcome.value()));
            }
        }
        return List.copyOf(values);
    }

    /** The counts. */
    @Override
    public String toString() {
        return "JoinProgress[answered=" + answered + ", failed=" + failed + ", live=" + live
                + (complete ? ", complete" : "") + "]";
    }
}
