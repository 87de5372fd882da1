package io.flotilla.samples.readingcrew;

import io.flotilla.run.Join;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;

/**
 * For whom the writer waits.
 *
 * @param files how many files there are
 * @param wanted how many of them are enough
 * @param within how long, from when the first has come
 */
record Quorum(int files, int wanted, Duration within) {

    /** A share of the files, rounded up. */
    static Quorum of(BigDecimal share, int files, Duration within) {
        int wanted = share.multiply(BigDecimal.valueOf(files))
                .setScale(0, RoundingMode.CEILING)
                .intValueExact();
        return new Quorum(files, wanted, within);
    }

    /** Whether every file is wanted. */
    boolean all() {
        return wanted == files;
    }

    /** How many come to the writer before it begins: the checker is one of them. */
    int arrivals() {
        return wanted + 1;
    }

    /**
     * At a meeting a share is known only when nobody else can come, a number on arrival.
     *
     * @param since how long ago the run started: a deadline goes on while nobody runs, so that of a run that is gone on with
     *     is so much later
     */
    Join join(Duration since) {
        return Join.atLeast(arrivals()).within(within.plus(since));
    }

    @Override
    public String toString() {
        String readers = all() ? "all " + files : wanted + " of " + files;
        return readers + " files and the checker, within " + within.toMillis() + " ms";
    }
}
