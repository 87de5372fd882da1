package io.flotilla.run.machine;

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
 * @param timeShifted whether the run was recovered, so that this fact counts as the one right after the last one
 * @since 0.1
 */
public record Recorded(
        Fact fact,
        long before,
        @Nullable Long after,
        @Nullable RunHeader header,
        String agent,
        String branch,
        boolean timeShifted) {

    /**
     * A fact that a machine is about to apply.
     *
     * @param fact the fact
     * @param machine the machine
     * @param digest of what has come of the facts before
     * @param header of the run, needed for its start
     * @param timeShifted see {@link #timeShifted()}
     * @return the fact as it stands in a journal
     */
    public static Recorded of(
            Fact fact, RunMachine machine, RunDigest digest, @Nullable RunHeader header, boolean timeShifted) {
        Compensations.Place stepped = fact instanceof Fact.StepSettled settled ? machine.place(settled.step()) : null;
        return new Recorded(
                fact,
                digest.value(),
                null,
                fact instanceof Fact.Started ? header : null,
                stepped == null ? "" : stepped.agent(),
                stepped == null ? "" : stepped.branch().toString(),
                timeShifted);
    }

    /**
     * The same with what has come of it.
     *
     * @param digest the digest of the run after this fact
     * @return the fact as it stands in a journal
     */
    public Recorded with(long digest) {
        return new Recorded(fact, before, digest, header, agent, branch, timeShifted);
    }

    /** Which step it is the end of, in words; empty if nobody waited for it. */
    String step() {
        return agent.isEmpty() ? "" : agent + " " + branch;
    }
}
