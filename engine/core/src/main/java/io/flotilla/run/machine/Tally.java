package io.flotilla.run.machine;

/**
 * The members of a scope, counted as a join counts them. Those who have moved on do not count. A rendezvous of the scope
 * that has not fired is live: a branch will come of it.
 *
 * @param answered how many have answered
 * @param failed how many have failed, or had not ended at the deadline
 * @param live how many may still do either
 */
record Tally(int answered, int failed, int live) {

    /** All of them. */
    int all() {
        return answered + failed + live;
    }

    /** At the deadline: what is live has failed. */
    Tally expired() {
        return new Tally(answered, failed + live, 0);
    }

    @Override
    public String toString() {
        return answered + " answered, " + failed + " failed, " + live + " live";
    }
}
