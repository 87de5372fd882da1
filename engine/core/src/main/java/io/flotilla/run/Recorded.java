package io.flotilla.run;

import org.jspecify.annotations.Nullable;

/**
 * A fact as it stands in a journal.
 *
 * @param fact the fact
 * @param before the digest of the run before this fact, see {@link RunDigest}
 * @param after the digest of the run with what came of this fact; null if another fact was written together with it
 * @param header of the start, what it says of the run; null of other facts
 * @param agent of a step, whose; empty if nobody waited for it any more, and of other facts
 * @param branch of a step, the path of its branch; empty likewise
 * @param timeShifted whether time was shifted to this fact, see {@link Replay#shiftTo}
 */
record Recorded(
        Fact fact,
        long before,
        @Nullable Long after,
        @Nullable RunHeader header,
        String agent,
        String branch,
        boolean timeShifted) {

    /** A fact that {@code machine} is about to be told of. */
    static Recorded of(
            Fact fact, RunMachine machine, RunDigest digest, @Nullable RunHeader header, boolean timeShifted) {
        Branch stepped = fact instanceof Fact.StepSettled settled ? machine.branches.turn(settled.step()) : null;
        return new Recorded(
                fact,
                digest.value(),
                null,
                fact instanceof Fact.Started ? header : null,
                stepped == null ? "" : machine.branches.name(stepped),
                stepped == null ? "" : stepped.path.toString(),
                timeShifted);
    }

    Recorded with(long digest) {
        return new Recorded(fact, before, digest, header, agent, branch, timeShifted);
    }

    /** Which step it is the end of, in words; empty if nobody waited for it. */
    String step() {
        return agent.isEmpty() ? "" : agent + " " + branch;
    }
}
