package io.flotilla.run.machine;

import io.flotilla.run.Join;
import io.flotilla.run.JoinProgress;
import java.time.Duration;
import java.util.Random;

/**
 * A join drawn at random, with what it is made of and its rule said once more: {@link Join} is asked nothing.
 *
 * @param kind 0 all, 1 first, 2 any, 3 at least, 4 ratio, 5 a predicate: so many at least, two failures are too many
 * @param least of at least
 * @param ratio of ratio
 * @param withinMs 0 for no deadline
 * @param shortfall 0 fail, 1 proceed, 2 ask
 * @param keeps whether it keeps stragglers
 */
record RandomJoin(int kind, int least, double ratio, long withinMs, int shortfall, boolean keeps) {

    static final int ALL = 0;
    static final int FIRST = 1;
    static final int ANY = 2;
    static final int AT_LEAST = 3;
    static final int WHEN = 5;

    private static final double[] RATIOS = {0, 0.3, 0.5, 0.8, 1};

    static RandomJoin draw(Random random) {
        return new RandomJoin(
                random.nextInt(3) == 0 ? ALL : random.nextInt(6),
                1 + random.nextInt(4),
                RATIOS[random.nextInt(RATIOS.length)],
                random.nextInt(4) == 0 ? 1 + random.nextInt(40) : 0,
                random.nextInt(2) == 0 ? 0 : random.nextInt(3),
                random.nextInt(4) == 0);
    }

    Join join() {
        Join join = switch (kind) {
            case ALL -> Join.all();
            case FIRST -> Join.firstSuccess();
            case ANY -> Join.allSettled();
            case AT_LEAST -> Join.atLeast(least);
            case WHEN -> Join.when(this::verdict);
            default -> Join.ratio(ratio);
        };
        join = withinMs == 0 ? join : join.within(Duration.ofMillis(withinMs));
        join = shortfall == 0 ? join : shortfall == 1 ? join.orProceed() : join.orAsk();
        return keeps ? join.keepStragglers() : join;
    }

    private Join.Verdict verdict(JoinProgress soFar) {
        long answered = soFar.outcomes().stream()
                .filter(outcome -> !outcome.isFailure())
                .count();
        long failed = soFar.outcomes().size() - answered;
        if (answered != soFar.answered() || failed != soFar.failed()) {
            throw new AssertionError(soFar + " of " + soFar.outcomes());
        }
        if (isBroken((int) answered, (int) failed)) {
            throw new IllegalStateException("a predicate's");
        }
        return answered >= least ? Join.Verdict.MET : failed > 1 ? Join.Verdict.UNMET : Join.Verdict.OPEN;
    }

    /** Whether a predicate throws. */
    boolean isBroken(int answered, int failed) {
        return kind == WHEN && ratio == 0.3 && answered + failed > 1;
    }

    /** Whether nobody needs to answer at all. */
    boolean takesNothing() {
        return kind == 4 && ratio == 0;
    }

    boolean isMet(int answered, int failed, int live) {
        int all = answered + failed + live;
        return switch (kind) {
            case ALL -> answered == all && answered > 0;
            case FIRST -> answered >= 1;
            case ANY -> answered >= 1 && live == 0;
            case AT_LEAST -> answered >= least;
            case WHEN -> answered >= least && !isBroken(answered, failed);
            default -> answered + failed > 0 && (double) answered / all >= ratio;
        };
    }

    /** Whether it can no longer be met, whatever the live ones do, moving on aside. */
    boolean isLost(int answered, int failed, int live) {
        int all = answered + failed + live;
        return switch (kind) {
            case ALL -> failed > 0;
            case FIRST, ANY -> answered == 0 && live == 0;
            case AT_LEAST -> answered + live < least;
            case WHEN -> answered + failed > 0 && (live == 0 || failed > 1 || isBroken(answered, failed));
            default -> all > 0 && (double) (answered + live) / all < ratio;
        };
    }

    /** Whether so many arrivals fire a rendezvous at once. */
    boolean isQuorum(int arrived) {
        return kind == FIRST
                || (kind == AT_LEAST && arrived >= least)
                || (kind == WHEN && (arrived >= least || isBroken(arrived, 0)));
    }

    /** Whether a rendezvous that fires with so many is met. */
    boolean isMetBy(int arrived, boolean isExpired) {
        return switch (kind) {
            case ALL -> !isExpired;
            case AT_LEAST -> isExpired || arrived >= least;
            case WHEN -> arrived >= least && !isBroken(arrived, 0);
            case 4 -> !isExpired;
            default -> true;
        };
    }
}
