package io.flotilla.run;

import io.flotilla.observe.Redactor;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * When the branches of a fork are enough, and what to do when they are not.
 *
 * <p>A join counts the members of its fork as they are at each moment: answered, failed, live; those who have moved on, to
 * a rendezvous or to {@code end}, do not count. It decides at the first moment at which its decision is certain: it is
 * met as soon as enough have answered, and falls short as soon as enough can no longer come. (While nobody has answered or
 * failed, all may yet move on, and then there is nothing to fall short of.) Then the branches still live
 * are cancelled, unless {@link #keepStragglers()}.
 *
 * <p>At a rendezvous only those who have arrived count: {@link #firstSuccess()} and {@link #atLeast} fire it on arrival, the
 * others when nobody else can come. {@code atLeast} falls short when fewer have arrived and nobody else can come. At the
 * deadline {@link #all()} and {@link #ratio} fall short, {@code allSettled} and {@code atLeast} go on with what has arrived.
 * Who arrives after that is late; nobody is cancelled there.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Join {

    /** What a join asks for, one constant a factory. */
    public enum Requirement {
        /** Every branch must answer: {@link Join#all()}. */
        ALL,
        /** A number of branches must answer: {@link Join#atLeast}. */
        AT_LEAST,
        /** A share of the branches must answer: {@link Join#ratio(double)}. */
        RATIO,
        /** One branch must answer, and decides: {@link Join#firstSuccess()}. */
        FIRST_SUCCESS,
        /** Every branch must end, and one must answer: {@link Join#allSettled()}. */
        ALL_SETTLED,
        /** A predicate of the outcomes decides: {@link Join#when}. */
        WHEN
    }

    /** What the predicate of {@link Join#when} says. */
    public enum Verdict {
        /** What has come is enough. */
        MET,
        /** It can not be enough any more. */
        UNMET,
        /** It depends on what is still to come. */
        OPEN
    }

    /** What a shortfall does. */
    public enum Shortfall {
        /** It fails the branch: {@link Join#orFail()}. */
        FAIL,
        /** The branch continues with the outcomes there are: {@link Join#orProceed()}. */
        PROCEED,
        /** A person decides: {@link Join#orAsk()}. */
        ASK
    }

    private final Requirement require;
    private final int atLeast;
    private final double ratio;
    private final @Nullable Duration within;
    private final Shortfall shortfall;
    private final boolean keepStragglers;
    private final @Nullable Function<? super JoinProgress, Verdict> predicate;

    private Join(
            Requirement require,
            int atLeast,
            double ratio,
            @Nullable Duration within,
            Shortfall shortfall,
            boolean keepStragglers,
            @Nullable Function<? super JoinProgress, Verdict> predicate) {
        this.require = require;
        this.atLeast = atLeast;
        this.ratio = ratio;
        this.within = within;
        this.shortfall = shortfall;
        this.keepStragglers = keepStragglers;
        this.predicate = predicate;
    }

    private static Join of(Requirement require, int atLeast, double ratio) {
        return new Join(require, atLeast, ratio, null, Shortfall.FAIL, false, null);
    }

    /**
     * Everybody must answer; the first failure is a shortfall. The default.
     *
     * @return the join
     */
    public static Join all() {
        return of(Requirement.ALL, 0, 0);
    }

    /**
     * So many must answer; met by the last of them, whatever the others do.
     *
     * @param count 1 or more; may be more than there are branches, and is then never met
     * @return the join
     * @throws IllegalArgumentException if {@code count} is below 1
     */
    public static Join atLeast(int count) {
        return of(Requirement.AT_LEAST, (int) Bounds.atLeast(1, "atLeast", count), 0);
    }

    /**
     * That share of the members must answer: met as soon as answered / (answered + failed + live) is at least {@code
     * ratio}, short as soon as (answered + live) / (answered + failed + live) is below it.
     *
     * @param ratio from 0 to 1; with 0 it is met by the first branch that ends, in whatever way
     * @return the join
     * @throws IllegalArgumentException if {@code ratio} is outside its bounds or not a number
     */
    public static Join ratio(double ratio) {
        if (!(ratio >= 0 && ratio <= 1)) {
            throw new IllegalArgumentException("ratio must be >= 0 and <= 1, was " + ratio);
        }
        return of(Requirement.RATIO, 0, ratio);
    }

    /**
     * The first answer is enough. Failures do not matter as long as somebody may still answer.
     *
     * @return the join
     */
    public static Join firstSuccess() {
        return of(Requirement.FIRST_SUCCESS, 0, 0);
    }

    /**
     * Waits until all have ended; one answer is enough.
     *
     * @return the join
     */
    public static Join allSettled() {
        return of(Requirement.ALL_SETTLED, 0, 0);
    }

    /**
     * A predicate of the outcomes so far decides.
     *
     * <pre>{@code
     * Join.when(soFar -> soFar.answers(Vote.class).stream().filter(Vote::isYes).count() >= 3
     *         ? Join.Verdict.MET
     *         : soFar.failed() > 1 ? Join.Verdict.UNMET : Join.Verdict.OPEN)
     * }</pre>
     *
     * <p>It is asked when a branch of the fork has answered or failed, and when the number of those that live has changed since the
     * last time, once for all that one fact brings about; never before the first answer or failure. At a rendezvous it is
     * asked at every arrival, and when nobody else can come. When nobody else comes, or the deadline has passed, it is asked
     * for the last time, and {@link Verdict#OPEN} counts as {@link Verdict#UNMET}.
     *
     * <p>It must be a function of what it is given, without memory, clock, randomness or I/O, and must not block: it is called on the
     * thread that works for the run. Its verdicts are not recorded: like an agent's body it is code, which a replay calls again
     * with the outcomes of then, and a verdict that differs is a {@link DivergenceException}.
     *
     * <p>If it throws or returns null, the forking branch fails with {@link JoinPredicateException}, whatever a shortfall would do,
     * and the other branches of the fork are cancelled, unless {@link #keepStragglers()}.
     *
     * @param predicate what decides
     * @return the join
     * @throws NullPointerException if {@code predicate} is null
     */
    public static Join when(Function<? super JoinProgress, Verdict> predicate) {
        return new Join(
                Requirement.WHEN, 0, 0, null, Shortfall.FAIL, false, Objects.requireNonNull(predicate, "predicate"));
    }

    /** The same join; what its predicate throws has gone through the redactor. */
    Join redactedBy(Redactor redactor) {
        Function<? super JoinProgress, Verdict> asked = predicate;
        return asked == null
                ? this
                : new Join(
                        require,
                        atLeast,
                        ratio,
                        within,
                        shortfall,
                        keepStragglers,
                        soFar -> redacted(asked, soFar, redactor));
    }

    @SuppressWarnings("NullAway") // a predicate of the user's may return null, which the machine refuses
    private static Verdict redacted(
            Function<? super JoinProgress, Verdict> asked, JoinProgress soFar, Redactor redactor) {
        try {
            return asked.apply(soFar);
        } catch (Throwable thrown) {
            throw RecordedException.redacted(thrown, redactor);
        }
    }

    /**
     * The same join with a deadline, counted from when the fork opens, or from the first arrival at a rendezvous. Whoever
     * has not ended then counts as failed, and is among the outcomes as {@link Outcome.TimedOut}. An answer at that very
     * moment is in time.
     *
     * @param within more than zero; default none
     * @return a join with that deadline
     * @throws NullPointerException if {@code within} is null
     * @throws IllegalArgumentException if {@code within} is not more than zero, or more than 292 years
     */
    public Join within(Duration within) {
        return new Join(
                require, atLeast, ratio, Bounds.positive("within", within), shortfall, keepStragglers, predicate);
    }

    /**
     * A shortfall fails the branch that forked, with {@link JoinShortfallException}. The default.
     *
     * @return such a join
     */
    public Join orFail() {
        return new Join(require, atLeast, ratio, within, Shortfall.FAIL, keepStragglers, predicate);
    }

    /**
     * After a shortfall the branch that forked continues with the outcomes there are, failures among them.
     *
     * @return such a join
     */
    public Join orProceed() {
        return new Join(require, atLeast, ratio, within, Shortfall.PROCEED, keepStragglers, predicate);
    }

    /**
     * A shortfall is a person's to decide: an {@link PendingQuestion} with the choices {@code proceed} and {@code fail}
     * waits for as long as the run lives. {@code true} is the same as {@code proceed}, {@code false} as {@code fail}; any other answer
     * is an {@link InvalidAnswerException}. Needs no edge to {@code user}.
     *
     * @return such a join
     */
    public Join orAsk() {
        return new Join(require, atLeast, ratio, within, Shortfall.ASK, keepStragglers, predicate);
    }

    /**
     * Lets branches that have not ended when the join decides run on. What they answer is recorded as late and goes
     * nowhere; the run ends when they have ended too. By default they are cancelled.
     *
     * @return such a join
     */
    public Join keepStragglers() {
        return new Join(require, atLeast, ratio, within, shortfall, true, predicate);
    }

    /**
     * What this join asks for.
     *
     * @return the kind of the factory it was made with
     */
    public Requirement requirement() {
        return require;
    }

    /**
     * How many must answer.
     *
     * @return the argument of {@link #atLeast}; 0 for other joins
     */
    public int requiredCount() {
        return atLeast;
    }

    /**
     * Which share must answer.
     *
     * @return the argument of {@link #ratio(double)}; 0 for other joins
     */
    public double requiredRatio() {
        return ratio;
    }

    /**
     * What decides.
     *
     * @return the argument of {@link #when}; null for other joins
     */
    public @Nullable Function<? super JoinProgress, Verdict> predicate() {
        return predicate;
    }

    /**
     * The deadline.
     *
     * @return the argument of {@link #within(Duration)}; null without a deadline
     */
    public @Nullable Duration within() {
        return within;
    }

    /**
     * What a shortfall does.
     *
     * @return {@link Shortfall#FAIL} unless set
     */
    public Shortfall shortfall() {
        return shortfall;
    }

    /**
     * Whether branches that have not ended when the join decides run on.
     *
     * @return true after {@link #keepStragglers()}
     */
    public boolean keepsStragglers() {
        return keepStragglers;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Join that
                && require == that.require
                && atLeast == that.atLeast
                && Double.compare(ratio, that.ratio) == 0
                && Objects.equals(within, that.within)
                && shortfall == that.shortfall
                && keepStragglers == that.keepStragglers
                && Objects.equals(predicate, that.predicate);
    }

    @Override
    public int hashCode() {
        return Objects.hash(require, atLeast, ratio, within, shortfall, keepStragglers, predicate);
    }

    /** As it is written in code, without what is default: {@code ratio(0.8).within(PT20S).orProceed()}. */
    @Override
    public String toString() {
        String required = switch (require) {
            case ALL -> "all()";
            case AT_LEAST -> "atLeast(" + atLeast + ")";
            case RATIO -> "ratio(" + ratio + ")";
            case FIRST_SUCCESS -> "firstSuccess()";
            case ALL_SETTLED -> "allSettled()";
            case WHEN -> "when(predicate)";
        };
        String then = switch (shortfall) {
            case FAIL -> "";
            case PROCEED -> ".orProceed()";
            case ASK -> ".orAsk()";
        };
        return required
                + (within == null ? "" : ".within(" + within + ")")
                + then
                + (keepStragglers ? ".keepStragglers()" : "");
    }
}
